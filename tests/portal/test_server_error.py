"""When everything else fails, the page that says so does not."""

import pytest
from django.test import RequestFactory

from apps.portal.views import server_error


def test_the_page_is_shown_although_the_request_has_neither_user_nor_organisation():
    response = server_error(RequestFactory().get("/o/almendral/"))
    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()


@pytest.mark.django_db
def test_a_form_that_is_too_large_is_told_so(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = client.post("/accounts/login/", {"login": "x" * 200})
    assert response.status_code == 400
    assert "The text is too large" in response.content.decode()
