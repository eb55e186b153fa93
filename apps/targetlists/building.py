"""The builder of a filter: a tree of conditions as rows of a form, which works without JavaScript.

Every branch and leaf has a path (`0`, `0.1`, `0.1.0`) under which the form names its parts: `node` lists the paths,
`join:0` says how the parts of a branch go together, `field:0.1`, `operator:0.1` and `value:0.1` make a leaf, and
`was:0.1` is the field for which operator and value were chosen. While it is being built a tree may have leaves that are
not complete.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from .condition_fields import Field, Operator, Takes, field_named
from .conditions import MAX_DEPTH, MAX_LEAVES, Problem

JOINS = {"all": _("all of these are true"), "any": _("any of these is true"), "none": _("none of these is true")}
ROOT = "0"
_EMPTY = {"field": "", "operator": "", "value": None}
# A form with more is not ours.
_MAX_NODES = 200
_MAX_LEVEL = 8


@dataclass
class Choice:
    value: str
    label: str
    is_chosen: bool


@dataclass
class Row:
    """One condition as the form shows it."""

    path: str
    field: Field | None
    operator: Operator | None
    value: Any
    choices: list[tuple[str, list[Choice]]] = dataclasses.field(default_factory=list)  # under their headings
    errors: list[str] = dataclasses.field(default_factory=list)

    @property
    def takes(self) -> str:
        return self.operator.takes.value if self.operator else ""

    @property
    def is_large(self) -> bool:
        """Whether the choices are too many to stand side by side."""
        return sum(len(choices) for _heading, choices in self.choices) > 8


@dataclass
class Branch:
    """A group of conditions as the form shows it."""

    path: str
    join: str
    parts: list["Branch | Row"]
    may_nest: bool
    errors: list[str] = dataclasses.field(default_factory=list)
    is_branch: bool = True


def as_draft(condition: Any) -> dict:
    """A stored condition as a tree that the builder shows: its root is a branch, its branches are those of JOINS."""
    draft = _draft(condition) if condition else dict(_EMPTY)
    return draft if _join_of(draft) else {"all": [draft]}


def read_draft(data: QueryDict) -> dict:
    """The tree that the form holds, whatever was sent: what makes no sense is left out."""
    branches: dict[str, list] = {}
    root: dict = {"all": []}
    for path in data.getlist("node")[:_MAX_NODES]:
        parent, _dot, _place = path.rpartition(".")
        if path.count(".") > _MAX_LEVEL or (parent not in branches and path != ROOT) or path in branches:
            continue
        node, parts = _node(data, path)
        if parts is not None:
            branches[path] = parts
        if path == ROOT:
            root = node if parts is not None else {"all": [node]}
        else:
            branches[parent].append(node)
    return root


def changed(draft: dict, action: str) -> dict:
    """`draft` after a button of the form: `condition:PATH`, `group:PATH` or `remove:PATH`; the same for any other."""
    verb, _colon, path = action.partition(":")
    if verb == "remove":
        found = _at(draft, path.rpartition(".")[0])
        place = path.rpartition(".")[2]
        if found is not None and place.isdecimal() and int(place) < len(found):
            del found[int(place)]
    elif verb in ("condition", "group"):
        found = _at(draft, path)
        if found is not None and len(found) < MAX_LEAVES:
            found.append(dict(_EMPTY) if verb == "condition" else {"any": [dict(_EMPTY), dict(_EMPTY)]})
    return draft


def as_condition(draft: dict) -> dict:
    """A draft as it is stored: `none` becomes the negation of `any`."""
    join = _join_of(draft)
    if not join:
        return draft
    parts = [as_condition(part) for part in draft[join]]
    return {"not": {"any": parts}} if join == "none" else {join: parts}


def as_rows(draft: dict, problems: list[Problem]) -> Branch:
    """The tree for the template, with what is wrong at its place."""
    return _Rows(problems).branch(draft, ROOT, (), 1)


def is_complete(draft: dict) -> bool:
    """Whether every leaf has at least its field: before that nothing is worth counting."""
    join = _join_of(draft)
    return all(is_complete(part) for part in draft[join]) and bool(draft[join]) if join else bool(draft["field"])


class _Rows:
    """Makes rows of a draft; the choices of a field are read once, however many rows offer them."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._choices: dict[str, list[tuple[str, str, str]]] = {}

    def branch(self, draft: dict, path: str, place: tuple[int, ...], depth: int) -> Branch:
        """`place`: where the branch stands in the stored tree. `none` takes two steps there."""
        join = _join_of(draft)
        inner = (*place, 0) if join == "none" else place
        depth += join == "none"
        parts = [
            self.branch(part, f"{path}.{number}", (*inner, number), depth + 1)
            if _join_of(part)
            else self.row(part, f"{path}.{number}", (*inner, number))
            for number, part in enumerate(draft[join])
        ]
        errors = [each.sentence for each in self._problems if each.path in (place, inner)]
        return Branch(path, join, parts, may_nest=depth < MAX_DEPTH, errors=errors)

    def row(self, leaf: dict, path: str, place: tuple[int, ...]) -> Row:
        chosen = field_named(leaf["field"])
        operator = chosen.operator(leaf["operator"]) or chosen.operators[0] if chosen else None
        made = Row(path, chosen, operator, leaf["value"])
        made.errors = [each.sentence for each in self._problems if each.path == place]
        if chosen and operator and operator.takes is Takes.CHOICES:
            made.choices = self._offered(chosen, leaf["value"] if isinstance(leaf["value"], list) else [])
        return made

    def _offered(self, chosen: Field, ticked: list[str]) -> list[tuple[str, list[Choice]]]:
        """Under their headings; what is ticked comes first, for a long list shows its beginning alone."""
        if chosen.name not in self._choices:
            self._choices[chosen.name] = [(value, str(name), str(head)) for value, name, head in chosen.choices()]
        offered = self._choices[chosen.name]
        known = {value for value, _name, _head in offered}
        older = chosen.names_of([value for value in ticked if value not in known]) if ticked else {}
        groups: dict[str, list[Choice]] = {}
        for value, name, heading in [*((value, name, "") for value, name in older.items()), *offered]:
            groups.setdefault(heading, []).append(Choice(value, name, value in ticked))
        if len(offered) > 8 and ticked:
            parts = [
                (head, [each for each in choices if each.is_chosen == is_chosen])
                for is_chosen in (True, False)
                for head, choices in groups.items()
            ]
            return [(head, choices) for head, choices in parts if choices]
        return list(groups.items())


def _node(data: QueryDict, path: str) -> tuple[dict, list | None]:
    """A branch and the list of its parts, or a leaf and None."""
    join = data.get(f"join:{path}")
    if join in JOINS:
        parts: list = []
        return {join: parts}, parts
    name = data.get(f"field:{path}", "")
    chosen = field_named(name)
    if chosen is None:
        return dict(_EMPTY), None
    operator = chosen.operator(data.get(f"operator:{path}")) or chosen.operators[0]
    if data.get(f"was:{path}", name) != name:
        return {"field": name, "operator": chosen.operators[0].name, "value": None}, None
    return {"field": name, "operator": operator.name, "value": _value(data, f"value:{path}", operator.takes)}, None


def _value(data: QueryDict, key: str, takes: Takes) -> Any:
    if takes is Takes.CHOICES:
        return list(dict.fromkeys(value for value in data.getlist(key) if value))
    text = data.get(key, "").replace("\0", "").strip()
    if takes is Takes.NUMBER and text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    return None if takes is Takes.NOTHING else text


def _join_of(draft: dict) -> str:
    return next((join for join in JOINS if join in draft), "")


def _at(draft: dict, path: str) -> list | None:
    """The parts of the branch at `path`."""
    first, *places = path.split(".")
    if first != ROOT:
        return None
    for place in places:
        parts = draft.get(_join_of(draft), [])
        if not place.isdecimal() or int(place) >= len(parts):
            return None
        draft = parts[int(place)]
    return draft.get(_join_of(draft)) if _join_of(draft) else None


def _draft(condition: dict) -> dict:
    if "not" in condition:
        inside = _draft(condition["not"])
        return {"none": inside.get("any", [inside])}
    for join in ("all", "any"):
        if join in condition:
            return {join: [_draft(part) for part in condition[join]]}
    return {**_EMPTY, **condition}
