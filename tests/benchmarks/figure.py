"""One line of the table that `make bench` ends with, and the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, and the bound that is wanted of it, if any.

    `unit` is "s", "ms", "MiB", "%", "times" or what is counted. `basis` says of what, and against what.
    """

    what: str
    value: float
    unit: str
    basis: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def shown(self) -> str:
        return _spelled(self.value, self.unit)

    @property
    def wanted(self) -> str:
        bounds = []
        if self.at_least is not None:
            bounds.append(f"at least {_spelled(self.at_least, self.unit)}")
        if self.at_most is not None:
            bounds.append(f"at most {_spelled(self.at_most, self.unit)}")
        return ", ".join(bounds)

    @property
    def is_met(self) -> bool | None:
        """None where nothing is wanted."""
        if not self.wanted:
            return None
        is_enough = self.at_least is None or self.value >= self.at_least
        return is_enough and (self.at_most is None or self.value <= self.at_most)


def show_table(figures: Sequence[Figure], console: Console | None = None) -> None:
    """All figures, one a line, with what is wanted of each and whether it was met."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("what", "measured", "wanted", "met", "basis"):
        table.add_column(column, justify="right" if column == "measured" else "left", overflow="fold")
    for figure in figures:
        met = {None: "", True: "yes", False: "NO"}[figure.is_met]
        table.add_row(figure.what, figure.shown, figure.wanted, met, figure.basis)
    (console or Console(width=150, highlight=False, markup=False)).print(table)


def _spelled(value: float, unit: str) -> str:
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()
