"""What a column of a school's file may hold: its name on the page that asks, and the order in which it is guessed.

By which words a heading is known stands in words/*.toml; what is made of a cell, in people_table.py.
"""

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
GUARDIANS = ("guardian1", "guardian2", "guardian3", "guardian4")
FIELDS |= {
    f"{guardian}_{part}": format_lazy(label, number=number)
    for number, guardian in enumerate(GUARDIANS, start=1)
    for part, label in _OF_A_GUARDIAN.items()
}
# A heading in which words of several fields stand is that of the first of these. Those whose words stand beside words
# of others too come before all that is asked; then it is told whether the column is of a guardian.
ASKED_FIRST = ("year", "left", "photographs", "commercial")
ASKED_OF_WHOM_THE_ROW_IS = (
    *("communication", "email", "phone", "document", "full_name", "last_name_2", "last_name", "external_id", "group"),
    *("unit", "language", "kind", "first_name"),
)
ASKED_OF_A_GUARDIAN = (
    *("email", "phone", "document", "full_name", "relation", "last_name_2", "last_name", "first_name", "language"),
    "external_id",
)
