"""Rows and headers as strips of styled text."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from kvmnet_tui.i18n import _
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.table import Cell, Column
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.columns import GAP, Layout
from kvmnet_tui.widgets.text import fit

SORTED, SORTED_ASCII = ("▲", "▼"), ("^", "v")
MORE, MORE_ASCII = ("‹", "›"), ("<", ">")


@dataclass(frozen=True, slots=True)
class Row:
    """What is painted in one line."""

    cells: tuple[Cell, ...]
    is_cursor: bool


def row_strip(
    row: Row, columns: Sequence[Column], layout: Layout, width: int, cursor: Style
) -> Strip:
    """A row; the cursor's in one style from end to end."""
    segments = []
    used = 0
    for placed in layout.placed:
        cell = row.cells[placed.index]
        text = fit(cell.text, placed.width, right=columns[placed.index].right)
        gap = min(GAP, width - placed.x - placed.width)
        style = cursor if row.is_cursor else palette.BY_SEVERITY[cell.severity]
        segments.append(Segment(text + " " * gap, style))
        used = placed.x + placed.width + gap
    rest = Segment(" " * (width - used), cursor if row.is_cursor else palette.PLAIN)
    return Strip([*segments, rest], width)


def changed_regions(y: int, old: Row | None, new: Row | None, layout: Layout) -> list[Region]:
    """What must be painted again in line `y`, an empty list when nothing."""
    if old == new:
        return []
    if old is None or new is None or old.is_cursor != new.is_cursor:
        return [Region(0, y, layout.width, 1)]
    return [
        Region(placed.x, y, placed.width, 1)
        for placed in layout.placed
        if old.cells[placed.index] != new.cells[placed.index]
    ]


def header_strip(
    columns: Sequence[Column], layout: Layout, width: int, sorted_by: str, reverse: bool
) -> Strip:
    """The titles, with an arrow at the one sorted by."""
    ascending, descending = SORTED if _is_unicode() else SORTED_ASCII
    line = ""
    for placed in layout.placed:
        column = columns[placed.index]
        title = _(column.title)
        if column.key == sorted_by:
            arrow = descending if reverse else ascending
            room = min(cell_len(title), placed.width - 1)
            title = fit(title, room) + arrow
        line += fit(title, placed.width, right=column.right) + " " * GAP
    return Strip([Segment(fit(line.rstrip(), width), palette.HEADER)], width)


def more_columns(layout: Layout, skipped: int) -> str:
    """Signs for columns that the terminal is too narrow for, to the left and to the right."""
    left, right = MORE if _is_unicode() else MORE_ASCII
    signs = (left if skipped else "") + (right if layout.can_scroll else "")
    return f" {signs}" if signs else ""


def _is_unicode() -> bool:
    return not glyphs().ellipsis.isascii()
