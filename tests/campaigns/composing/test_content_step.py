"""Step two: subject, text, tags, attachments, question, commercial."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.campaigns.content.attachments import clean_name
from apps.campaigns.models import Attachment
from apps.organizations.scoping import in_organization
from apps.surveys.models import Question
from apps.targetlists.models import UploadedList
from tests import people
from tests.campaigns.drafts import fresh, post_content, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(school, office):
    with in_organization(school):
        return people.mailing(by=office, subject="", body="")


def file(name: str = "plan.pdf", size: int = 1000) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"x" * size)


def attached(draft) -> list[Attachment]:
    with in_organization(draft.organization):
        return list(draft.attachments.all())


# Subject and text


@pytest.mark.feature("S2.12")
def test_subject_and_text_are_kept_and_lead_to_the_check(draft, office_client):
    response = post_content(office_client, draft, subject="Trip of {{ student_first_name }}", body="<p>Hello</p>")
    assert response.url == url(draft, "check")
    assert (fresh(draft).subject, fresh(draft).body) == ("Trip of {{ student_first_name }}", "<p>Hello</p>")


@pytest.mark.feature("S0.9")
def test_without_a_subject_one_does_not_go_on_but_the_text_is_kept(draft, office_client):
    shown = text(post_content(office_client, draft, subject="  ", body="<p>A long text</p>"))
    assert "Write a subject." in shown
    assert fresh(draft).body == "<p>A long text</p>"


def test_an_unfinished_draft_may_be_left(draft, office_client):
    response = post_content(office_client, draft, "close", subject="", body="<p>Half</p>", asked="on", text="")
    assert response.url == draft.organization.url("campaigns:saved")
    assert fresh(draft).body == "<p>Half</p>"


@pytest.mark.parametrize("subject", ["Trip\r\nBcc: spy@x.example", "Trip\nmore", "Bell\x07"])
def test_a_subject_of_more_than_one_line_or_with_invisible_signs_is_refused(draft, office_client, subject):
    for button in ("next", "close"):
        shown = text(post_content(office_client, draft, button, subject=subject))
        assert "The subject must be one line" in shown
    assert fresh(draft).subject == ""


def test_a_nul_in_subject_or_text_is_shown_and_breaks_nothing(draft, office_client):
    assert post_content(office_client, draft, subject="a\0b", body="<p>a\0b</p>").status_code == 302
    assert (fresh(draft).subject, fresh(draft).body) == ("a␀b", "<p>a␀b</p>")


def test_a_subject_that_is_too_long_is_refused(draft, office_client):
    assert "The subject is too long." in text(post_content(office_client, draft, subject="x" * 301))


@pytest.mark.feature("S2.14")
def test_raw_html_made_elsewhere_is_kept_as_it_is_and_never_runs_in_our_page(draft, office_client):
    body = '<table width="600"><tr><td style="color:red">Hi</td></tr></table><script>alert(1)</script></textarea><b>'
    post_content(office_client, draft, body=body)
    assert fresh(draft).body == body
    response = office_client.get(url(draft, "content"))
    shown = text(response)
    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "script-src 'self';" in response.headers["Content-Security-Policy"]


def test_only_the_style_rule_is_loosened_and_only_for_the_editor(draft, office_client):
    editor = office_client.get(url(draft, "content")).headers["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in editor
    assert "unsafe-eval" not in editor
    assert "unsafe-inline" not in office_client.get(url(draft)).headers["Content-Security-Policy"]


@pytest.mark.feature("S2.15")
def test_tag_buttons_stand_in_groups_with_the_columns_of_the_file(draft, office_client):
    with in_organization(draft.organization):
        draft.uploaded_list = UploadedList.objects.create(name="coaches.csv", variables=["seat_number"])
        draft.save()
    shown = text(office_client.get(url(draft, "content")))
    for heading in ("Student", "Family", "School", "Links", "From the file coaches.csv"):
        assert f">{heading}</h3>" in shown
    for code in ("student_first_name", "first_name", "school", "unsubscribe_link", "seat_number"):
        assert f'data-tag="{{{{ {code} }}}}"' in shown


# Attachments


@pytest.mark.feature("S0.15")
@pytest.mark.feature("S2.16")
def test_attachments_stand_in_a_table_with_name_type_and_size(draft, office_client):
    post_content(
        office_client, draft, "attach", attachments=[file("Programa.pdf", 1_400_000), file("note.docx", 86_000)]
    )
    shown = text(office_client.get(url(draft, "content")))
    for word in ("Programa.pdf", "application/pdf", "1.4 MB", "note.docx", "86 KB"):
        assert word in shown
    download = office_client.get(url(draft, "attachment", attached(draft)[0].pk))
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert sum(len(part) for part in download.streaming_content) == 1_400_000


@pytest.mark.feature("S2.17")
def test_each_attachment_can_be_removed(draft, office_client):
    post_content(office_client, draft, "attach", attachments=[file("a.pdf"), file("b.pdf")])
    first, second = attached(draft)
    for _pressed_twice in range(2):
        post_content(office_client, draft, f"detach:{first.pk}")
    assert [each.name for each in attached(draft)] == ["b.pdf"]
    assert not first.file.storage.exists(first.file.name)
    assert second.file.storage.exists(second.file.name)


def test_an_attachment_with_a_high_number_can_be_removed(draft, office_client):
    with in_organization(draft.organization):
        draft.attachments.create(pk=12345, file=file(), name="late.pdf", content_type="application/pdf", size=1)
    assert 'value="detach:12345"' in text(office_client.get(url(draft, "content")))


@pytest.mark.feature("S0.15")
def test_five_million_bytes_are_refused_and_one_less_is_taken(draft, office_client):
    shown = text(post_content(office_client, draft, "next", attachments=[file("big.zip", 5_000_000)]))
    assert "“big.zip” is too large" in shown
    assert attached(draft) == []
    assert fresh(draft).subject == "School trip"
    post_content(office_client, draft, "attach", attachments=[file("fits.zip", 4_999_999)])
    assert [each.name for each in attached(draft)] == ["fits.zip"]
    shown = text(post_content(office_client, draft, "attach", attachments=[file("tiny.txt", 1)]))
    assert "“tiny.txt” is too large" in shown
    assert len(attached(draft)) == 1


def test_a_file_of_sixty_megabytes_is_refused_with_the_same_sentence(draft, office_client):
    shown = text(post_content(office_client, draft, "attach", attachments=[file("film.mp4", 60_000_000)]))
    assert "“film.mp4” is too large" in shown
    assert attached(draft) == []


def test_an_empty_file_is_refused(draft, office_client):
    shown = text(post_content(office_client, draft, "attach", attachments=[file("none.pdf", 0)]))
    assert "“none.pdf” is empty." in shown
    assert attached(draft) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Documents\\plan.pdf", "plan.pdf"),
        ("a\r\nContent-Type: x\0.pdf", "aContent-Type: x.pdf"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\x01\x02", "file"),
    ],
)
def test_names_of_attachments_lose_folders_and_invisible_signs(given, kept):
    assert clean_name(given) == kept


def test_a_name_of_300_letters_is_cut_and_keeps_its_ending(draft, office_client):
    post_content(office_client, draft, "attach", attachments=[file("n" * 300 + ".pdf")])
    (one,) = attached(draft)
    assert one.name.endswith(".pdf")
    assert len(one.name) == 150
    assert one.content_type == "application/pdf"


def test_attachments_of_other_messages_are_neither_shown_nor_removed(draft, office, office_client):
    post_content(office_client, draft, "attach", attachments=[file()])
    (one,) = attached(draft)
    with in_organization(draft.organization):
        other = people.mailing(by=office)
    assert office_client.get(url(other, "attachment", one.pk)).status_code == 404
    post_content(office_client, other, f"detach:{one.pk}")
    assert attached(draft) == [one]


# The question, and commercial mail


@pytest.mark.feature("S0.16")
def test_a_question_is_asked_with_yes_or_no_until_a_day(draft, office_client):
    response = post_content(office_client, draft, asked="on", text="May Aina go?", closes_at="2030-12-01T14:00")
    assert response.url == url(draft, "check")
    question = fresh(draft).question
    assert (question.text, question.kind, question.choices) == ("May Aina go?", "yes_no", ("yes", "no"))
    assert timezone.localtime(question.closes_at, timezone.get_fixed_timezone(60)).hour == 14
    assert 'value="2030-12-01T14:00"' in text(office_client.get(url(draft, "content")))


@pytest.mark.feature("S0.19")
def test_a_question_may_be_one_single_link(draft, office_client):
    post_content(office_client, draft, asked="on", text="I have received this", kind="received")
    assert fresh(draft).question.choices == ("received",)


def test_a_question_needs_its_text_and_a_known_kind(draft, office_client):
    assert "Write the question." in text(post_content(office_client, draft, asked="on", text=" "))
    assert post_content(office_client, draft, asked="on", text="Well?", kind="maybe").status_code == 200
    assert "Enter a valid date/time." in text(
        post_content(office_client, draft, asked="on", text="Well?", closes_at="tomorrow")
    )


def test_posted_twice_there_is_one_question_and_switched_off_none(draft, office_client):
    for _time in range(2):
        post_content(office_client, draft, asked="on", text="May Aina go?")
    with in_organization(draft.organization):
        assert Question.objects.count() == 1
    post_content(office_client, draft, text="May Aina go?")
    assert fresh(draft).question is None
    with in_organization(draft.organization):
        assert not Question.objects.exists()


@pytest.mark.feature("S0.22")
def test_commercial_mail_is_a_switch(draft, office_client):
    post_content(office_client, draft, commercial="on")
    assert fresh(draft).commercial
    post_content(office_client, draft)
    assert not fresh(draft).commercial


def test_a_post_without_login_leads_back_to_the_page_of_the_step(draft, client):
    response = post_content(client, draft)
    assert "login" in response.url
    assert response.url.endswith(f"next={url(draft, 'content')}")


def test_an_older_window_does_not_silently_overwrite_a_newer_text(draft, office_client):
    page = text(office_client.get(url(draft, "content")))
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    post_content(office_client, draft, subject="Newer", body="<p>Newer</p>", seen=seen)
    shown = text(post_content(office_client, draft, subject="Older", body="<p>Older</p>", seen=seen))
    assert "changed in another window" in shown
    assert 'value="Older"' in shown
    assert fresh(draft).subject == "Newer"
    seen = shown.partition('name="seen" value="')[2].partition('"')[0]
    post_content(office_client, draft, subject="Older", body="<p>Older</p>", seen=seen)
    assert fresh(draft).subject == "Older"


def test_the_same_form_twice_is_no_conflict(draft, office_client):
    page = text(office_client.get(url(draft, "content")))
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    for _press in range(2):
        response = post_content(office_client, draft, subject="Trip", body="<p>Hello</p>", seen=seen)
        assert response.url == url(draft, "check")
