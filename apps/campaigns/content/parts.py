"""What a mailing carries besides its text, as the parts that are registered know it.

`mailing.parts` notes them by their codes. So a part of which Bedel has no code any more, because its app was taken out,
is missed and named, where a part that is simply not asked would be silently left away.
"""

from django.utils.translation import gettext as _

from apps.core.message_parts import CarriedPart, FrozenPart, parts

from ..models import Mailing


def carried_parts(mailing: Mailing) -> list[CarriedPart]:
    """What the copies of `mailing` are made with; of one that has begun, as it was frozen then."""
    known = [part.carried(mailing, mailing.parts.get(part.code, {})) for part in parts() if part.is_in(mailing)]
    return known + [FrozenPart(frozen) for frozen in _missing(mailing).values()]


def note_parts(mailing: Mailing) -> None:
    """Note on a draft what it carries. It is saved by the caller."""
    mailing.parts = _missing(mailing) | {part.code: {} for part in parts() if part.is_in(mailing)}


def freeze_parts(mailing: Mailing) -> None:
    """Note what it carries, as it is at this moment. It is saved by the caller."""
    frozen = {part.code: part.freeze(mailing) for part in parts() if part.is_in(mailing)}
    mailing.parts = _missing(mailing) | frozen


def copy_parts(source: Mailing, target: Mailing) -> None:
    """Let `target`, a new draft that was saved, carry the same as `source`. What is missing there is missing here."""
    for part in parts():
        if part.is_in(source):
            part.copy(source, target)
    target.parts = {code: {} for code in _missing(source)}
    note_parts(target)
    target.save(update_fields=["parts"])


def missing_parts(mailing: Mailing) -> list[str]:
    """The codes of parts that it carries and Bedel does not know."""
    return sorted(_missing(mailing))


def take_out(mailing: Mailing, code: str) -> None:
    """Let a draft carry a missing part no longer."""
    if code in _missing(mailing):
        del mailing.parts[code]
        mailing.save(update_fields=["parts"])


def about_missing_parts(mailing: Mailing) -> list[str]:
    """A sentence for each part that keeps a draft from being sent because nobody knows what it is."""
    sentence = _("It carries “%(part)s”, which is no longer installed. Take it out, or ask the operator.")
    return [sentence % {"part": code} for code in missing_parts(mailing)]


def _missing(mailing: Mailing) -> dict:
    known = {part.code for part in parts()}
    return {code: frozen for code, frozen in mailing.parts.items() if code not in known}
