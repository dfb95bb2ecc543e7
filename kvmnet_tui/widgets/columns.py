"""Which columns are shown where: fixed until the terminal, the view or the scrolling changes."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from kvmnet_tui.i18n import _
from kvmnet_tui.present.table import Column

GAP = 1


@dataclass(frozen=True, slots=True)
class Placed:
    """A column on screen: its position in the view, first cell and width without the gap."""

    index: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns on screen; `complete` when none is hidden; `can_scroll` further to the right."""

    placed: tuple[Placed, ...] = ()
    width: int = 0
    complete: bool = True
    can_scroll: bool = False


def lay_out(columns: Sequence[Column], width: int, skipped: int = 0) -> Layout:
    """Place the columns in `width` cells.

    With nothing skipped the least important columns make room; with `skipped` columns scrolled
    away the first stays and the others follow in order.
    """
    widths = [max(column.width, cell_len(_(column.title))) for column in columns]
    wanted = list(range(len(columns)))
    if skipped:
        wanted = [0, *wanted[1 + skipped :]]
        kept = _those_in_order(wanted, widths, width)
    else:
        kept = _those_that_matter(wanted, columns, widths, width)
    _grow(kept, columns, widths, width)
    return Layout(
        _placed(kept, widths, width),
        width,
        complete=len(kept) == len(columns),
        can_scroll=len(kept) < (len(wanted) if skipped else len(columns)),
    )


def _total(kept: list[int], widths: list[int]) -> int:
    return sum(widths[index] for index in kept) + GAP * (len(kept) - 1)


def _those_that_matter(
    wanted: list[int], columns: Sequence[Column], widths: list[int], width: int
) -> list[int]:
    kept = list(wanted)
    while len(kept) > 1 and _total(kept, widths) > width:
        kept.remove(max(kept[1:], key=lambda index: (columns[index].priority, index)))
    return kept


def _those_in_order(wanted: list[int], widths: list[int], width: int) -> list[int]:
    kept = list(wanted)
    while len(kept) > 2 and _total(kept, widths) > width:
        kept.pop()
    return kept


def _grow(kept: list[int], columns: Sequence[Column], widths: list[int], width: int) -> None:
    """Share out what is left of the line, the last one taking what division leaves over."""
    left = width - _total(kept, widths)
    growing = [index for index in kept if columns[index].grow]
    weight = sum(columns[index].grow for index in growing)
    for index in growing:
        share = left * columns[index].grow // weight if left > 0 else 0
        widths[index] += share
        left -= share
        weight -= columns[index].grow


def _placed(kept: list[int], widths: list[int], width: int) -> tuple[Placed, ...]:
    placed = []
    x = 0
    for index in kept:
        room = min(widths[index], width - x)
        if room <= 0:
            break
        placed.append(Placed(index, x, room))
        x += room + GAP
    return tuple(placed)
