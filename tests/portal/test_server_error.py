"""When everything else fails, the page that says so does not."""

from django.test import RequestFactory

from apps.portal.views import server_error


def test_the_page_is_shown_although_the_request_has_neither_user_nor_organisation():
    response = server_error(RequestFactory().get("/o/almendral/"))
    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()
