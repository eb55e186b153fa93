"""What a message can carry besides its text: a question, links, documents. Each app that has such a part registers it.

A message is what an app above this one sends to many; a row is one of its recipients. The app with the part knows no
more of them than stands here. docs/adding-a-part.md goes through it step by step.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple, Protocol

from django.forms.utils import ErrorDict

from .registry import Registry


class Row(Protocol):
    """One recipient of a message. `about_ids`: the students it is about; `delivery_id`: 0 while it is looked at."""

    @property
    def person_id(self) -> int | None: ...

    @property
    def about_ids(self) -> tuple[int, ...]: ...

    @property
    def language(self) -> str: ...

    @property
    def delivery_id(self) -> int: ...


# The students a recipient's copy is about, as far as they are still there: first and last name by id.
Students = Mapping[int, tuple[str, str]]


@dataclass(frozen=True)
class Tag:
    """A name for `{{ name }}`, and the words on its button."""

    name: str
    label: object

    @property
    def code(self) -> str:
        return "{{ " + self.name + " }}"


@dataclass(frozen=True)
class TagGroup:
    """The buttons of some tags beside the editor, under a heading."""

    label: object
    tags: tuple[Tag, ...]


class Foot(NamedTuple):
    """What stands under the text of a message. `html` is markup: foreign text in it is escaped already."""

    html: str
    text: str


@dataclass(frozen=True, slots=True)
class OwnAttachment:
    """A file that goes to one recipient alone, of `size` bytes.

    `open` gives its content. It is called when the copy is made, in whatever thread, and asks no database.
    """

    name: str
    content_type: str
    size: int
    open: Callable[[], BinaryIO]


class PartForm(Protocol):
    """What a part asks on the page where a message is written: a form of Django's with two things more."""

    template: str  # shows it; there it is called `part_form`

    @property
    def errors(self) -> ErrorDict: ...

    def is_valid(self) -> bool: ...

    def keep(self) -> None:
        """Save what is right in it, also where something else in it is not: it was validated just before."""


class CarriedPart:
    """A part of one message, ready for its copies: made once for all of them, where the database may be asked.

    Only load() may ask it afterwards. All else is done for one copy after the other, while mail is leaving.
    """

    # Values that its foot has for each recipient: signs that are harmless in markup, text and links alike, as those of
    # core.tokens and of ids are. They go in as they are; their names begin with "bedel_", so that no tag is theirs.
    tokens: tuple[str, ...] = ()
    # Whether attachments() gives any to anybody.
    bears_attachments = False

    def load(self, rows: Sequence[Row]) -> Any:
        """Read what the copies of all `rows` need, in some queries; the other methods are given what this returns."""

    def values(self, row: Row, students: Students, loaded: Any) -> Mapping[str, str]:
        """Of one recipient: the values of its tags and of `tokens`."""
        return {}

    def foot(self, values: Mapping[str, str], students: Students) -> Foot | None:
        """What stands at the foot, in the language of the moment.

        `values` has those of `tokens`. For a message about one student or none it is made once for all recipients, with
        marks in the place of `tokens` and without `students`; for one about several, once for each recipient.
        """

    def attachments(self, row: Row, loaded: Any) -> Sequence[OwnAttachment]:
        """The files that this recipient alone gets."""
        return ()


class FrozenPart(CarriedPart):
    """A part of which nothing is left but what was frozen: the values of its tags that were the same for everybody.

    It has no foot, for the links there would lead nowhere.
    """

    def __init__(self, frozen: Mapping[str, Any]) -> None:
        self._values = frozen.get("values", {})

    def values(self, row: Row, students: Students, loaded: Any) -> Mapping[str, str]:
        return self._values


class MessagePart:
    """One kind of thing that messages can carry. A subclass for each kind; all but `code`, `label`, is_in() and
    carried() may be left as it is here.
    """

    code: str  # stands in the database: it is never changed
    label: Any
    order = 50  # of forms, feet and attachments: the lower stands first
    related: tuple[str, ...] = ()  # relations of a message that it reads: they are fetched with it

    def is_in(self, message: Any) -> bool:
        """Whether `message` carries it."""
        raise NotImplementedError

    def carried(self, message: Any, frozen: Mapping[str, Any]) -> CarriedPart:
        """The part of a message that carries it. `frozen` is what freeze() gave; empty of a message not begun yet."""
        raise NotImplementedError

    def form(self, message: Any, data: Any = None, files: Any = None) -> PartForm | None:
        """What it asks on the page where the message is written; None: it is not offered there.

        Its fields bear `code` as their prefix: the page has forms of other parts too.
        """
        return None

    def obstacles(self, message: Any) -> list[str]:
        """Sentences on what keeps the message from being sent, for the check page and for the start."""
        return []

    def tags(self, message: Any) -> list[TagGroup]:
        """The tags that have a value because of it."""
        return []

    def largest_own(self, message: Any) -> int:
        """How many bytes of attachments of his own a recipient gets at the most."""
        return 0

    def freeze(self, message: Any) -> dict[str, Any]:
        """What must not change any more once the message starts, as JSON.

        Under "values" those of its tags that are the same for everybody: they are known even without this class.
        """
        return {}

    def copy(self, source: Any, target: Any) -> None:
        """Let `target`, a new draft, carry the same as `source`."""

    def delete(self, message: Any) -> None:
        """Delete what it has of a draft, which is deleted right after this, within the same transaction."""


PARTS: Registry[MessagePart] = Registry()


def register(part: MessagePart) -> None:
    """Make a part known under its code, at the place that its order is. Raises ValueError when the code is taken."""
    PARTS.register(part.code, part, part.order)


def unregister(code: str) -> None:
    """Forget a part."""
    PARTS.unregister(code)


def parts() -> list[MessagePart]:
    """All parts, in their order."""
    return list(PARTS.values())


def related() -> list[str]:
    """The relations of a message that parts read."""
    return [name for part in parts() for name in part.related]
