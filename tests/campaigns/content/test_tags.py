"""Tags: which there are, and that one nobody has a value for is found before anything leaves."""

import pytest

from apps.campaigns.composing.checking import obstacles
from apps.campaigns.content.tags import broken_tags, known_tags, tag_groups, unknown_tags
from apps.targetlists.models import UploadedList, UploadedRow
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def fees(scoped):
    """An uploaded list with one variable, `amount`."""
    uploaded = UploadedList.objects.create(name="fees.csv", variables=["amount"], rows_total=1)
    UploadedRow.objects.create(
        list=uploaded, row=1, value="a@x.example", normalized="a@x.example", variables={"amount": "14,50"}
    )
    return uploaded


@pytest.mark.feature("S2.15")
def test_every_button_of_the_groups_inserts_a_known_tag(fees, office):
    mailing = people.mailing(by=office, uploaded_list=fees)
    codes = [tag.code for group in tag_groups(mailing) for tag in group.tags]
    mailing.body = "".join(f"<p>{code}</p>" for code in codes)
    assert "{{ student_first_name }}" in codes
    assert unknown_tags(mailing) == []
    assert broken_tags(mailing) == []


def test_the_columns_of_the_uploaded_file_are_tags_of_this_message_alone(fees, office):
    assert "amount" in known_tags(people.mailing(by=office, uploaded_list=fees))
    assert "amount" not in known_tags(people.mailing(by=office))


def test_unknown_tags_of_subject_and_body_are_found(scoped, office):
    mailing = people.mailing(by=office, subject="{{ amont }}", body="<p>{{ first_name }} {{&nbsp;nickname }}</p>")
    assert unknown_tags(mailing) == ["amont", "nickname"]


def test_a_tag_that_the_editor_wrote_with_hard_spaces_is_known(scoped, office):
    mailing = people.mailing(by=office, body="<p>{{&nbsp;first_name&nbsp;|&nbsp;default: &quot;family&quot; }}</p>")
    assert unknown_tags(mailing) == []
    assert broken_tags(mailing) == []


@pytest.mark.parametrize("body", ["<p>Dear {{ first_name</p>", "<p>{{ <b>first</b>_name }}</p>", "<p>{{ }}</p>"])
def test_a_broken_tag_is_an_obstacle_with_a_sentence(scoped, office, body):
    mailing = people.mailing("a@x.example", by=office, body=body)
    (obstacle,) = obstacles(mailing)
    assert obstacle.url_name == "campaigns:content"
    assert obstacle.sentence == broken_tags(mailing)[0]
