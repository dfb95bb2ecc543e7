"""Which rows are shown in which order: filter, sorting and folding over a view's natural order."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.table import View

Parents = Mapping[Hashable, Hashable | None]


@runtime_checkable
class Tree(Protocol):
    """What a view offers besides when its rows are a tree."""

    def parent(self, state: HostState, key: Hashable, /) -> Hashable | None:
        """The row that this one hangs under, None for a root."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for: a text to find, a column to sort by, branches to fold."""

    needle: str = ""
    column: str = ""
    reverse: bool = False
    folded: frozenset[Hashable] = frozenset()


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The rows in order; how many match the filter and how many there are without it.

    `branches` has the branch signs of a tree whose rows are not the view's own, `hidden` how
    many rows are folded away under a row.
    """

    keys: Sequence[Hashable] = ()
    matches: int = 0
    total: int = 0
    branches: Mapping[Hashable, str] = field(default_factory=dict)
    hidden: Mapping[Hashable, int] = field(default_factory=dict)


def arrange(view: View, state: HostState, wish: Wish) -> Arrangement:
    """Put the rows in the order wished for."""
    keys = view.keys(state)
    total = matches = len(keys)
    parents = _parents(view, state, keys)
    hidden: dict[Hashable, Hashable] = {}
    if wish.column:
        keys = _sorted(view, state, keys, parents, wish)
    if wish.needle:
        found = _matching(view, state, keys, wish.needle)
        shown = _with_ancestors(found, parents)
        keys, matches = [key for key in keys if key in shown], len(found)
    elif parents:
        hidden = _folded_away(keys, parents, wish.folded)
        keys = [key for key in keys if key not in hidden]
    as_the_view_has_them = not wish.column and not wish.needle
    branches = {} if as_the_view_has_them else branch_signs(keys, parents)
    return Arrangement(keys, matches, total, branches, _counted(hidden.values()))


def _parents(view: View, state: HostState, keys: Sequence[Hashable]) -> Parents:
    if not isinstance(view, Tree):
        return {}
    return {key: view.parent(state, key) for key in keys}


def _sorted(
    view: View, state: HostState, keys: Sequence[Hashable], parents: Parents, wish: Wish
) -> list[Hashable]:
    """Rows sorted among those with the same parent, under which they stay."""
    groups: defaultdict[Hashable | None, list[Hashable]] = defaultdict(list)
    for key in keys:
        groups[parents.get(key)].append(key)
    for group in groups.values():
        group.sort(key=lambda key: view.sort_value(state, key, wish.column), reverse=wish.reverse)
    ordered: list[Hashable] = []
    waiting = groups[None][::-1]
    while waiting:
        key = waiting.pop()
        ordered.append(key)
        waiting.extend(reversed(groups.get(key, ())))
    return ordered


def _matching(view: View, state: HostState, keys: Sequence[Hashable], needle: str) -> set[Hashable]:
    wanted = needle.casefold()
    return {
        key
        for key in keys
        if any(wanted in cell.text.casefold() for cell in view.cells(state, key))
    }


def _with_ancestors(found: set[Hashable], parents: Parents) -> set[Hashable]:
    shown = set(found)
    for key in found:
        parent = parents.get(key)
        while parent is not None and parent not in shown:
            shown.add(parent)
            parent = parents.get(parent)
    return shown


def _folded_away(
    keys: Sequence[Hashable], parents: Parents, folded: frozenset[Hashable]
) -> dict[Hashable, Hashable]:
    """The rows under a folded one, each with the folded row that is seen in its place."""
    hidden: dict[Hashable, Hashable] = {}
    for key in keys if folded else ():
        parent = parents[key]
        if parent in hidden:
            hidden[key] = hidden[parent]
        elif parent is not None and parent in folded:
            hidden[key] = parent
    return hidden


def _counted(stand_ins: Iterable[Hashable]) -> dict[Hashable, int]:
    counts: dict[Hashable, int] = {}
    for key in stand_ins:
        counts[key] = counts.get(key, 0) + 1
    return counts


def branch_signs(keys: Sequence[Hashable], parents: Parents) -> dict[Hashable, str]:
    """The signs before each row of a tree, for the rows that are shown."""
    if not parents:
        return {}
    signs = glyphs()
    last_child = {parents[key]: key for key in keys}
    stems: dict[Hashable, str] = {}
    branches: dict[Hashable, str] = {}
    for key in keys:
        parent = parents[key]
        if parent is None:
            stems[key] = branches[key] = ""
            continue
        is_last = last_child[parent] == key
        stem = stems.get(parent, "")
        branches[key] = stem + (signs.tree_last if is_last else signs.tree_next)
        stems[key] = stem + (signs.tree_done if is_last else signs.tree_pass)
    return branches


def with_branch(text: str, branch: str) -> str:
    """The first cell of a tree's row with the signs the view gave it replaced by `branch`."""
    return branch + without_branch(text)


def without_branch(text: str) -> str:
    """The first cell of a tree's row without the signs before it."""
    signs = glyphs()
    known = (signs.tree_next, signs.tree_last, signs.tree_pass, signs.tree_done)
    while text.startswith(known):
        text = text[len(signs.tree_next) :]
    return text


def nearest(before: Sequence[Hashable], position: int, after: Mapping[Hashable, int]) -> int:
    """Where the cursor goes: to its row, or the next one still there, or the last one before."""
    for key in before[position:]:
        if key in after:
            return after[key]
    for key in reversed(before[:position]):
        if key in after:
            return after[key]
    return 0
