"""What is looked at, and done, inside an installation whose database was made by an older commit.

A program of its own, for it has a database of its own: `main()` in the environment of the installation, with the
argument `look`, or `go_on PORT`; prints JSON. make_dump.py runs it with the older commit, test_upgrading.py with this
one. Of the product's modules it needs but those that are imported here; all else is found by the names of
models, tasks, URLs and commands.
"""

import hashlib
import io
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable

from celery import current_app
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from apps.campaigns.audience import audience
from apps.campaigns.composing.checking import about_files, obstacles

PASSWORD = "bedel-demo"
SECRETS = ("password", "client_secret", "refresh_token", "access_token", "webhook_secret")
MOST_TICKS = 10

# The pages of almendral that its office opens: URL name -> names of the rows in the path, see `rows_of_pages`.
PAGES: dict[str, tuple[str, ...]] = {
    "organization:home": (),
    "deliveries:history": (),
    "deliveries:running": (),
    "campaigns:saved": (),
    "campaigns:recipients": ("draft",),
    "campaigns:content": ("draft",),
    "campaigns:check": ("draft",),
    "campaigns:preview": ("draft",),
    "campaigns:tests": ("draft",),
    "campaigns:send": ("draft",),
    "campaigns:left_out": ("draft", "reason"),
    "campaigns:attachment": ("draft", "attachment"),
    "targetlists:index": (),
    "recipients:list": ("students",),
    "recipients:groups": (),
    "recipients:unreachable": (),
    "recipients:letters": (),
    "imports:new": (),
    "imports:past": (),
    "imports:sources": (),
    "imports:source": ("import_source",),
    "imports:changes": ("import_run",),
    "imports:columns": ("import_run",),
    "recipients:person": ("student",),
}
PAGES_OF_A_MAILING = ("deliveries:log", "deliveries:log_download", "deliveries:progress")
PAGES_OF_A_QUESTION = ("deliveries:answers", "deliveries:answers_download")
PAGES_OF_A_LIST = ("targetlists:list", "targetlists:number")
PAGES_OF_THE_ADMINISTRATOR: dict[str, tuple[str, ...]] = {
    "organization:settings": (),
    "organization:limits": (),
    "members:index": (),
    "members:roles": (),
    "senders:list": (),
    "senders:account_edit": ("account",),
}


def model(label: str):
    return apps.get_model(label)


def one(label: str, **fields):
    return model(label).objects.get(**fields)


# -- look: how everything stands


def look() -> dict:
    """Nothing of this changes by an upgrade; nothing is written."""
    with scopes_disabled():
        found = {
            "rows": rows(),
            "mailings": mailings(),
            "deliveries": {each.subject: deliveries(each) for each in model("campaigns.Mailing").objects.all()},
            "answers": answers(),
            "secrets": secrets(),
            "test_copies": list(model("campaigns.TestSend").objects.values_list("address", "state")),
        }
    with scope(organization=one("organizations.Organization", slug="almendral")):
        return found | {"half_sent": states_by_address("Half sent"), "draft": draft()}


def rows() -> dict[str, int]:
    """Of every table that has any: how many."""
    ours = [each for each in apps.get_models() if each.__module__.startswith("apps.")]
    numbers = {each._meta.label: each._base_manager.count() for each in ours}
    return {label: number for label, number in sorted(numbers.items()) if number}


def mailings() -> dict[str, list]:
    found = model("campaigns.Mailing").objects.order_by("pk")
    return {each.subject: [each.state, str(each.starts_at), each.problem] for each in found}


def deliveries(mailing) -> dict[str, int]:
    """State, and the reason of those who were left out -> how many."""
    counted = Counter(
        f"{state} {reason}".strip() for state, reason in mailing.deliveries.values_list("state", "reason")
    )
    return dict(sorted(counted.items()))


def states_by_address(subject: str) -> dict[str, str]:
    to_send = one("campaigns.Mailing", subject=subject).deliveries.filter(reason="")
    return dict(to_send.order_by("pk").values_list("address", "state"))


def answers() -> list[list]:
    found = model("surveys.Answer").objects.order_by("question_id", "by_address", "about_id")
    return [[each.question.text, each.by_address, each.about_id, each.value, each.changes.count()] for each in found]


def secrets() -> dict[str, dict[str, str]]:
    found = model("senders.SenderAccount").objects.order_by("pk")
    return {each.name: {name: getattr(each, name) for name in SECRETS if getattr(each, name)} for each in found}


def draft() -> dict:
    """All that the steps of the draft are made from, and the first letter that it would become."""
    mailing = model("campaigns.Mailing").objects.select_related("sender__account").get(state="draft")
    count = audience.count(mailing)
    return {
        "getting": count.getting,
        "skipped": {str(reason): number for reason, number in count.skipped.items()},
        "students": count.students,
        "obstacles": [each.sentence for each in obstacles(mailing, count)],
        "about_files": about_files(mailing, count.getting),
        "recipients": [
            [each.name, each.address, dict(each.variables)] for each in audience.getting(mailing, limit=500)
        ],
        "entries": [
            [str(each), each.is_excluded, bool(each.group_id), bool(each.person_id), bool(each.target_list_id)]
            for each in mailing.entries.order_by("pk")
        ],
        "uploaded": [mailing.uploaded_list.name, mailing.uploaded_list.variables],
        "attachments": [[each.name, each.content_type, digest(each)] for each in mailing.attachments.all()],
        "question": [mailing.question.kind, mailing.question.text],
        "letter": words_of_a_letter(mailing),
    }


def digest(attachment) -> str:
    with attachment.file.open("rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def words_of_a_letter(mailing) -> str:
    """What stands in the preview of the letter to somebody of the uploaded file."""
    client = logged_in("office")
    page = client.get(reverse("campaigns:preview", args=("almendral", mailing.pk)), {"who": "rojas@autocares.example"})
    text = re.sub(r"(?s)<style.*?</style>|<[^>]*>", " ", page.content.decode())
    return " ".join(text.split())


# -- go_on: what an upgraded installation does with it


def go_on(port: int) -> dict:
    """Send what is due to the mail server on `port`; open every page, before and after."""
    call_command("load_demo", people=1, smtp_port=port, stdout=io.StringIO())
    report = {"logins": logins(), "pages_before": pages(), "links": links()}
    current_app.loader.import_default_modules()
    report |= {"ticks": tick_until_nothing_goes_out()}
    send_the_test_copy()
    return report | {"pages_after": pages_of_what_was_sent(), "after": look()}


def logged_in(role: str) -> Client:
    client = Client()
    client.force_login(one("accounts.User", email=f"{role}@almendral.example"))
    return client


def logins() -> dict[str, str]:
    """Login -> where the right password leads."""
    found = {}
    for email in model("accounts.User").objects.order_by("pk").values_list("email", flat=True):
        response = Client().post(reverse("account_login"), {"login": email, "password": PASSWORD}, follow=True)
        found[email] = response.request["PATH_INFO"]
    return found


def pages() -> dict[str, int]:
    """Path -> status."""
    with scope(organization=one("organizations.Organization", slug="almendral")):
        of_the_office, of_the_administrator = paths_of_the_office(), paths(PAGES_OF_THE_ADMINISTRATOR)
    return opened(logged_in("office"), of_the_office) | opened(logged_in("administrator"), of_the_administrator)


def opened(client: Client, wanted: list[str]) -> dict[str, int]:
    return {path: client.get(path).status_code for path in wanted}


def pages_of_what_was_sent() -> dict[str, int]:
    """As pages(), of messages alone."""
    with scope(organization=one("organizations.Organization", slug="almendral")):
        wanted = paths_of_mailings()
    return opened(logged_in("office"), wanted)


def paths_of_the_office() -> list[str]:
    lists = model("targetlists.TargetList").objects.order_by("pk")
    return [*paths(PAGES), *paths_of_mailings(), *paths_of_each(PAGES_OF_A_LIST, lists)]


def paths_of_mailings() -> list[str]:
    sent = model("campaigns.Mailing").objects.exclude(state="draft").order_by("pk")
    asked = sent.filter(question__isnull=False)
    return [*paths_of_each(PAGES_OF_A_MAILING, sent), *paths_of_each(PAGES_OF_A_QUESTION, asked)]


def paths_of_each(names: tuple[str, ...], found: Iterable) -> list[str]:
    return [reverse(name, args=("almendral", each.pk)) for each in found for name in names]


def paths(pages: dict[str, tuple[str, ...]]) -> list[str]:
    known = rows_of_pages()
    return [reverse(name, args=("almendral", *(known[each] for each in of))) for name, of in pages.items()]


def rows_of_pages() -> dict[str, object]:
    draft = one("campaigns.Mailing", state="draft")
    return {
        "draft": draft.pk,
        "students": "students",
        "reason": "no_address",
        "attachment": draft.attachments.first().pk,
        "import_source": model("recipients.ImportSource").objects.get().pk,
        "import_run": one("recipients.ImportRun", state="planned").pk,
        "student": model("recipients.Person").objects.filter(kind="student", active=True).first().pk,
        "account": one("senders.SenderAccount", name="Service").pk,
    }


def links() -> dict[str, list]:
    """Of each link that a family holds: the status when it is opened, and when its button is pressed."""
    family = Client()
    promised = json.loads(os.environ["PROMISED_LINKS"])
    found = {}
    for name, url in promised.items():
        button = {"press": "stop" if name == "unsubscribe" else "yes"}
        found[name] = [family.get(url).status_code, family.post(url, button).status_code]
    return found


def tick_until_nothing_goes_out() -> int:
    """Do as the clock does, until no mailing is being sent; in the mode "test" the workers follow at once."""
    for number in range(1, MOST_TICKS + 1):
        current_app.tasks["deliveries.tick"].apply(throw=True)
        with scopes_disabled():
            if not model("campaigns.Mailing").objects.filter(state="sending").exists():
                return number
    return 0


def send_the_test_copy() -> None:
    """The call of the task that has waited in the broker, with the arguments that the older commit gave it."""
    with scopes_disabled():
        waiting = list(model("campaigns.TestSend").objects.filter(state="waiting"))
    for each in waiting:
        current_app.tasks["deliveries.send_test"].apply((each.pk, each.organization_id), throw=True)


def main() -> None:
    report = look() if sys.argv[1] == "look" else go_on(int(sys.argv[2]))
    print(json.dumps(report))
