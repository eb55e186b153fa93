"""What a role lets its members do, in words, and which roles stay as they are."""

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from .models import Role
from .permissions import SENDING, Permission, RoleName


def is_shipped(role: Role) -> bool:
    """Whether the role came with Bedel: these cannot be changed, above all not that of the administrators."""
    return role.name in RoleName.values


def writes_to(role: Role) -> list[str]:
    """Whom members with this role may write to, in words; nobody: an empty list."""
    if Permission.SEND_TO_ALL in role.permissions:
        return [_("everybody")]
    words = {
        Permission.SEND_TO_MY_SUBJECTS: _("students and guardians of their own groups"),
        Permission.SEND_TO_STAFF: _("teaching and support staff"),
    }
    return [word for permission, word in words.items() if permission in role.permissions]


def other_permissions(role: Role) -> list[str]:
    """What the role allows beside writing, in the words and the order of Permission."""
    return [str(each.label) for each in Permission if each in role.permissions and each not in SENDING]


def writes_to_own_groups_alone(role: Role) -> bool:
    """Whether it matters which person on record a member is: his groups are found by it."""
    own, everybody = Permission.SEND_TO_MY_SUBJECTS, Permission.SEND_TO_ALL
    return own in role.permissions and everybody not in role.permissions


def name_is_taken(name: str, but: Role | None = None) -> bool:
    """Whether another role is called so, or a shipped one on the pages; capitals make no other name."""
    shipped = {str(word).casefold() for each in RoleName for word in (each.value, each.label)}
    others = Role.objects.exclude(pk=but.pk if but else None).values_list("name", flat=True)
    return name.casefold() in shipped | {other.casefold() for other in others}


def delete_role(role: Role) -> bool:
    """False when somebody has it."""
    try:
        with transaction.atomic():
            role.delete()
    except (ProtectedError, IntegrityError):
        return False
    return True
