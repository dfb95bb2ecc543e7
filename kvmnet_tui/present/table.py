"""The shape of every table: columns, rows that are keys, cells that are text with a severity.

A view is pure. `keys` gives the rows in their natural order and may be dear (it is called when
the topology changes); `cells` makes one row and is called for the rows on screen only.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from kvmnet_tui.model.state import HostState


class Severity(StrEnum):
    """What a cell's colour stands for; the text or glyph says the same without colour."""

    PLAIN = "plain"
    DIM = "dim"
    ACCENT = "accent"
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell's text, already translated, and its severity."""

    text: str
    severity: Severity = Severity.PLAIN


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `title` is a message to translate when shown; `width` in terminal cells.

    `grow` shares out what is left of the line. The narrower the terminal, the fewer columns:
    those with the highest `priority` number go first; 0 never goes. `live` says that values
    change while the topology stays, so that sorting by it must be done again.
    """

    key: str
    title: str
    width: int
    grow: int = 0
    right: bool = False
    priority: int = 0
    live: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One labelled value in a detail."""

    label: str
    value: Cell


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a detail: fields, then a small table (`header`, `rows`), then text.

    `language` names what `text` is written in (`xml`, `diff`), for highlighting. All translated.
    """

    title: str
    fields: tuple[Field, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    text: str = ""
    language: str = ""


class View(Protocol):
    """A table of the host, and the detail of each of its rows."""

    @property
    def name(self) -> str:
        """The screen's name, as in `show NAME`."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, always the same."""

    def keys(self, state: HostState) -> Sequence[Hashable]:
        """The rows in natural order (a tree's in the order of its lines)."""

    def depends_on(self, state: HostState) -> object:
        """What `keys` reads: while it compares equal, the rows and their order stay."""

    def cells(self, state: HostState, key: Hashable) -> tuple[Cell, ...]:
        """The row's cells, one a column; a key that is gone gives empty cells, never an error."""

    def sort_value(self, state: HostState, key: Hashable, column: str) -> Any:
        """A value to sort by, comparable within the column."""

    def detail(self, state: HostState, key: Hashable) -> tuple[Section, ...]:
        """Everything known about the row; empty when it is gone."""

    def empty_reason(self, state: HostState, /) -> str:
        """One sentence to show instead of rows: why there are none and what to do."""
