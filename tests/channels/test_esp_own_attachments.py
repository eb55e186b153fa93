"""Files that one recipient alone gets, by the API of each mail service: whose they are, and whose fault what is."""

from dataclasses import replace

import pytest

from apps.channels.email.esp import EspChannel
from apps.channels.email.mime import Attachment
from apps.channels.outcomes import AccountBusy, AccountProblem, Result
from tests.channels.test_esp import MAIL, account, as_read, family, mailgun, send, service  # noqa: F401
from tests.channels.test_own_attachments import OwnFile
from tests.servers.esp_server import HANG

pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailWarning")

SHARED = Attachment("circular.pdf", "application/pdf", b"%PDF for all")
WITH_ROOM = replace(MAIL, content=replace(MAIL.content, attachments=(SHARED,), room_for_own=4_000_000))
TAKEN, BAD_FILE, BAD_KEY = None, (400, {"message": "No such files here"}), (401, {"message": "Forbidden"})


def with_file(key: int, *files: OwnFile, **fields):
    """A family with a file of its own, or with these."""
    own = files or (OwnFile(f"Notas de Íñigo {key}.pdf", "application/pdf", f"PDF for {key}".encode()),)
    return replace(family(key, **fields), own=own)


def results(outcomes) -> dict[int, Result]:
    return {outcome.key: outcome.result for outcome in outcomes}


def test_each_family_gets_its_own_files_beside_those_of_all_and_nobody_elses(service):  # noqa: F811
    families = [
        with_file(1),
        family(2),
        with_file(3, OwnFile("a.pdf", "", b"A"), OwnFile("b.pdf", "", b"B")),
        family(4),
    ]
    outcomes = send(service, families, WITH_ROOM)
    assert results(outcomes) == dict.fromkeys((1, 2, 3, 4), Result.ACCEPTED)
    for recipient in families:
        got = service.to(recipient.address)
        assert got.attachments == [("circular.pdf", b"%PDF for all")] + [(f.name, f.content) for f in recipient.own]
        assert as_read(got) == tuple(each.render(recipient.values) for each in (MAIL.subject, MAIL.html, MAIL.text))
        assert got.metadata["bedel"] == str(recipient.key)
        assert got.headers["List-Unsubscribe"] == f"<https://p.example/u/{recipient.key}>"
    assert len(service.asked) == 3  # two families alone, the others together


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
@pytest.mark.parametrize("content_type", ["application/pdf", "text/plain", "message/rfc822", "", "no type"])
def test_a_file_of_any_size_and_kind_comes_out_as_it_went_in(service, size, content_type):  # noqa: F811
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    outcomes = send(service, [with_file(1, OwnFile("Boletín.dat", content_type, content))], WITH_ROOM)
    assert results(outcomes) == {1: Result.ACCEPTED}
    assert service.to("family1@x.example").attachments[1] == ("Boletín.dat", content)


def test_files_with_values_too_long_to_merge_arrive_too(service):  # noqa: F811
    long = with_file(1, link="https://p.example/" + "ñ" * 40_000)
    assert results(send(service, [long], WITH_ROOM)) == {1: Result.ACCEPTED}
    got = service.to("family1@x.example")
    assert got.html == MAIL.html.render(long.values)
    assert len(got.attachments) == 2


def test_two_of_one_address_get_each_their_own(service):  # noqa: F811
    files = [with_file(key, OwnFile("a.pdf", "application/pdf", b"%d" % key), address="x@x.example") for key in (1, 2)]
    assert results(send(service, files, WITH_ROOM)) == {1: Result.ACCEPTED, 2: Result.ACCEPTED}
    assert [got.attachments[1] for got in service.received] == [("a.pdf", b"1"), ("a.pdf", b"2")]


def test_what_cannot_be_sent_fails_alone(service):  # noqa: F811
    changed, large = OwnFile("a.pdf", "", b"12345", said=4), OwnFile("b.pdf", "", b"", said=4_000_001)
    families = [with_file(1, changed), with_file(2, large), with_file(3), with_file(4, address="no at all")]
    outcomes = send(service, families, WITH_ROOM)
    assert results(outcomes) == {1: Result.REFUSED, 2: Result.REFUSED, 3: Result.ACCEPTED, 4: Result.REFUSED}
    assert len(service.asked) == 1


def test_files_are_read_one_after_the_other(service):  # noqa: F811
    read = []

    class Watched(OwnFile):
        def open(self):
            read.append((self.name, len(service.asked)))
            return super().open()

    send(service, [with_file(key, Watched(f"{key}.pdf", "", b"x")) for key in range(4)], WITH_ROOM)
    assert read == [("0.pdf", 0), ("1.pdf", 1), ("2.pdf", 2), ("3.pdf", 3)]


# Whose fault it is (Mailgun stands for all: its answers are about the whole request)


def test_a_file_the_service_does_not_take_is_the_familys_trouble_once_another_was_taken(mailgun):  # noqa: F811
    mailgun.answers = [BAD_FILE, BAD_FILE]
    outcomes = send(mailgun, [with_file(key) for key in range(5)], WITH_ROOM)
    assert results(outcomes) == {key: Result.REFUSED if key < 2 else Result.ACCEPTED for key in range(5)}
    assert [outcome.reply for outcome in outcomes if outcome.key < 2] == ["400 No such files here"] * 2


def test_the_service_remembers_whose_mail_it_has_taken(mailgun):  # noqa: F811
    channel = EspChannel(account(mailgun))
    list(channel.send(WITH_ROOM, [family(1)]))
    mailgun.answers = [BAD_FILE]
    assert results(channel.send(WITH_ROOM, [with_file(2)])) == {2: Result.REFUSED}
    other = replace(WITH_ROOM, content=replace(WITH_ROOM.content, from_email="office@other.example"))
    mailgun.answers = [BAD_FILE]
    with pytest.raises(AccountProblem, match="No such files here"):
        list(channel.send(other, [with_file(3)]))


@pytest.mark.parametrize("families", [1, 3, 10])
def test_when_nothing_is_taken_it_is_the_accounts_and_no_family_has_failed(mailgun, families):  # noqa: F811
    mailgun.answers = [BAD_FILE] * families
    sending = EspChannel(account(mailgun)).send(WITH_ROOM, [with_file(key) for key in range(families)])
    with pytest.raises(AccountProblem, match="did not take the message: 400 No such files here"):
        assert next(sending) is None
    assert len(mailgun.asked) == min(families, 3)


def test_a_key_that_is_not_accepted_any_more_stops_the_rest(mailgun):  # noqa: F811
    sending = EspChannel(account(mailgun)).send(WITH_ROOM, [with_file(key) for key in range(5)])
    assert next(sending).result == Result.ACCEPTED
    mailgun.answers = [BAD_FILE, BAD_KEY]
    assert next(sending).result == Result.REFUSED
    with pytest.raises(AccountProblem, match="does not accept the key"):
        next(sending)


def test_silence_leaves_its_family_uncertain_and_a_few_of_them_pause_the_rest(mailgun):  # noqa: F811
    mailgun.answers = [HANG]
    outcomes = send(mailgun, [with_file(1), with_file(2)], WITH_ROOM, timeout=0.3)
    assert results(outcomes) == {1: Result.UNCERTAIN, 2: Result.ACCEPTED}
    mailgun.answers = [HANG] * 10
    heard = []
    with pytest.raises(AccountBusy, match="does not answer"):
        heard.extend(EspChannel(account(mailgun, timeout=0.3)).send(WITH_ROOM, [with_file(key) for key in range(10)]))
    assert len(mailgun.asked) == 5
