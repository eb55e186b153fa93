"""What a member may do. Roles are sets of these permissions; views name the one they need."""

from functools import wraps

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext_lazy as _


class Permission(models.TextChoices):
    SEND_TO_ALL = "send_to_all", _("Write to everybody")
    SEND_TO_MY_SUBJECTS = "send_to_my_subjects", _("Write to the students and guardians of my own groups")
    SEND_TO_STAFF = "send_to_staff", _("Write to teaching and support staff")
    MANAGE_PEOPLE = "manage_people", _("Add, change and import people")
    MANAGE_LISTS = "manage_lists", _("Make and change target lists")
    MANAGE_SENDERS = "manage_senders", _("Change senders and accounts")
    MANAGE_MEMBERS = "manage_members", _("Let members in, and say what they may do")
    MANAGE_ORGANIZATION = "manage_organization", _("Change the organisation's settings")
    VIEW_PEOPLE = "view_people", _("See people and their contact details")
    VIEW_REPORTS = "view_reports", _("See what was sent, and the answers")


# What another permission is of no use without: a filter names people, messages, and who answered what.
NEEDED_FOR = {Permission.MANAGE_LISTS: (Permission.VIEW_PEOPLE, Permission.VIEW_REPORTS)}
SENDING = (Permission.SEND_TO_ALL, Permission.SEND_TO_MY_SUBJECTS, Permission.SEND_TO_STAFF)


class RoleName(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    OFFICE = "office", _("Office")
    TEACHER = "teacher", _("Teacher")
    READER = "reader", _("Reader")


SHIPPED_ROLES: dict[str, frozenset[str]] = {
    RoleName.ADMINISTRATOR: frozenset(Permission.values),
    RoleName.OFFICE: frozenset(
        {
            Permission.SEND_TO_ALL,
            Permission.SEND_TO_STAFF,
            Permission.MANAGE_PEOPLE,
            Permission.MANAGE_LISTS,
            Permission.VIEW_PEOPLE,
            Permission.VIEW_REPORTS,
        }
    ),
    RoleName.TEACHER: frozenset({Permission.SEND_TO_MY_SUBJECTS}),
    RoleName.READER: frozenset({Permission.VIEW_PEOPLE, Permission.VIEW_REPORTS}),
}


def requires(*any_of: str):
    """View decorator: the member needs at least one of these permissions, whatever the method; else 403.

    `@requires()` without arguments means: every member may. tests/test_tenancy.py checks that every view of an
    organisation carries this decorator.
    """

    def decorate(view):
        @wraps(view)
        def checked(request, *args, **kwargs):
            if not request.membership.may_any(any_of):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        checked.required_permissions = any_of  # type: ignore[attr-defined]
        return checked

    return decorate
