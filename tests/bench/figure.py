"""A figure beside its floor and its budget; medians, percentiles, the table, the JSON."""

import json
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

Taken = TypeVar("Taken")


class Measure(StrEnum):
    """What a budget limits: the figure itself or its ratio to the floor."""

    VALUE = "value"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Budget:
    """At most this much."""

    measure: Measure
    limit: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `ours` is None where it cannot be taken, and `note` says why."""

    name: str
    unit: str
    ours: float | None = None
    floor: float | None = None
    floor_name: str = ""
    ratio: float | None = None
    budget: Budget | None = None
    note: str = ""

    @property
    def within(self) -> bool | None:
        """Whether the budget is kept; None without a budget or a figure."""
        if self.budget is None:
            return None
        value = self.ours if self.budget.measure is Measure.VALUE else self.ratio
        return None if value is None else value <= self.budget.limit


def at_most(limit: float) -> Budget:
    """A limit on the figure itself."""
    return Budget(Measure.VALUE, limit)


def times_floor(limit: float) -> Budget:
    """A limit on the ratio to the floor."""
    return Budget(Measure.RATIO, limit)


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: the smallest value that `percent` of all do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]


def alternate(rounds: int, *takes: Callable[[], Taken]) -> list[list[Taken]]:
    """Take A, B, C, A, B, C... and give what each one gave."""
    taken: list[list[Taken]] = [[] for _ in takes]
    for _ in range(rounds):
        for values, take in zip(taken, takes, strict=True):
            values.append(take())
    return taken


def compared(
    name: str,
    unit: str,
    ours: Sequence[float],
    floor: Sequence[float],
    floor_name: str,
    budget: Budget | None,
    summary: Callable[[Sequence[float]], float] = statistics.median,
) -> Figure:
    """A figure from values taken in turn; without values a figure that says so."""
    if not ours:
        return Figure(name, unit, budget=budget, note="the program never showed it")
    own = summary(ours)
    if not floor:
        return Figure(name, unit, own, None, floor_name, None, budget, "no floor was measured")
    base = summary(floor)
    return Figure(name, unit, own, base, floor_name, own / base if base else None, budget)


def as_json(figures: Sequence[Figure]) -> str:
    """A list of objects, one a figure."""
    return json.dumps([_record(figure) for figure in figures], indent=2)


def _record(figure: Figure) -> dict[str, object]:
    budget = figure.budget
    return {
        "name": figure.name,
        "unit": figure.unit,
        "ours": figure.ours,
        "floor": figure.floor,
        "floor_name": figure.floor_name,
        "ratio": figure.ratio,
        "budget": budget and {"measure": budget.measure.value, "at_most": budget.limit},
        "within": figure.within,
        "note": figure.note,
    }


HEADER = ("figure", "ours", "floor or peer", "ratio", "budget", "within")


def as_table(figures: Sequence[Figure]) -> str:
    """The figures as lines of text, the notes below the figure they belong to."""
    rows = [_row(figure) for figure in figures]
    widths = [max(len(row[column]) for row in [HEADER, *rows]) for column in range(len(HEADER))]
    lines = [_line(HEADER, widths), "  ".join("-" * width for width in widths)]
    for figure, row in zip(figures, rows, strict=True):
        lines.append(_line(row, widths))
        if figure.note:
            lines.append(f"    {figure.note}")
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _row(figure: Figure) -> tuple[str, ...]:
    floor = _number(figure.floor, figure.unit)
    return (
        figure.name,
        _number(figure.ours, figure.unit),
        f"{floor}  {figure.floor_name}" if figure.floor is not None else figure.floor_name,
        "" if figure.ratio is None else f"{figure.ratio:.2f} x",
        _budget_text(figure),
        {True: "yes", False: "NO", None: ""}[figure.within],
    )


def _budget_text(figure: Figure) -> str:
    if figure.budget is None:
        return ""
    if figure.budget.measure is Measure.RATIO:
        return f"<= {figure.budget.limit:g} x"
    return f"<= {_number(figure.budget.limit, figure.unit)}"


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    text = f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
    return f"{text} {unit}".rstrip()
