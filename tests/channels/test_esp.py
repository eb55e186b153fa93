"""Mail by the API of a mail service: what each recipient would read, in how many requests, and every way it fails."""

import json
from dataclasses import replace

import pytest

from apps.channels.email.esp import SERVICES, EspAccount, EspChannel, EspMail, EspRecipient
from apps.channels.email.mime import Attachment, MailContent
from apps.channels.outcomes import AccountBusy, AccountProblem, Result
from apps.core.merge_tags import MergeTemplate, TrustedHtml, compile_template
from tests.servers.esp_server import DROP, HANG, esp_server
from tests.servers.running import free_port

pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailWarning")

KEYS = dict.fromkeys(SERVICES, "key-3ax6xnjp29jd6fds4gc373sgvjxteol0") | {"mailjet": "public:private"}
MAIL = EspMail(
    content=MailContent("Colegio Almendral", "office@almendral.example", reply_to="head@almendral.example"),
    subject=compile_template("Trip of {{ name }}", "header"),
    html=compile_template("<p>Dear {{ name }}: 100% {{ link }}</p>{{ buttons }}", "html"),
    text=compile_template("Dear {{ name }}: {{ link }}", "text"),
)


def family(key: int, address: str = "", name: str = "Ana", **values: str) -> EspRecipient:
    return EspRecipient(
        key,
        f"{name} Ferrer",
        address or f"family{key}@x.example",
        {"name": name, "link": f"https://p.example/{key}", "buttons": TrustedHtml("<b>Yes</b>"), **values},
        f"https://p.example/u/{key}",
        f"<{key}@almendral.example>",
    )


@pytest.fixture(params=sorted(SERVICES))
def service(request):
    with esp_server(request.param) as server:
        server.provider = request.param
        yield server


@pytest.fixture
def mailgun():
    with esp_server("mailgun") as server:
        server.provider = "mailgun"
        yield server


def account(server, **changes) -> EspAccount:
    known = {"domain": "mg.almendral.example", "api_url": server.url, "timeout": 30}
    return EspAccount(server.provider, KEYS[server.provider], **(known | changes))


def send(server, recipients, mail=MAIL, **changes):
    return list(EspChannel(account(server, **changes)).send(mail, recipients))


def as_read(got) -> tuple[str, str, str]:
    """Subject, HTML and text as a reader sees them, who cannot tell a brace from its entity, nor see a word joiner."""
    subject, text = (part.replace("\N{WORD JOINER}", "") for part in (got.subject, got.text))
    return subject, got.html.replace("&#123;", "{"), text


def test_a_packet_is_one_request_and_each_family_reads_its_own(service):
    odd = 'Zoë "Z" <b>&{{ params.b0 }}%recipient.b1% {% now "Y" %} Ñ {'
    families = [family(11), family(12, "Joan.O'Neil+x@Correo.example", name=odd)]
    outcomes = send(service, families)
    assert [(outcome.key, outcome.result) for outcome in outcomes] == [(11, Result.ACCEPTED), (12, Result.ACCEPTED)]
    assert all(outcome.reply for outcome in outcomes)
    assert len(service.asked) == 1
    for recipient in families:
        got = service.to(recipient.address)
        templates = MAIL.subject, MAIL.html, MAIL.text
        assert as_read(got) == tuple(template.render(recipient.values) for template in templates)
        assert got.metadata["bedel"] == str(recipient.key)
        assert got.headers["List-Unsubscribe"] == f"<https://p.example/u/{recipient.key}>"
        assert got.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_text_that_looks_like_a_placeholder_of_the_service_stays_as_it_is(service):
    looks = "%recipient.b0% %unsubscribe_url% {{ params.b0 }} {% now %} {# x #} {{{b0}}} <%asm_x%> 100%{"
    segments = (looks, *MAIL.text.segments, looks)
    mail = replace(MAIL, subject=MergeTemplate(segments), html=MergeTemplate(segments), text=MergeTemplate(segments))
    send(service, [family(1)], mail)
    got = service.to("family1@x.example")
    expected = f"{looks}Dear Ana: https://p.example/1{looks}"
    assert as_read(got) == (expected, expected, expected)


def test_more_recipients_than_the_service_takes_go_in_several_requests(service):
    limit = SERVICES[service.provider].limit
    assert limit <= 500
    outcomes = send(service, [family(key) for key in range(limit + 1)])
    assert [outcome.key for outcome in outcomes] == list(range(limit + 1))
    assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
    assert len(service.asked) == 2
    assert len(service.received) == limit + 1


def test_two_recipients_of_one_address_never_share_a_request(service):
    addresses = ["x@x.example", "y@x.example", "X@x.example", "Y@x.example"]
    outcomes = send(service, [family(key, address, name=f"N{key}") for key, address in enumerate(addresses)])
    assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
    assert [got.metadata["bedel"] for got in service.received] == ["0", "1", "2", "3"]
    assert ["N2" in got.text for got in service.received] == [False, False, True, False]
    assert len(service.asked) == 2


def test_values_of_any_length_arrive(service):
    long = family(1, link="https://p.example/" + "ñ" * 40_000)
    outcomes = send(service, [long, family(2), family(3)])
    assert sorted(outcome.key for outcome in outcomes) == [1, 2, 3]
    assert service.to("family1@x.example").html == MAIL.html.render(long.values)
    assert len(service.asked) == (2 if service.provider == "sendgrid" else 1)


def test_values_that_cannot_be_encoded_become_question_marks(service):
    send(service, [family(1, name="A\ud800\0na")])
    assert service.to("family1@x.example").text.startswith("Dear A?na:")


def test_attachments_go_once_or_with_each_message(service):
    attachment = Attachment("circular.pdf", "application/pdf", b"%PDF-1.7")
    latin = Attachment("año.txt", "text/plain", "año".encode("latin-1"))
    mail = replace(MAIL, content=replace(MAIL.content, attachments=(attachment, latin), bulk=True))
    outcomes = send(service, [family(1), family(2)], mail)
    assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
    assert service.asked[0].body.count(b"circular.pdf") == (2 if service.provider == "postmark" else 1)
    assert "X-Auto-Response-Suppress" in service.to("family1@x.example").headers


def test_an_address_that_no_service_could_take_is_refused_alone(service):
    outcomes = send(service, [family(1), family(2, "no at all"), family(3, "ñu@x.example"), family(4)])
    results = {outcome.key: outcome.result for outcome in outcomes}
    assert results == {1: Result.ACCEPTED, 2: Result.REFUSED, 3: Result.REFUSED, 4: Result.ACCEPTED}
    assert len(service.asked) == 1


def test_domains_with_letters_outside_ascii_and_quoted_names_are_matched(service):
    outcomes = send(service, [family(1, "ana@peña.example", name="Puig, Ana"), family(2, '"a b"@x.example')])
    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED, Result.ACCEPTED]
    assert [got.metadata["bedel"] for got in service.received] == ["1", "2"]
    assert "Puig, Ana" in service.received[0].text
    assert service.received[0].to == "ana@xn--pea-8ma.example"


def test_no_recipients_no_request(service):
    assert send(service, []) == []
    assert service.asked == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_is_a_problem_of_the_account(service, status):
    service.answers = [(status, {"message": "Invalid private key", "Message": "", "ErrorMessage": ""})]
    with pytest.raises(AccountProblem, match="does not accept the key") as problem:
        send(service, [family(1)])
    assert not isinstance(problem.value, AccountBusy)
    assert "Invalid private key" in str(problem.value)


@pytest.mark.parametrize("key", ["", "  ", "“clé”", "a\nb"])
def test_a_key_that_can_be_none_is_not_even_tried(service, key):
    with pytest.raises(AccountProblem, match="does not accept the key"):
        list(EspChannel(replace(account(service), api_key=key)).send(MAIL, [family(1)]))
    assert service.asked == []


def test_mailjet_needs_both_its_keys():
    with esp_server("mailjet") as server, pytest.raises(AccountProblem, match="both keys"):
        list(EspChannel(EspAccount("mailjet", "one", api_url=server.url)).send(MAIL, [family(1)]))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_that_wants_no_mail_now_is_asked_again_later(service, status):
    service.answers = [(status, "<h1>Too much</h1>")]
    with pytest.raises(AccountBusy, match="at the moment"):
        send(service, [family(1)])


def test_a_service_that_cannot_be_reached_got_nothing(service):
    with pytest.raises(AccountBusy, match="cannot be reached"):
        send(service, [family(1)], api_url=f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(AccountBusy, match="cannot be reached"):
        send(service, [family(1)], api_url="http://no-such-host.invalid/")


@pytest.mark.parametrize("answer", [DROP, HANG, (200, "<h1>Hello</h1>"), (504, "Gateway Time-out"), (200, [1])])
def test_silence_or_nonsense_after_the_request_leaves_its_recipients_uncertain(mailgun, answer):
    mailgun.answers = [answer]
    outcomes = send(mailgun, [family(1), family(2)], timeout=0.5)
    assert [(outcome.key, outcome.result) for outcome in outcomes] == [(1, Result.UNCERTAIN), (2, Result.UNCERTAIN)]
    assert len(mailgun.asked) == 1  # never handed over twice
    assert all(outcome.reply for outcome in outcomes)


def test_a_request_that_is_wrong_is_told_in_the_services_words(mailgun):
    mailgun.answers = [(400, {"message": "Sandbox subdomains are for test purposes only."})]
    with pytest.raises(AccountProblem, match="did not take the message: 400 Sandbox subdomains") as problem:
        send(mailgun, [family(1)])
    assert not isinstance(problem.value, AccountBusy)


def test_what_was_taken_before_a_problem_is_told_before_it(mailgun):
    recipients = [family(key) for key in range(501)]
    sending = EspChannel(account(mailgun)).send(MAIL, recipients)
    first = [next(sending) for _ in range(500)]
    assert {outcome.result for outcome in first} == {Result.ACCEPTED}
    mailgun.answers = [(401, "Forbidden")]
    with pytest.raises(AccountProblem):
        next(sending)


def test_mailgun_gets_its_key_its_domain_and_the_values_as_recipient_variables(mailgun):
    send(mailgun, [family(1), family(2, name="Berta")])
    (asked,) = mailgun.asked
    assert asked.path == "/mg.almendral.example/messages"
    assert asked.headers["Authorization"].startswith("Basic ")
    variables = json.loads(asked.form["recipient-variables"][0])
    assert {own["b0"] for own in variables.values()} == {"Ana", "Berta"}
    assert variables["family2@x.example"]["v:bedel"] == "2"
    assert asked.form["from"] == ["Colegio Almendral <office@almendral.example>"]
    assert asked.form["h:Reply-To"] == ["head@almendral.example"]
    assert "Ana" not in asked.form["html"][0]


def test_mailgun_without_a_domain_uses_the_senders(mailgun):
    send(mailgun, [family(1)], domain="")
    assert mailgun.asked[0].path == "/almendral.example/messages"


def test_postmark_says_of_each_message_what_became_of_it():
    with esp_server("postmark") as server:
        server.provider = "postmark"
        server.answers = [
            (
                200,
                [
                    {"To": "family1@x.example", "MessageID": "b7bc", "ErrorCode": 0, "Message": "OK"},
                    {"ErrorCode": 406, "Message": "You tried to send to a recipient that has been marked as inactive."},
                    {"ErrorCode": 300, "Message": "Invalid 'To' address: 'family3@x.example'."},
                ],
            )
        ]
        outcomes = send(server, [family(1), family(2), family(3), family(4)])
    assert [outcome.result for outcome in outcomes] == [
        Result.ACCEPTED,
        Result.REFUSED,
        Result.REFUSED,
        Result.UNCERTAIN,  # of which nothing was said
    ]
    assert "marked as inactive" in outcomes[1].reply


def test_postmark_refusing_all_recipients_is_no_problem_of_the_account():
    inactive = {"ErrorCode": 406, "Message": "You tried to send to a recipient that has been marked as inactive."}
    with esp_server("postmark") as server:
        server.provider = "postmark"
        server.answers = [(200, [inactive, inactive])]
        outcomes = send(server, [family(1), family(2)])
    assert [outcome.result for outcome in outcomes] == [Result.REFUSED, Result.REFUSED]


def test_postmark_refusing_the_sender_refuses_no_family():
    refusal = {"ErrorCode": 400, "Message": "The 'From' address you supplied is not a Sender Signature."}
    for answer in ((200, [refusal, refusal]), (422, refusal)):
        with esp_server("postmark") as server:
            server.provider = "postmark"
            server.answers = [answer]
            with pytest.raises(AccountProblem, match="not a Sender Signature"):
                send(server, [family(1), family(2)])


def test_postmark_keeps_our_message_id_and_sends_mailings_by_the_broadcast_stream():
    with esp_server("postmark") as server:
        server.provider = "postmark"
        send(server, [family(1)], replace(MAIL, content=replace(MAIL.content, bulk=True)))
    got = server.to("family1@x.example")
    assert (got.headers["Message-ID"], got.headers["X-PM-KeepID"]) == ("<1@almendral.example>", "true")
    assert server.asked[0].json[0]["MessageStream"] == "broadcast"


def test_postmark_takes_large_attachments_in_requests_of_a_size_it_accepts():
    content = replace(MAIL.content, attachments=(Attachment("a.bin", "application/x", b"x" * 9_000_000),))
    with esp_server("postmark") as server:
        server.provider = "postmark"
        outcomes = send(server, [family(key) for key in range(5)], replace(MAIL, content=content))
    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * 5
    assert [len(asked.body) < 50_000_000 for asked in server.asked] == [True, True]


def test_mailjet_says_of_each_message_what_became_of_it():
    success = {"Status": "success", "To": [{"Email": "family1@x.example", "MessageID": 456}], "Cc": [], "Bcc": []}
    error = {
        "Status": "error",
        "Errors": [{"ErrorMessage": "is an invalid email address.", "ErrorRelatedTo": ["To[0].Email"]}],
    }
    with esp_server("mailjet") as server:
        server.provider = "mailjet"
        server.answers = [(400, {"Messages": [success, error]})]
        outcomes = send(server, [family(1), family(2)])
    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED, Result.REFUSED]
    assert "invalid email address" in outcomes[1].reply


def test_mailjet_refusing_the_sender_refuses_no_family():
    error = {"ErrorMessage": "The sender has not been validated.", "ErrorRelatedTo": ["From"], "StatusCode": 400}
    with esp_server("mailjet") as server:
        server.provider = "mailjet"
        server.answers = [(400, {"Messages": [{"Status": "error", "Errors": [error]}] * 2})]
        with pytest.raises(AccountProblem, match="not been validated"):
            send(server, [family(1), family(2)])


def test_sparkpost_that_takes_only_some_says_not_whom():
    with esp_server("sparkpost") as server:
        server.provider = "sparkpost"
        counts = {"total_rejected_recipients": 1, "total_accepted_recipients": 1, "id": "1"}
        server.answers = [(200, {"results": counts})]
        outcomes = send(server, [family(1), family(2)])
    assert [outcome.result for outcome in outcomes] == [Result.UNCERTAIN, Result.UNCERTAIN]


def test_a_service_that_nobody_knows_is_a_problem_of_the_account():
    with pytest.raises(AccountProblem, match="pigeon"):
        EspChannel(EspAccount("pigeon", "key"))


def test_the_key_is_not_written_into_logs(mailgun):
    assert KEYS["mailgun"] not in repr(account(mailgun))
