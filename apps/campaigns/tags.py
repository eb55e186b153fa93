"""The tags that staff may put into a message, in groups as the buttons beside the editor show them."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.merge import MergeSyntaxError, compile_template

from .models import Mailing


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
    label: object
    tags: tuple[Tag, ...]


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
STANDING_NAMES = frozenset(tag.name for group in _STANDING for tag in group.tags)


def tag_groups(mailing: Mailing) -> list[TagGroup]:
    """All groups, with the variables of the mailing's uploaded list as the last."""
    groups = list(_STANDING)
    if mailing.uploaded_list and mailing.uploaded_list.variables:
        variables = tuple(Tag(name, name.replace("_", " ")) for name in mailing.uploaded_list.variables)
        groups.append(TagGroup(_("From the file %(name)s") % {"name": mailing.uploaded_list.name}, variables))
    return groups


def known_tags(mailing: Mailing) -> set[str]:
    """The names that have a value for at least some recipients of this mailing."""
    return {tag.name for group in tag_groups(mailing) for tag in group.tags}


def unknown_tags(mailing: Mailing) -> list[str]:
    """Names used in subject or body that no recipient has a value for, in alphabetical order."""
    used: set[str] = set()
    for source, kind in ((mailing.subject, "header"), (mailing.body, "html")):
        try:
            used |= compile_template(source, kind).tags  # type: ignore[arg-type]
        except MergeSyntaxError:
            continue
    return sorted(used - known_tags(mailing))


def broken_tags(mailing: Mailing) -> list[str]:
    """A sentence for each part of the mailing in which a tag cannot be understood."""
    sentences = []
    for source, kind in ((mailing.subject, "header"), (mailing.body, "html")):
        try:
            compile_template(source, kind)  # type: ignore[arg-type]
        except MergeSyntaxError as error:
            sentences.append(error.message)
    return sentences
