"""What a bench found: its figures, what they had to reach, and how both are printed."""

import json
from dataclasses import dataclass, field
from typing import Any

Figure = float | int | str | bool | list | dict | None


@dataclass
class Report:
    """`figures` by name, in the order of a table; `reached` says of each aim whether it was."""

    figures: dict[str, Figure] = field(default_factory=dict)
    aims: dict[str, str] = field(default_factory=dict)
    reached: dict[str, bool] = field(default_factory=dict)

    def add(self, **figures: Figure) -> None:
        """Note figures; floats keep as many digits as are worth reading."""
        self.figures |= {name: _rounded(figure) for name, figure in figures.items()}

    def at_least(self, name: str, figure: float, aim: float) -> None:
        """Note a figure that has to be `aim` or more."""
        self._aim(name, figure, f"at least {aim:g}", figure >= aim)

    def at_most(self, name: str, figure: float, aim: float) -> None:
        """Note a figure that has to be `aim` or less."""
        self._aim(name, figure, f"at most {aim:g}", figure <= aim)

    def _aim(self, name: str, figure: float, words: str, reached: bool) -> None:
        self.add(**{name: figure})
        self.aims[name], self.reached[name] = words, reached

    def as_json(self, bench: str, options: dict[str, Any]) -> str:
        """One JSON object on one line."""
        return json.dumps(
            {"bench": bench, "options": options, **self.figures, "aims": self.aims, "reached": self.reached}
        )

    def as_table(self) -> str:
        """A line for each figure; behind those with an aim stands what it was, and whether it was reached."""
        width = max(map(len, self.figures), default=0)
        return "\n".join(f"{name:{width}}  {self._shown(name)}" for name in self.figures)

    def _shown(self, name: str) -> str:
        figure = self.figures[name]
        shown = f"{figure:,}" if isinstance(figure, int | float) and not isinstance(figure, bool) else str(figure)
        if name not in self.aims:
            return shown
        return f"{shown}  ({self.aims[name]}: {'reached' if self.reached[name] else 'NOT reached'})"


def _rounded(figure: Figure) -> Figure:
    if isinstance(figure, dict):
        return {key: _rounded(value) for key, value in figure.items()}
    if isinstance(figure, list):
        return [_rounded(each) for each in figure]
    if not isinstance(figure, float):
        return figure
    if abs(figure) < 0.01:
        return float(f"{figure:.2g}")
    return round(figure, 1) if abs(figure) >= 100 else round(figure, 3)
