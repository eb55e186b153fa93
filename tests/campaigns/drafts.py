"""What tests of the first two steps share: addresses of pages, and forms as a browser would post them."""

from apps.campaigns.models import Mailing
from apps.organizations.scoping import in_organization


def url(mailing: Mailing, name: str = "recipients", *args) -> str:
    return mailing.organization.url(f"campaigns:{name}", mailing.pk, *args)


def text(response) -> str:
    assert response.status_code == 200, response
    return response.content.decode()


def post_recipients(client, mailing: Mailing, do: str = "", **fields):
    """Press a button of step one with the form as the page shows it, and `fields` altered (None takes one away)."""
    form = {"sender": mailing.sender_id, "year": mailing.year_id or "", "to_guardians": "on", "to_communication": "on"}
    form |= {"do": do} | fields
    return client.post(url(mailing), {name: value for name, value in form.items() if value is not None})


_OF_QUESTION = ("asked", "text", "kind", "closes_at")


def post_content(client, mailing: Mailing, do: str = "next", **fields):
    """Press a button of step two; the fields of the question are called without its prefix."""
    form = {"subject": "School trip", "body": "<p>Dear {{ first_name }}</p>", "kind": "yes_no", "do": do} | fields
    named = {f"question-{name}" if name in _OF_QUESTION else name: value for name, value in form.items()}
    return client.post(url(mailing, "content"), named)


def fresh(mailing: Mailing) -> Mailing:
    """The mailing as the database has it now."""
    with in_organization(mailing.organization):
        return Mailing.objects.select_related("question", "uploaded_list", "sender", "year").get(pk=mailing.pk)


def chosen(mailing: Mailing) -> set[str]:
    """Names and addresses in the chosen pane."""
    with in_organization(mailing.organization):
        return {str(entry) for entry in mailing.entries.select_related("group", "person")}
