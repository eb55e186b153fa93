"""The tags that staff may put into a message, in groups as the buttons beside the editor show them."""

from contextlib import suppress

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.merge_tags import MergeSyntaxError, Slot, compile_template
from apps.core.message_parts import Tag, TagGroup, parts

from ..channels.registry import channel_of
from ..models import Mailing

_STANDING = (
    TagGroup(
        gettext_lazy("Student"),
        (
            Tag("student_first_name", gettext_lazy("student first name")),
            Tag("student_name", gettext_lazy("student full name")),
            Tag("group", gettext_lazy("group")),
        ),
    ),
    TagGroup(
        gettext_lazy("Family"),
        (
            Tag("first_name", gettext_lazy("first name")),
            Tag("last_name", gettext_lazy("last name")),
            Tag("name", gettext_lazy("full name")),
            Tag("students", gettext_lazy("children")),
        ),
    ),
    TagGroup(
        gettext_lazy("School"),
        (
            Tag("school", gettext_lazy("school")),
            Tag("sender", gettext_lazy("sender")),
            Tag("today", gettext_lazy("today")),
            Tag("school_year", gettext_lazy("school year")),
        ),
    ),
    TagGroup(gettext_lazy("Links"), (Tag("unsubscribe_link", gettext_lazy("unsubscribe link")),)),
)


def tag_groups(mailing: Mailing) -> list[TagGroup]:
    """All groups: Bedel's own, those of its parts, and the variables of the files from which it has addresses."""
    groups = [*_STANDING, *(group for part in parts() for group in part.tags(mailing))]
    for name, variables in _files_of(mailing):
        tags = tuple(Tag(variable, variable.replace("_", " ")) for variable in variables)
        groups.append(TagGroup(_("From the file %(name)s") % {"name": name}, tags))
    return groups


def _files_of(mailing: Mailing) -> list[tuple[str, list[str]]]:
    """Name and variables of the mailing's own file, and of the files behind the target lists that it chooses."""
    chosen = mailing.entries.filter(is_excluded=False, target_list__uploaded__isnull=False).order_by("pk")
    files = list(chosen.values_list("target_list__name", "target_list__uploaded__variables"))
    if mailing.uploaded_list:
        files.append((mailing.uploaded_list.name, mailing.uploaded_list.variables))
    return [(name, variables) for name, variables in files if variables]


def known_tags(mailing: Mailing) -> set[str]:
    """The names that have a value for at least some recipients of this mailing."""
    return {tag.name for group in tag_groups(mailing) for tag in group.tags}


def unknown_tags(mailing: Mailing) -> list[str]:
    """Names used in subject or body that no recipient has a value for, in alphabetical order."""
    return sorted(used_tags(mailing) - known_tags(mailing))


def tags_without_default(mailing: Mailing) -> set[str]:
    """Names used in subject or body with nothing to stand there instead of a value."""
    return {slot.name for slot in _slots(mailing) if not slot.default}


def used_tags(mailing: Mailing) -> set[str]:
    """Names used in subject or body."""
    return {slot.name for slot in _slots(mailing)}


def variables_of_files(mailing: Mailing) -> set[str]:
    """The names that have their values from files of addresses alone."""
    return {variable for _name, variables in _files_of(mailing) for variable in variables}


def _slots(mailing: Mailing) -> list[Slot]:
    """The places of values in what it says, as far as that is understood."""
    slots: list[Slot] = []
    for source, kind in channel_of(mailing).sources(mailing):
        with suppress(MergeSyntaxError):
            segments = compile_template(source, kind).segments
            slots += [each for each in segments if isinstance(each, Slot)]
    return slots


def broken_tags(mailing: Mailing) -> list[str]:
    """A sentence for each part of the mailing in which a tag cannot be understood."""
    sentences = []
    for source, kind in channel_of(mailing).sources(mailing):
        try:
            compile_template(source, kind)
        except MergeSyntaxError as error:
            sentences.append(error.message)
    return sentences
