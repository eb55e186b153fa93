"""A part of messages for tests: files that lie in a folder, one or more for each person."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.core.message_parts import CarriedPart, MessagePart, OwnAttachment
from apps.recipients.models import Person


class OwnFiles(MessagePart):
    """`put` a person's file into `folder`, then let a message `carry` the files of its recipients."""

    code = label = "files"
    order = 90

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._messages: set[int] = set()

    def put(self, person: Person, name: str, content: bytes) -> Path:
        own = self.folder / str(person.pk)
        own.mkdir(exist_ok=True)
        (own / name).write_bytes(content)
        return own / name

    def carry(self, message: Any) -> None:
        self._messages.add(message.pk)

    def is_in(self, message: Any) -> bool:
        return message.pk in self._messages

    def carried(self, message: Any, frozen: Any) -> "CarriedFiles":
        return CarriedFiles(self.folder)

    def largest_own(self, message: Any) -> int:
        sizes = [sum(file.stat().st_size for file in own.iterdir()) for own in self.folder.iterdir()]
        return max(sizes, default=0)


class CarriedFiles(CarriedPart):
    bears_attachments = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, rows: Sequence[Any]) -> dict[int, list[OwnAttachment]]:
        known = Person.objects.filter(pk__in=[row.person_id for row in rows if row.person_id])
        return {pk: [_attachment(file) for file in self._files(pk)] for pk in known.values_list("pk", flat=True)}

    def attachments(self, row: Any, loaded: dict[int, list[OwnAttachment]]) -> list[OwnAttachment]:
        return loaded.get(row.person_id, [])

    def _files(self, pk: int) -> list[Path]:
        own = self._folder / str(pk)
        return sorted(own.iterdir()) if own.exists() else []


def _attachment(file: Path) -> OwnAttachment:
    return OwnAttachment(file.name, "application/pdf", file.stat().st_size, lambda: file.open("rb"))
