"""Find the columns of a known format by their headings, however schools' programs have spelt them."""

import re
from collections.abc import Iterable

# What other programs, and other formats, call the same column.
_OTHER_NAMES = {
    "givenname": ("firstname", "forename", "name"),
    "familyname": ("lastname", "surname"),
    "email": ("emailaddress", "mail"),
    "phone": ("telephone", "phonenumber"),
    "sms": ("mobile", "mobilephone", "cellphone"),
    "role": ("userrole",),
    "sourcedid": ("id",),
}


def plain_heading(heading: str) -> str:
    """Letters and digits alone, in lower case: `Sourced ID`, `sourced_id` and `sourcedId` are one."""
    return re.sub(r"[\W_]+", "", heading.lower())


def find_columns(header: list[str], wanted: Iterable[str]) -> dict[str, int]:
    """Where each of the `wanted` columns (plain headings) stands; those that are not there are left out.

    An exact heading wins, then another name, then one that differs by a letter or two, if only one does.
    """
    plain = [plain_heading(heading) for heading in header]
    found: dict[str, int] = {}
    wanted = list(wanted)
    for name in wanted:
        for spelling in (name, *_OTHER_NAMES.get(name, ())):
            if spelling in plain and plain.index(spelling) not in found.values():
                found[name] = plain.index(spelling)
                break
    for name in wanted:
        free = [place for place in range(len(plain)) if place not in found.values() and plain[place]]
        near = [place for place in free if _is_misspelt(plain[place], name)]
        if name not in found and len(near) == 1:
            found[name] = near[0]
    return found


def _is_misspelt(heading: str, name: str) -> bool:
    allowed = 2 if len(name) >= 9 else 1 if len(name) >= 5 else 0
    return 0 < _distance(heading, name, allowed) <= allowed


def _distance(one: str, other: str, most: int) -> int:
    """Letters to be added, dropped or changed (Levenshtein); two neighbours in the wrong order count as one."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    above: list[int] = []
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        now = [row]
        for place, wanted in enumerate(other, start=1):
            step = min(before[place] + 1, now[-1] + 1, before[place - 1] + (letter != wanted))
            if row > 1 and place > 1 and letter == other[place - 2] and one[row - 2] == wanted:
                step = min(step, above[place - 2] + 1)
            now.append(step)
        above, before = before, now
    return before[-1]
