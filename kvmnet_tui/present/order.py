"""Rows sorted and filtered without leaving their tree: children stay under their parents."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.table import View


def arranged(
    view: View,
    state: HostState,
    *,
    sort_by: str = "",
    descending: bool = False,
    needle: str = "",
) -> list[Hashable]:
    """The view's rows that contain `needle`, sorted by a column ("" for the natural order)."""
    keys = view.keys(state)
    if needle:
        keys = matching(view, state, keys, needle)
    if sort_by:
        return sorted_rows(view, state, keys, sort_by, descending=descending)
    return list(keys)


def sorted_rows(
    view: View,
    state: HostState,
    keys: Sequence[Hashable],
    column: str,
    *,
    descending: bool = False,
) -> list[Hashable]:
    """`keys` with the rows of each parent sorted by `column`; equal ones keep their order."""
    below: defaultdict[Hashable | None, list[Hashable]] = defaultdict(list)
    for key in keys:
        below[view.parent(state, key)].append(key)
    for group in below.values():
        group.sort(key=lambda key: view.sort_value(state, key, column), reverse=descending)
    order: list[Hashable] = []
    waiting = list(reversed(below[None]))
    while waiting:
        key = waiting.pop()
        order.append(key)
        waiting.extend(reversed(below.get(key, ())))
    return order


def matching(view: View, state: HostState, keys: Sequence[Hashable], needle: str) -> list[Hashable]:
    """The rows with a cell that contains `needle` in any case, and the rows above them."""
    wanted = needle.casefold()
    kept: set[Hashable] = set()
    for key in keys:
        if any(wanted in cell.text.casefold() for cell in view.cells(state, key)):
            kept.add(key)
            above = view.parent(state, key)
            while above is not None and above not in kept:
                kept.add(above)
                above = view.parent(state, above)
    return [key for key in keys if key in kept]
