"""Sends mail over SMTP: several connections to one server, driven by one event loop; one outcome per message.

The one question that matters when something breaks is whether the message was handed over. Until the final dot has
left, it was not, and the message is tried once more on another connection. After it, only the server knows.
See docs/decisions/smtp-outcomes.md.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from apps.channels.email.connecting import Connection, SmtpAccount, connect
from apps.channels.email.dialogue import Dialogue
from apps.channels.email.messages import Envelope, Message
from apps.channels.outcomes import AccountProblem, Outcome

__all__ = ["Envelope", "SmtpAccount", "SmtpChannel", "check_account", "send_all"]

_QUIT_SECONDS = 2.0
_LOOK_SECONDS = 1.0


class SmtpChannel:
    """A mail server and up to `connections` connections to it, opened as there is work for them.

    They are kept until close(). `messages_per_connection` makes each end after so many; `context` replaces the usual
    trust in certificates; `pauses` are the seconds before each further attempt to reach a server that has worked.
    """

    def __init__(
        self,
        account: SmtpAccount,
        *,
        connections: int = 1,
        messages_per_connection: int | None = None,
        context: ssl.SSLContext | None = None,
        pauses: Sequence[float] = (1, 3),
    ) -> None:
        self._account = account
        self._allowed = connections
        self._messages_per_connection = messages_per_connection
        self._context = context
        self._pauses = pauses
        self._work: deque[_Work] = deque()
        self._unsettled: set[_Work] = set()
        self._again: deque[Message] = deque()
        self._open: set[Dialogue] = set()
        self._opening: asyncio.Task[None] | None = None
        self._problem: AccountProblem | None = None
        self._worked = False
        self._watch: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> "SmtpChannel":
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    @property
    def is_stopped(self) -> bool:
        """Whether this channel sends no more."""
        return self._problem is not None

    async def deliver(self, envelopes: Iterable[Envelope], on_outcome: Callable[[Outcome], None]) -> None:
        """Send each message; returns when each has had its outcome. May be called again before it has returned.

        Messages are taken as the server takes them: at most two ahead per connection. Raises AccountProblem when the
        server cannot be used: those without an outcome were then not sent. An error while making a message is raised
        when the messages before it have had theirs.
        """
        if self._problem:
            raise self._problem
        work = _Work(iter(envelopes), on_outcome)
        self._work.append(work)
        self._unsettled.add(work)
        self._wake()
        try:
            await work.done
        finally:
            self._unsettled.discard(work)

    async def close(self) -> None:
        """Say goodbye on every connection; a server that does not answer is not waited for long. None opens again."""
        self._allowed = 0
        if self._opening:
            self._opening.cancel()
        for dialogue in list(self._open):
            dialogue.leave()
        until = asyncio.get_running_loop().time() + _QUIT_SECONDS
        while self._open and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.002)
        for dialogue in list(self._open):
            dialogue.transport.abort()
        if self._watch:
            self._watch.cancel()
        await asyncio.sleep(0)

    # -- what the connections ask for

    def take(self) -> Message | None:
        """The next message to begin; None when there is none, or none may leave any more."""
        if self._problem:
            return None
        while self._again:
            message = self._again.popleft()
            if message.client in self._unsettled:
                return message
        while self._work:
            work = self._work[0]
            if work in self._unsettled and (following := work.next()) is not None:
                return following
            self._work.popleft()
        return None

    def put_back(self, message: Message) -> None:
        """Begin `message` again, before all others, on the connection that is free first."""
        self._again.append(message)

    def fail(self, problem: AccountProblem) -> None:
        """Nothing more leaves; what is handed over already is waited for."""
        self._problem = self._problem or problem
        for dialogue in list(self._open):
            if not dialogue.awaits_answer:
                dialogue.leave()
        self._settle()

    def ended(self, dialogue: Dialogue) -> None:
        """A connection is gone: open another if there is work for it."""
        self._open.discard(dialogue)
        self._settle()
        self._wake()

    # -- connections

    def _has_work(self) -> bool:
        return not self._problem and bool(self._again or self._work)

    def _wake(self) -> None:
        """Set idle connections to work, and open one more if there is more to do than they can take."""
        for dialogue in [each for each in self._open if each.is_idle]:
            dialogue.go_on()
        if self._has_work() and self._opening is None and len(self._open) < self._allowed:
            self._opening = asyncio.get_running_loop().create_task(self._open_one())

    async def _open_one(self) -> None:
        loop = asyncio.get_running_loop()
        is_first = not self._open
        try:
            dialogue = await self._connected(loop)
        except AccountProblem as problem:
            self._opening = None
            self._not_opened(problem, is_first)
            return
        except Exception as error:  # a mistake of ours must not leave those who deliver waiting
            for work in list(self._unsettled):
                work.fail(error)
            raise
        finally:
            self._opening = None
        self._worked = True
        self._open.add(dialogue)
        if self._watch is None:
            self._look_at_clock()
        dialogue.start()
        self._wake()

    async def _connected(self, loop: asyncio.AbstractEventLoop) -> Dialogue:
        """A new connection. To a server that has worked a moment ago several attempts: a restart is waited for."""
        for pause in self._pauses if self._worked and not self._open else ():
            try:
                return await connect(self._account, self._new(loop), self._context)
            except AccountProblem:
                await asyncio.sleep(pause)
        return await connect(self._account, self._new(loop), self._context)

    def _new(self, loop: asyncio.AbstractEventLoop) -> Dialogue:
        return Dialogue(self._account, self, loop.time, self._messages_per_connection)

    def _not_opened(self, problem: AccountProblem, is_first: bool) -> None:
        """One connection more than the server allows is no trouble while others work, or have worked until now."""
        if is_first:
            self.fail(problem)
        else:
            self._allowed = min(self._allowed, max(1, len(self._open)))
            self._wake()

    def _look_at_clock(self) -> None:
        for dialogue in list(self._open):
            dialogue.look_at_clock()
        pause = min(_LOOK_SECONDS, self._account.timeout / 4)
        self._watch = asyncio.get_running_loop().call_later(pause, self._look_at_clock)

    def _settle(self) -> None:
        """After a failure: when no answer is awaited any more, tell those who deliver."""
        if self._problem is None or any(dialogue.awaits_answer for dialogue in self._open):
            return
        for work in list(self._unsettled):
            work.fail(self._problem)


class _Work:
    """One call of deliver(): where its messages come from, and how many of them are on their way."""

    def __init__(self, envelopes: Iterator[Envelope], on_outcome: Callable[[Outcome], None]) -> None:
        self._envelopes = envelopes
        self._on_outcome = on_outcome
        self._on_their_way = 0
        self._is_over = False
        self._error: Exception | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next(self) -> Message | None:
        """The next message; None when there are no more, or making one went wrong."""
        if self._is_over:
            return None
        try:
            envelope = next(self._envelopes)
        except StopIteration:
            self._end(None)
        except Exception as error:
            self._end(error)
        else:
            self._on_their_way += 1
            return Message(envelope, self)
        return None

    def report(self, outcome: Outcome) -> None:
        """Hand one outcome on. When that goes wrong, no further message is taken."""
        self._on_their_way -= 1
        try:
            self._on_outcome(outcome)
        except Exception as error:
            self._end(error)
        if self._is_over:
            self._settle()

    def fail(self, problem: Exception) -> None:
        """Stop waiting: what has no outcome yet was not sent."""
        self._is_over = True
        if not self.done.done():
            self.done.set_exception(problem)

    def _end(self, error: Exception | None) -> None:
        self._is_over = True
        self._error = self._error or error
        self._settle()

    def _settle(self) -> None:
        if self._on_their_way or self.done.done():
            return
        if self._error:
            self.done.set_exception(self._error)
        else:
            self.done.set_result(None)


def send_all(account: SmtpAccount, envelopes: Iterable[Envelope], **options: Any) -> list[Outcome]:
    """Send a few messages over a connection of their own, for those without an event loop; their outcomes.

    `options` are those of SmtpChannel. Raises AccountProblem when the server cannot be used.
    """

    async def send() -> list[Outcome]:
        outcomes: list[Outcome] = []
        async with SmtpChannel(account, **options) as channel:
            await channel.deliver(envelopes, outcomes.append)
        return outcomes

    return asyncio.run(send())


def check_account(account: SmtpAccount, *, context: ssl.SSLContext | None = None) -> None:
    """Connect and log in, and send nothing. Raises AccountProblem with a sentence for the office."""

    async def check() -> None:
        connection = await connect(account, Connection(), context)
        connection.transport.write(b"QUIT\r\n")
        connection.transport.close()

    asyncio.run(check())
