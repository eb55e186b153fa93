"""What a column of a school's file may hold, in the words of the page that asks."""

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

# Field -> label on the page. "" means: the column is left alone.
FIELDS: dict[str, Promise] = {
    "": _("(leave out)"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "last_name_2": _("Second last name"),
    "full_name": _("Full name"),
    "external_id": _("Number in the school's own system"),
    "kind": _("Student, staff or contact"),
    "email": _("Own email"),
    "phone": _("Own telephone"),
    "communication": _("Communication email"),
    "group": _("Class"),
    "group_letter": _("Letter of the class"),
    "year": _("School year of the class"),
    "unit": _("Unit"),
    "language": _("Language"),
    "commercial": _("Accepts commercial mail"),
    "photographs": _("Accepts photographs"),
    "document": _("Identity document"),
    "left": _("Left on, or has left"),
}
_OF_A_GUARDIAN = {
    "first_name": _("Guardian {number}: first name"),
    "last_name": _("Guardian {number}: last name"),
    "last_name_2": _("Guardian {number}: second last name"),
    "full_name": _("Guardian {number}: full name"),
    "email": _("Guardian {number}: email"),
    "phone": _("Guardian {number}: telephone"),
    "relation": _("Guardian {number}: relation"),
    "document": _("Guardian {number}: identity document"),
    "language": _("Guardian {number}: language"),
    "external_id": _("Guardian {number}: number in the school's own system"),
}
FIELDS |= {
    f"guardian{number}_{part}": format_lazy(label, number=number)
    for number in range(1, 5)
    for part, label in _OF_A_GUARDIAN.items()
}
