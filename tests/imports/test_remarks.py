"""What leaves nothing out is a remark: it is shown, asks for no tick, and is not counted among what is left out."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from apps.imports.runs import run_import
from apps.recipients.models import ImportRun
from tests.rosters.rosters import zipped
from tests.rosters.test_oneroster import CLASSES, ROSTER, SESSIONS

LAST = "y0,,,Last year,schoolYear,2025-09-01,2026-06-20,,2026\n"
IN_TWO_YEARS = ROSTER | {
    "academicSessions.csv": SESSIONS + LAST,
    "classes.csv": CLASSES.replace(",o1,y,", ',o1,"y0,y",'),
}
SENTENCE = "The class is in 2025-26, 2026-27. It is taken for 2026-27."


@pytest.mark.feature("S0.14")
def test_a_remark_is_shown_and_asks_for_no_tick(office_client, school, scoped):
    file = SimpleUploadedFile("roster.zip", zipped(IN_TWO_YEARS))
    page = office_client.post(school.url("imports:new"), {"file": file}, follow=True).content.decode()
    assert SENTENCE in page
    run = ImportRun.objects.get()
    page = office_client.post(school.url("imports:compare", run.pk), follow=True).content.decode()
    assert SENTENCE in page
    assert "1 remark" in page
    assert "Leave what is mistaken out" not in page
    office_client.post(school.url("imports:confirm", run.pk))
    run.refresh_from_db()
    assert run.state == "queued"
    run_import(run)
    run.refresh_from_db()
    assert (run.state, run.counts["mistakes"], run.counts["left_out"], run.counts["remarks"]) == ("done", 0, 0, 1)
    assert run.errors.count() == 0
    page = office_client.get(school.url("imports:load", run.pk)).content.decode()
    assert "mistakes left out" not in page
    assert SENTENCE in office_client.get(school.url("imports:changes", run.pk)).content.decode()


def test_a_terminal_is_told_remarks_with_their_rows(school, scoped, tmp_path):
    for name, text in IN_TWO_YEARS.items():
        (tmp_path / name).write_text(text)
    for more in (["--dry-run"], []):
        said = io.StringIO()
        call_command("import_people", school.slug, str(tmp_path), "--source", "Nightly", *more, stdout=said)
        assert f"classes.csv row 2 termSourcedIds: {SENTENCE}" in said.getvalue()
        assert "1 remark" in said.getvalue()
