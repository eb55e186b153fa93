"""Passwords of a file are not read, not asked about, and stand on no page."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.recipients.models import ImportRun

HEADING = "Contraseña padre"


@pytest.mark.feature("S0.14")
def test_no_page_shows_a_password(office_client, school, scoped):
    text = f"ID,Nombre,Apellidos,{HEADING}\n1,Aina,Puig,open-sesame\n"
    file = SimpleUploadedFile("people.csv", text.encode())
    answer = office_client.post(school.url("imports:new"), {"file": file}, follow=True)
    page = answer.content.decode()
    assert HEADING in page
    assert "open-sesame" not in page
    assert [column.is_asked for column in answer.context["columns"]] == [False] * 4
    assert ImportRun.objects.get().mapping["fields"] == ["external_id", "first_name", "last_name", ""]
