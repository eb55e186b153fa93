"""The form of an account: only what fits the choice is needed, and no secret ever comes back."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.urls import resolve

from apps.organizations.scoping import in_organization
from apps.senders.account_form import SenderAccountForm
from apps.senders.models import SenderAccount
from tests.reading import one_line

pytestmark = pytest.mark.django_db

PASSWORD = {
    "name": "School",
    "provider": "smtp",
    "host": "smtp.school.example",
    "port": 587,
    "security": "starttls",
    "authentication": "password",
    "username": "office",
    "password": "p4ss word",
    "max_connections": 3,
}
OAUTH2 = PASSWORD | {
    "authentication": "oauth2",
    "password": "",
    "username": "office@school.example",
    "oauth_token_url": "https://login.school.example/token",
    "oauth_client_id": "bedel-1",
    "client_secret": "cl13nt",
    "refresh_token": "r3fresh",
}
SERVICE = {"name": "Service", "provider": "postmark", "api_key": "k3y-1", "webhook_secret": "h00k:word"}
SECRETS = ("password", "client_secret", "refresh_token", "access_token", "webhook_secret")


def add(client, school, data):
    return client.post(school.url("senders:account_add"), data, follow=True)


def change(client, school, account, data):
    return client.post(school.url("senders:account_edit", account.pk), data, follow=True)


def saved(name: str) -> SenderAccount:
    return SenderAccount.objects.get(name=name)


def stored_secrets(account) -> dict[str, str]:
    return {name: getattr(account, name) for name in SECRETS if getattr(account, name)}


def error_at(page, name: str) -> str:
    assert f'id="id_{name}_error"' in page.text, f"no sentence at {name}"
    return page.text.split(f'id="id_{name}_error"')[1].split("</div>")[0]


def without(data: dict, *names: str) -> dict:
    return {name: value for name, value in data.items() if name not in names}


def test_a_mail_service_needs_its_key_alone(administrator_client, school, scoped):
    page = add(administrator_client, school, {"name": "Service", "provider": "postmark", "api_key": "k3y-1"})
    account = saved("Service")
    assert (account.provider, account.password, account.host) == ("postmark", "k3y-1", "")
    assert "The account Service is saved." in page.text


def test_after_saving_a_service_the_page_shows_where_it_reports_to(administrator_client, school, scoped, settings):
    settings.SITE_URL = "https://bedel.school.example"
    page = add(administrator_client, school, SERVICE)
    account = saved("Service")
    assert len(account.webhook_key) == 43
    address = f"https://bedel.school.example/hooks/postmark/{account.webhook_key}/"
    assert f'value="{address}" readonly' in one_line(page.text)
    assert page.redirect_chain == [(school.url("senders:account_edit", account.pk), 302)]
    change(administrator_client, school, account, SERVICE | {"name": "Renamed"})
    assert saved("Renamed").webhook_key == account.webhook_key


@pytest.mark.parametrize("provider", ["brevo", "mailgun", "mailjet", "postmark", "sendgrid", "sparkpost"])
def test_the_address_that_is_shown_is_the_one_that_listens(administrator_client, school, scoped, provider):
    data = {"name": "Service", "provider": provider, "api_key": "public:secret", "provider_domain": "mg.school.example"}
    add(administrator_client, school, data)
    path = saved("Service").webhook_address.partition("//")[2].partition("/")[2]
    assert resolve(f"/{path}").view_name == "heard:events"


def test_the_verification_key_of_sendgrid_is_taken(administrator_client, school, scoped):
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    shown = b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    add(administrator_client, school, SERVICE | {"provider": "sendgrid", "webhook_secret": shown})
    assert saved("Service").webhook_secret == shown


@pytest.mark.parametrize(("provider", "is_kept"), [("mailgun", True), ("sparkpost", True), ("postmark", False)])
def test_european_accounts_are_known_where_a_service_has_them(administrator_client, school, scoped, provider, is_kept):
    data = SERVICE | {"provider": provider, "provider_domain": "mg.school.example", "in_europe": "on"}
    if provider == "postmark":
        data |= {"webhook_secret": ""}
    add(administrator_client, school, data)
    assert saved("Service").in_europe == is_kept


def test_a_mail_server_has_no_address_for_reports(administrator_client, school, scoped):
    add(administrator_client, school, PASSWORD)
    account = saved("School")
    assert account.webhook_key == ""
    assert "/hooks/" not in administrator_client.get(school.url("senders:account_edit", account.pk)).text


def test_every_account_has_a_key_of_its_own(administrator_client, school, scoped):
    for number in range(3):
        add(administrator_client, school, SERVICE | {"name": f"Service {number}"})
    assert SenderAccount.objects.exclude(webhook_key="").values("webhook_key").distinct().count() == 3


@pytest.mark.parametrize("data", [PASSWORD, OAUTH2, SERVICE])
def test_secrets_are_stored_encrypted_and_shown_nowhere(administrator_client, school, scoped, data):
    page = add(administrator_client, school, data)
    account = saved(data["name"])
    secrets = stored_secrets(account)
    assert secrets
    pages = [page, administrator_client.get(school.url("senders:account_edit", account.pk))]
    pages.append(change(administrator_client, school, account, data | {"name": ""}))
    for name, secret in secrets.items():
        assert secret not in getattr(account, f"encrypted_{name}")
        for each in pages:
            assert secret not in each.text
            assert getattr(account, f"encrypted_{name}") not in each.text


@pytest.mark.parametrize("data", [PASSWORD, OAUTH2, SERVICE])
def test_secrets_that_are_left_empty_stay(administrator_client, school, scoped, data):
    add(administrator_client, school, data)
    before = stored_secrets(saved(data["name"]))
    page = administrator_client.get(school.url("senders:account_edit", saved(data["name"]).pk))
    assert page.text.count("It is stored, and never shown.") == len(before)
    change(administrator_client, school, saved(data["name"]), without(data, *SECRETS, "api_key") | {"name": "New"})
    assert stored_secrets(saved("New")) == before


def test_an_oauth_2_account_is_saved(administrator_client, school, scoped):
    add(administrator_client, school, OAUTH2)
    account = saved("School")
    assert account.authentication == "oauth2"
    assert stored_secrets(account) == {"client_secret": "cl13nt", "refresh_token": "r3fresh"}
    assert (account.oauth_token_url, account.oauth_client_id) == ("https://login.school.example/token", "bedel-1")


@pytest.mark.parametrize(
    ("data", "missing", "sentence"),
    [
        (PASSWORD, "host", "name of the mail server"),
        (PASSWORD, "username", "Write the user name"),
        (PASSWORD, "max_connections", "from 1 to 50"),
        (PASSWORD, "provider", "required"),
        (OAUTH2, "host", "name of the mail server"),
        (OAUTH2, "username", "Write the user name"),
        (OAUTH2, "oauth_token_url", "gives access tokens"),
        (OAUTH2, "oauth_client_id", "client id"),
        (OAUTH2, "refresh_token", "Type the refresh token"),
        (SERVICE, "api_key", "Type the API key"),
        (SERVICE | {"provider": "mailgun", "provider_domain": "mg.school.example"}, "provider_domain", "domain"),
    ],
)
def test_what_the_choice_needs_is_asked_for_at_its_field(administrator_client, school, scoped, data, missing, sentence):
    page = add(administrator_client, school, without(data, missing))
    assert sentence in error_at(page, missing)
    assert page.text.count('class="field__error"') == 1
    assert not SenderAccount.objects.filter(name=data["name"]).exists()
    add(administrator_client, school, data)
    assert SenderAccount.objects.filter(name=data["name"]).exists()


@pytest.mark.parametrize(
    ("data", "wrong", "sentence"),
    [
        (PASSWORD, {"provider": "pigeon"}, "valid choice"),
        (PASSWORD, {"authentication": "magic"}, "valid choice"),
        (PASSWORD, {"max_connections": 0}, "from 1 to 50"),
        (PASSWORD, {"max_connections": 51}, "from 1 to 50"),
        (PASSWORD, {"messages_per_minute": 0}, "not less than 1"),
        (PASSWORD, {"messages_per_minute": "9" * 30}, "at most nine digits"),
        (PASSWORD, {"messages_per_connection": -1}, "not less than 1"),
        (OAUTH2, {"oauth_token_url": "http://login.school.example/token"}, "must begin with https://"),
        (OAUTH2, {"oauth_token_url": "not an address"}, "valid URL"),
        (OAUTH2, {"refresh_token": "x" * 8001}, "at most 8000"),
        (SERVICE, {"api_key": "schlüssel"}, "no such letters"),
        (SERVICE, {"api_key": "a\x00b"}, "Null characters"),
        (SERVICE, {"messages_per_minute": "many"}, "whole number"),
        (SERVICE, {"webhook_secret": "no colon"}, "a colon, and the password"),
        (SERVICE | {"provider": "sendgrid"}, {"webhook_secret": "user:word"}, "not the verification key"),
        (SERVICE | {"provider": "sendgrid"}, {"webhook_secret": "AAAA"}, "not the verification key"),
        (SERVICE | {"provider": "mailjet"}, {"api_key": "only-one"}, "a colon, and the secret key"),
    ],
)
def test_a_wrong_account_is_answered_at_its_field(administrator_client, school, scoped, data, wrong, sentence):
    page = add(administrator_client, school, data | wrong)
    (name,) = wrong
    assert sentence in error_at(page, name)
    assert SenderAccount.objects.count() == 1


def test_what_is_typed_in_groups_that_do_not_fit_counts_for_nothing(administrator_client, school, scoped):
    wrong = {"host": "not a host", "port": "x", "max_connections": 900, "oauth_token_url": "?", "password": "p4ss"}
    add(administrator_client, school, SERVICE | wrong)
    account = saved("Service")
    assert (account.host, account.port, account.max_connections, account.oauth_token_url) == ("", 587, 3, "")
    assert account.password == "k3y-1"
    add(
        administrator_client,
        school,
        PASSWORD | {"api_key": "k3y", "refresh_token": "r", "provider_domain": "x.example"},
    )
    assert stored_secrets(saved("School")) == {"password": "p4ss word"}
    assert saved("School").provider_domain == ""


def test_limits_are_saved(administrator_client, school, scoped):
    limits = {"messages_per_minute": 30, "max_connections": 7, "messages_per_connection": 100}
    add(administrator_client, school, PASSWORD | limits)
    assert {name: getattr(saved("School"), name) for name in limits} == limits
    add(administrator_client, school, SERVICE | {"messages_per_minute": 600})
    assert saved("Service").messages_per_minute == 600


def test_another_choice_takes_the_secrets_of_the_old_one_away(administrator_client, school, scoped):
    add(administrator_client, school, PASSWORD)
    account = saved("School")
    change(administrator_client, school, account, OAUTH2)
    assert stored_secrets(saved("School")) == {"client_secret": "cl13nt", "refresh_token": "r3fresh"}
    change(administrator_client, school, account, SERVICE | {"name": "School"})
    assert stored_secrets(saved("School")) == {"password": "k3y-1", "webhook_secret": "h00k:word"}
    change(administrator_client, school, account, PASSWORD)
    assert stored_secrets(saved("School")) == {"password": "p4ss word"}


@pytest.mark.parametrize(
    ("data", "changed", "asked"),
    [
        (PASSWORD, {"host": "smtp.elsewhere.example"}, "password"),
        (OAUTH2, {"oauth_token_url": "https://elsewhere.example/token"}, "refresh_token"),
        (OAUTH2, {"oauth_token_url": "https://elsewhere.example/token", "refresh_token": "new"}, "client_secret"),
        (SERVICE, {"provider": "brevo"}, "api_key"),
    ],
)
def test_a_stored_secret_does_not_go_to_another_place(administrator_client, school, scoped, data, changed, asked):
    add(administrator_client, school, data)
    before = stored_secrets(saved(data["name"]))
    page = change(administrator_client, school, saved(data["name"]), without(data, *SECRETS, "api_key") | changed)
    assert error_at(page, asked)
    assert stored_secrets(saved(data["name"])) == before
    assert saved(data["name"]).host == data.get("host", "")


def test_saving_makes_the_next_login_fetch_a_token_anew(administrator_client, school, scoped):
    add(administrator_client, school, OAUTH2)
    account = saved("School")
    account.access_token = "old"
    account.save()
    change(administrator_client, school, account, OAUTH2)
    assert saved("School").access_token == ""


def test_a_refresh_token_that_was_rotated_meanwhile_is_kept(administrator_client, school, scoped):
    add(administrator_client, school, OAUTH2)
    opened = saved("School")
    form = SenderAccountForm(without(OAUTH2, "refresh_token", "client_secret"), instance=opened)
    assert form.is_valid(), form.errors
    rotated = saved("School")
    rotated.refresh_token = "rotated"
    rotated.save()
    form.save()
    assert stored_secrets(saved("School")) == {"client_secret": "cl13nt", "refresh_token": "rotated"}


def test_without_scripts_every_group_has_its_legend(administrator_client, school):
    page = administrator_client.get(school.url("senders:account_add")).text
    for legend in ("Mail server", "OAuth 2", "Mail service", "Limits"):
        assert f"<legend>{legend}</legend>" in page
    assert " hidden" not in page.split("<form")[-1].split("</form>")[0]


def test_the_list_names_the_service(administrator_client, school, scoped):
    add(administrator_client, school, SERVICE)
    page = administrator_client.get(school.url("senders:list")).text
    assert "Postmark" in page
    assert saved("Service").webhook_key not in page


def test_the_address_for_reports_of_another_school_is_not_shown(administrator_client, school, other_school):
    with in_organization(other_school):
        theirs = SenderAccount.objects.create(name="Theirs", provider="postmark", webhook_key="k" * 43)
    page = administrator_client.get(school.url("senders:account_edit", theirs.pk))
    assert page.status_code == 404
    assert "k" * 43 not in page.text
