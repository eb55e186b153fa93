"""The settings of senders and their accounts."""

import pytest

from apps.organizations.scoping import in_organization
from apps.senders.models import Sender, SenderAccount
from tests.conftest import make_member

pytestmark = pytest.mark.django_db

ACCOUNT = {
    "name": "School",
    "provider": "smtp",
    "host": "smtp.school.example",
    "port": 587,
    "security": "starttls",
    "authentication": "password",
    "username": "office",
    "max_connections": 3,
}


def post(client, school, view, *args, **data):
    return client.post(school.url(view, *args), data, follow=True)


@pytest.fixture
def account(scoped):
    return SenderAccount.objects.get()


def test_the_list_shows_senders_and_accounts(administrator_client, school):
    page = administrator_client.get(school.url("senders:list"))
    assert "office@almendral.example" in page.text.replace("<wbr>", "")
    assert "127.0.0.1:9" in page.text


@pytest.mark.feature("S2.11")
def test_a_sender_is_added_and_changed(administrator_client, school, account):
    data = {"name": "Head", "address": "head@almendral.example", "account": account.pk}
    post(administrator_client, school, "senders:add", **data)
    sender = Sender.objects.get(name="Head")
    assert not sender.is_default
    post(administrator_client, school, "senders:edit", sender.pk, **data | {"reply_to": "desk@almendral.example"})
    sender.refresh_from_db()
    assert sender.reply_to == "desk@almendral.example"


@pytest.mark.feature("S0.7")
def test_an_administrator_changes_the_default_sender(administrator_client, school, account):
    head = Sender.objects.create(name="Head", address="head@almendral.example", account=account)
    page = post(administrator_client, school, "senders:make_default", head.pk)
    assert "New messages start with Head" in page.text
    assert [sender.name for sender in Sender.objects.filter(is_default=True)] == ["Head"]


def test_the_first_sender_becomes_the_default(administrator_client, school, account):
    Sender.objects.all().delete()
    post(administrator_client, school, "senders:add", name="A", address="a@almendral.example", account=account.pk)
    assert Sender.objects.get().is_default


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"address": "head@almendral.example\r\nBcc: all@x.example"}, "valid email"),
        ({"address": "head"}, "valid email"),
        ({"name": "Head\x00"}, "Null characters"),
        ({"name": "Head\x1b"}, "invisible characters"),
        ({"name": "x" * 10_000}, "at most 100"),
        ({"name": "Office", "address": "office@almendral.example"}, "already"),
        ({"account": "999999"}, "valid choice"),
    ],
)
def test_a_wrong_sender_is_answered_by_a_sentence(administrator_client, school, account, wrong, sentence):
    data = {"name": "Head", "address": "head@almendral.example", "account": account.pk} | wrong
    page = post(administrator_client, school, "senders:add", **data)
    assert sentence in page.text
    assert Sender.objects.count() == 1


def test_a_line_break_in_the_name_becomes_a_space(administrator_client, school, account):
    data = {"name": "Head\r\nBcc: all@x.example", "address": "head@almendral.example", "account": account.pk}
    post(administrator_client, school, "senders:add", **data)
    assert Sender.objects.get(address="head@almendral.example").name == "Head Bcc: all@x.example"


def test_sending_the_form_twice_makes_one_sender(administrator_client, school, account):
    data = {"name": "Head", "address": "head@almendral.example", "account": account.pk}
    for _time in range(2):
        post(administrator_client, school, "senders:add", **data)
    assert Sender.objects.filter(name="Head").count() == 1


def test_the_account_of_another_school_cannot_be_chosen(administrator_client, school, other_school):
    with in_organization(other_school):
        theirs = SenderAccount.objects.get()
    post(administrator_client, school, "senders:add", name="A", address="a@almendral.example", account=theirs.pk)
    with in_organization(school):
        assert not Sender.objects.filter(name="A").exists()


def test_a_password_is_stored_encrypted_kept_and_never_shown(administrator_client, school, scoped):
    post(administrator_client, school, "senders:account_add", **ACCOUNT, password="s3cret word")
    account = SenderAccount.objects.get(name="School")
    assert account.password == "s3cret word"
    assert "s3cret" not in account.encrypted_password
    page = administrator_client.get(school.url("senders:account_edit", account.pk))
    assert "s3cret" not in page.text
    assert account.encrypted_password not in page.text
    assert "Leave this empty to keep it" in page.text
    post(administrator_client, school, "senders:account_edit", account.pk, **ACCOUNT | {"port": 25}, password="")
    account.refresh_from_db()
    assert (account.port, account.password) == (25, "s3cret word")


def test_a_mistake_in_the_form_does_not_send_the_password_back(administrator_client, school):
    page = post(administrator_client, school, "senders:account_add", **ACCOUNT | {"port": 0}, password="s3cret word")
    assert "s3cret" not in page.text


def test_without_a_user_name_the_password_goes(administrator_client, school, scoped):
    post(administrator_client, school, "senders:account_add", **ACCOUNT, password="s3cret word")
    account = SenderAccount.objects.get(name="School")
    post(administrator_client, school, "senders:account_edit", account.pk, **ACCOUNT | {"username": ""})
    account.refresh_from_db()
    assert account.encrypted_password == ""


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"host": "smtp school"}, "name of the server alone"),
        ({"host": "http://smtp.school.example/"}, "name of the server alone"),
        ({"port": "70000"}, "from 1 to 65,535"),
        ({"name": "Mail"}, "already"),
        ({"security": "magic"}, "valid choice"),
    ],
)
def test_a_wrong_account_is_answered_by_a_sentence(administrator_client, school, scoped, wrong, sentence):
    page = post(administrator_client, school, "senders:account_add", **ACCOUNT | wrong)
    assert sentence in page.text
    assert SenderAccount.objects.count() == 1


def test_checking_an_account_says_what_is_wrong(administrator_client, school, account):
    page = post(administrator_client, school, "senders:account_check", account.pk)
    assert "Mail does not work" in page.text


def test_checking_an_account_whose_password_cannot_be_read(administrator_client, school, account):
    SenderAccount.objects.filter(pk=account.pk).update(username="a", encrypted_password="written under another key")
    page = post(administrator_client, school, "senders:account_check", account.pk)
    assert "Type it again" in page.text


def test_looking_checks_nothing(administrator_client, school, account):
    assert administrator_client.get(school.url("senders:account_check", account.pk)).status_code == 405
    assert administrator_client.get(school.url("senders:make_default", 1)).status_code == 405


@pytest.mark.feature("S0.1")
@pytest.mark.parametrize("role", ["office", "teacher", "reader"])
def test_who_may_not_change_senders_is_refused(client, school, account, role):
    client.force_login(make_member(school, role).user)
    for name, args in (("list", ()), ("add", ()), ("account_add", ()), ("account_edit", (account.pk,))):
        assert client.get(school.url(f"senders:{name}", *args)).status_code == 403
        assert client.post(school.url(f"senders:{name}", *args)).status_code == 403
    assert client.post(school.url("senders:account_check", account.pk)).status_code == 403


@pytest.mark.feature("B17")
def test_the_rows_of_another_school_do_not_exist(administrator_client, school, other_school):
    with in_organization(other_school):
        sender, account = Sender.objects.get(), SenderAccount.objects.get()
    for name, pk in (("edit", sender), ("make_default", sender), ("account_edit", account), ("account_check", account)):
        assert administrator_client.post(school.url(f"senders:{name}", pk.pk)).status_code == 404
