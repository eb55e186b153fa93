"""What a mailing carries besides its text, as the parts that are registered know it.

`mailing.parts` notes them: by its code the label of each, and from the start on what was frozen of it. So a part of
which Bedel has no code any more, because its app was taken out, is missed and named, and not silently left away.
"""

from typing import Any

from django.utils.translation import gettext as _

from apps.core.message_parts import CarriedPart, FrozenPart, MessagePart, parts

from ..models import Mailing


def carried_parts(mailing: Mailing) -> list[CarriedPart]:
    """What the copies of `mailing` are made with; of one that has begun, as it was frozen then."""
    known = [part.carried(mailing, _frozen(mailing, part.code)) for part in _parts_of(mailing)]
    return known + [FrozenPart(_frozen(mailing, code)) for code in missing_parts(mailing)]


def note_parts(mailing: Mailing) -> None:
    """Note on a draft what it carries. It is saved by the caller."""
    missing = {code: {"label": label} for code, label in missing_parts(mailing).items()}
    mailing.parts = missing | {part.code: {"label": str(part.label)} for part in _parts_of(mailing)}


def freeze_parts(mailing: Mailing) -> None:
    """Note what it carries as it is at this moment. It is saved by the caller."""
    note_parts(mailing)
    for part in _parts_of(mailing):
        mailing.parts[part.code]["frozen"] = part.freeze(mailing)


def copy_parts(source: Mailing, target: Mailing) -> None:
    """Let `target`, a new draft that was saved, carry the same as `source`. What is missing there is missing here."""
    for part in _parts_of(source):
        part.copy(source, target)
    target.parts = {code: source.parts[code] for code in missing_parts(source)}
    note_parts(target)
    target.save(update_fields=["parts"])


def missing_parts(mailing: Mailing) -> dict[str, str]:
    """Code and label of each part that it carries and Bedel does not know."""
    known = {part.code for part in parts()}
    return {code: noted.get("label", code) for code, noted in mailing.parts.items() if code not in known}


def take_out(mailing: Mailing, code: str) -> None:
    """Let a draft carry a missing part no longer."""
    if code in missing_parts(mailing):
        del mailing.parts[code]
        mailing.save(update_fields=["parts"])


def about_missing_parts(mailing: Mailing) -> list[str]:
    """A sentence for each part that keeps a draft from being sent because nobody knows what it is."""
    sentence = _("It carries “%(part)s”, which is no longer installed. Take it out, or ask the operator.")
    return [sentence % {"part": label} for label in missing_parts(mailing).values()]


def _parts_of(mailing: Mailing) -> list[MessagePart]:
    return [part for part in parts() if part.is_in(mailing)]


def _frozen(mailing: Mailing, code: str) -> dict[str, Any]:
    """What was frozen of a part at the start; nothing of a message not begun yet, or begun by an earlier Bedel."""
    return mailing.parts.get(code, {}).get("frozen", {})
