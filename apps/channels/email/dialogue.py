"""One connection's talk with a mail server, message after message: MAIL, RCPT, DATA, the content, the final dot.

Where the server offers pipelining (RFC 2920), the end of a message and the next one's MAIL, RCPT and DATA leave in one
write: one round trip a message. The content itself leaves only after the server's 354. Elsewhere each line waits for
its reply.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from apps.channels.email.addresses import UnsendableAddress, ascii_address, needs_smtputf8, wire_address
from apps.channels.email.connecting import Connection, SmtpAccount
from apps.channels.email.messages import Envelope, Message, for_data
from apps.channels.email.refusals import (
    stop_if_about_sender,
    stop_if_login_is_needed,
    stop_if_not_relayed,
    stop_if_too_much,
)
from apps.channels.email.replies import GarbledReply, Reply, reply_text
from apps.channels.outcomes import AccountProblem, Outcome, Result

_PATIENCE_AFTER_DATA = 4  # times the usual timeout: servers scan a message before they answer the final dot
_PIECE = 65_536  # bytes; a larger message leaves in pieces, so that a loss can tell whether its final dot had left
_NOTHING = memoryview(b"")
_CLOSING = 421
_GO_AHEAD = 354
_NO_8_BIT = "The server takes only 7-bit mail, and this message has 8-bit letters."
_NO_UTF8 = "The server takes no address with letters outside ASCII before the @."
_RESULTS = {2: Result.ACCEPTED, 4: Result.POSTPONED, 5: Result.REFUSED}


class Errands(Protocol):
    """What a dialogue asks of the channel it works for."""

    @property
    def is_stopped(self) -> bool:
        """Whether nothing may be handed over any more."""

    def take(self) -> Message | None:
        """The next message; None when there is none at the moment."""

    def put_back(self, message: Message) -> None:
        """A message of which nothing was handed over, to be begun again."""

    def fail(self, problem: AccountProblem) -> None:
        """Nothing more can leave by this account."""

    def ended(self, dialogue: "Dialogue") -> None:
        """The connection is gone."""


class Dialogue(Connection):
    """A connection that, once started, takes messages from `errands` until there are none, then idles."""

    def __init__(self, account: SmtpAccount, errands: Errands, clock: Callable[[], float], limit: int | None) -> None:
        super().__init__()
        self._account = account
        self._errands = errands
        self._clock = clock
        self._left = limit  # messages that this connection may still begin; None: any number
        self._expected: deque[Callable[[Reply], None]] = deque()
        self._senders: dict[str, str] = {}
        self._in_talk: Message | None = None  # its MAIL, RCPT and DATA are said, its content is not
        self._handed_over: Message | None = None  # its final dot is said, and not answered
        self._rest = _NOTHING  # of a large content: what has yet to leave
        self._deadline = 0.0
        self._has_accepted = False
        self.started = self.leaving = False

    @property
    def is_idle(self) -> bool:
        return self.started and not self._expected and not self.leaving and self.lost is None

    @property
    def awaits_answer(self) -> bool:
        """Whether a message was handed over whose fate is not yet known."""
        return self._handed_over is not None

    def start(self) -> None:
        """The connection is ready for MAIL: begin."""
        self.started = True
        self._pipelining = "pipelining" in self.extensions
        self._takes_size = "size" in self.extensions
        self.go_on()

    def go_on(self) -> None:
        """Begin the next message, if there is one."""
        lines = self._begin_next()
        if lines:
            self._write(lines)
        elif self._left == 0:
            self.leave()

    def leave(self) -> None:
        """Say goodbye; the server's answer, or its closing, ends the connection."""
        if self.leaving or self.lost:
            return
        self.leaving = True
        if not self.started or self._expected:
            self.drop(ConnectionAbortedError("closed by this side"))
            return
        self._expected.append(lambda _reply: self.transport.close())
        self._write(b"QUIT\r\n")

    def look_at_clock(self) -> None:
        """Drop the connection when nothing has moved for too long, neither a reply nor a piece that left."""
        if self._expected and self.lost is None and self._clock() > self._deadline:
            self.drop(TimeoutError("timed out"))

    def replies_came(self) -> None:
        """Each reply goes to the step that waits for it, in order; none after the connection was given up."""
        if not self.started:
            super().replies_came()
            return
        while self._replies and self.lost is None:
            reply = self._replies.popleft()
            if self._expected:
                self._expected.popleft()(reply)
            else:  # out of turn: 421 before an idle connection is closed, or nonsense
                self.drop(ConnectionResetError(reply_text(*reply)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Say what becomes of the messages in hand, then tell the channel."""
        super().connection_lost(exc)
        handed_over, in_talk = self._handed_over, self._in_talk
        self._handed_over = self._in_talk = None
        self._expected.clear()
        if handed_over is not None:
            self._lost_after_hand_over(handed_over)
        if in_talk is not None:
            self._begin_again(in_talk)
        self._errands.ended(self)

    # -- beginning a message

    def _begin_next(self) -> bytes:
        """What to say for the next message; nothing when there is none."""
        while self._left != 0 and (message := self._errands.take()) is not None:
            lines = self._announcement(message)
            if lines:
                if self._left is not None:
                    self._left -= 1
                return lines
        return b""

    def _announcement(self, message: Message) -> bytes:
        envelope = message.envelope
        try:
            lines = self._lines(envelope)
        except UnsendableAddress as problem:
            message.client.report(Outcome(envelope.key, Result.REFUSED, str(problem)))
            return b""
        except AccountProblem as problem:
            self._errands.put_back(message)
            self._errands.fail(problem)
            return b""
        if isinstance(lines, str):
            message.client.report(Outcome(envelope.key, Result.REFUSED, lines))
            return b""
        message.tries += 1
        message.replies = []
        message.data = envelope.content + b".\r\n" if envelope.is_ready else for_data(envelope.content)
        self._in_talk = message
        if self._pipelining:
            message.lines = []
            self._expected.extend((self._on_early_reply, self._on_early_reply, self._on_last_reply))
            return b"".join(lines)
        message.lines = lines[1:]
        self._expected.append(self._on_reply_in_turn)
        return lines[0]

    def _lines(self, envelope: Envelope) -> list[bytes] | str:
        """MAIL, RCPT and DATA; or, as a sentence, why this server cannot take the message."""
        sender = self._senders.get(envelope.sender) or self._sender(envelope.sender)
        parameters = f" SIZE={len(envelope.content)}" if self._takes_size else ""
        if needs_smtputf8(envelope.recipient):  # RFC 6531
            if "smtputf8" not in self.extensions:
                return _NO_UTF8
            parameters += " SMTPUTF8"
        if not envelope.content.isascii():
            if "8bitmime" not in self.extensions:
                return _NO_8_BIT
            parameters += " BODY=8BITMIME"
        return [
            f"MAIL FROM:<{sender}>{parameters}\r\n".encode("ascii"),
            f"RCPT TO:<{wire_address(envelope.recipient)}>\r\n".encode(),
            b"DATA\r\n",
        ]

    def _sender(self, address: str) -> str:
        try:
            self._senders[address] = sender = ascii_address(address) if address else ""
            return sender
        except UnsendableAddress as problem:
            raise AccountProblem(problem.message, **problem.values) from problem

    # -- replies to MAIL, RCPT and DATA

    def _on_early_reply(self, reply: Reply) -> None:
        message = self._in_talk
        assert message is not None
        message.replies.append(reply)
        if reply[0] == _CLOSING:  # it will not answer the rest
            self._expected.clear()
            refused = next(one for one in message.replies if one[0] // 100 != 2)
            self._not_taken(message, refused, waits_for_data=False)

    def _on_last_reply(self, reply: Reply) -> None:
        message = self._in_talk
        assert message is not None
        message.replies.append(reply)
        refused = None if reply[0] == _GO_AHEAD else reply
        for early in reversed(message.replies[:-1]):
            if early[0] // 100 != 2:
                refused = early
        if refused is None and self._errands.is_stopped:
            self.drop(ConnectionAbortedError("closed by this side"))
        elif refused is None and not self.is_in_step():  # the next reply would be taken for that to the final dot
            self.drop(GarbledReply("the server answered before it was asked"))
        elif refused is None:
            self._say_content(message)
        else:
            self._not_taken(message, refused, waits_for_data=reply[0] == _GO_AHEAD)

    def _on_reply_in_turn(self, reply: Reply) -> None:
        message = self._in_talk
        assert message is not None
        if not message.lines:
            self._on_last_reply(reply)
        elif reply[0] // 100 != 2:
            message.replies.append(reply)
            self._not_taken(message, reply, waits_for_data=False)
        else:
            message.replies.append(reply)
            self._expected.append(self._on_reply_in_turn)
            self._write(message.lines.pop(0))

    def _say_content(self, message: Message) -> None:
        data, message.data = message.data, b""
        if len(data) < _PIECE:
            self._hand_over(message, data)
        else:
            self._rest = memoryview(data)
            self._expected.append(self._on_reply_amid_content)
            self._say_pieces(message)

    def _say_pieces(self, message: Message) -> None:
        """Of a large content as much as the line takes; the final dot goes with the last piece."""
        while not self.writes_are_held_up and not self.transport.is_closing():
            piece, self._rest = self._rest[:_PIECE], self._rest[_PIECE:]
            if not self._rest:
                self._rest = _NOTHING
                self._expected.clear()
                self._hand_over(message, bytes(piece))
                return
            self._write(piece)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._rest and self._in_talk is not None:
            self._say_pieces(self._in_talk)

    def _hand_over(self, message: Message, data: bytes) -> None:
        """Say the end of a message, and announce the next one in the same write."""
        self._in_talk, self._handed_over = None, message
        self._expected.append(self._on_reply_to_dot)
        self._write(data + self._begin_next() if self._pipelining else data)

    def _not_taken(self, message: Message, refused: Reply, waits_for_data: bool) -> None:
        """A message the server does not want, or not now; the next one follows after a reset."""
        try:
            result = self._judge(message, refused)
        except AccountProblem as problem:
            self._give_up(message, problem)
            return
        if result is None:
            self.drop(ConnectionResetError(reply_text(*refused)))
            return
        self._in_talk = None
        message.client.report(Outcome(message.envelope.key, result, reply_text(*refused)))
        if message.replies[-1][0] == _CLOSING:  # this recipient is refused, and with it the connection is over
            self.drop(ConnectionResetError(reply_text(*message.replies[-1])))
        elif waits_for_data:  # no recipient left, yet the server waits for data
            self._expected.append(lambda _reply: None)
            self._say_reset(b".\r\n")
        else:
            self._say_reset(b"")

    def _say_reset(self, before: bytes) -> None:
        self._expected.append(self._on_reply_to_reset)
        self._write(before + b"RSET\r\n" + (self._begin_next() if self._pipelining else b""))

    def _on_reply_to_reset(self, reply: Reply) -> None:
        if reply[0] // 100 != 2:
            self.drop(ConnectionResetError(reply_text(*reply)))
        elif not self._expected:
            self.go_on()

    def _judge(self, message: Message, refused: Reply) -> Result | None:
        """Refused or postponed; None when the connection is of no use any more. Raises AccountProblem."""
        text = reply_text(*refused)
        to_mail = message.replies[0][0]
        stop_if_login_is_needed(self._account.host, to_mail, text)
        stop_if_too_much(self._account.host, text)
        if refused[0] == _CLOSING:
            return None
        result = _RESULTS.get(refused[0] // 100)
        if result == Result.REFUSED:
            stop_if_about_sender(self._account.host, text, to_mail=to_mail // 100 == 5)
            if not self._has_accepted:  # where others were accepted it is something about this address
                stop_if_not_relayed(self._account.host, text)
        return None if result == Result.ACCEPTED else result

    # -- the reply to the content

    def _on_reply_amid_content(self, reply: Reply) -> None:
        """A server that does not want to hear the rest: this message is decided, and the connection of no use."""
        message = self._in_talk
        assert message is not None
        message.replies.append(reply)
        try:
            result = self._judge(message, reply)
        except AccountProblem as problem:
            self._give_up(message, problem)
            return
        if result is not None:
            self._in_talk = None
            message.client.report(Outcome(message.envelope.key, result, reply_text(*reply)))
        self.drop(ConnectionResetError(reply_text(*reply)))

    def _on_reply_to_dot(self, reply: Reply) -> None:
        message = self._handed_over
        assert message is not None
        text = reply_text(*reply)
        result = _RESULTS.get(reply[0] // 100)
        if result == Result.ACCEPTED:
            self._has_accepted = True
            self._answered(message, result, text)
        else:
            self._not_accepted(message, reply, result, text)

    def _answered(self, message: Message, result: Result, text: str) -> None:
        self._handed_over = None
        message.client.report(Outcome(message.envelope.key, result, text))
        if self._errands.is_stopped:  # without a goodbye: those who deliver wait for this connection's end
            self.drop(ConnectionAbortedError("closed by this side"))
        elif not self._expected:
            self.go_on()

    def _not_accepted(self, message: Message, reply: Reply, result: Result | None, text: str) -> None:
        if result is None:
            self.drop(GarbledReply(text))
            return
        try:
            stop_if_too_much(self._account.host, text)
            if result == Result.REFUSED:
                stop_if_about_sender(self._account.host, text)
        except AccountProblem as problem:
            self._give_up(message, problem)
            return
        if reply[0] == _CLOSING:
            self._handed_over = None
            self._begin_again(message, text)
            self.drop(ConnectionResetError(text))
            return
        self._answered(message, result, text)

    def _lost_after_hand_over(self, message: Message) -> None:
        if isinstance(self.lost, GarbledReply):
            sentence = "The message was handed over, and the server's answer was not understood: "
        else:
            sentence = "The connection broke off after the message was handed over, before the server answered: "
        message.client.report(Outcome(message.envelope.key, Result.UNCERTAIN, sentence + reply_text(0, str(self.lost))))

    # -- what concerns more than this message

    def _give_up(self, message: Message, problem: AccountProblem) -> None:
        """The account cannot send: the message counts as not begun, and this connection is over."""
        if self._in_talk is message:
            self._in_talk = None
        else:
            self._handed_over = None
        self._errands.put_back(message)
        self._errands.fail(problem)

    def _begin_again(self, message: Message, text: str = "") -> None:
        """A message that was not handed over goes once more; a second loss postpones it. None goes when all stops."""
        if message.tries < 2 or self._errands.is_stopped:
            self._errands.put_back(message)
            return
        reply = text or f"The connection broke off: {reply_text(0, str(self.lost))}"
        message.client.report(Outcome(message.envelope.key, Result.POSTPONED, reply))

    def _write(self, data: bytes | memoryview) -> None:
        patience = _PATIENCE_AFTER_DATA if self._handed_over is not None or self._rest else 1
        self.transport.write(data)
        self._deadline = self._clock() + self._account.timeout * patience
