"""Tables and details as plain lines, for terminals without a screen and for pipes."""

from collections.abc import Callable, Iterator, Sequence

from rich.cells import cell_len

from kvmnet_tui.i18n import _
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.table import Cell, Column, Field, Section, Severity
from kvmnet_tui.present.text import cut, padded

Paint = Callable[[str, Severity], str]

_GAP = "  "
_NARROWEST = 8
_SGR = {
    Severity.DIM: "2",
    Severity.ACCENT: "36",
    Severity.OK: "32",
    Severity.WARNING: "33",
    Severity.ERROR: "1;31",
}


def unpainted(text: str, _severity: Severity) -> str:
    """Text as it is, for pipes."""
    return text


def painted(text: str, severity: Severity) -> str:
    """Text in one of the terminal's sixteen colours."""
    code = _SGR.get(severity)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text


def table_lines(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    width: int | None = None,
    paint: Paint = unpainted,
) -> Iterator[str]:
    """A heading and a line a row; with a `width` the least important columns make room."""
    titles = [_(column.title) for column in columns]
    widths = _natural_widths(titles, rows)
    shown = list(range(len(columns)))
    if width is not None:
        shown = _that_fit(columns, widths, width)
        _narrow(shown, widths, width)
    heading = [
        padded(cut_to(titles[at], widths[at]), widths[at], right=columns[at].right) for at in shown
    ]
    yield _GAP.join(heading).rstrip()
    for row in rows:
        cells = [_fitted(row[at], widths[at], columns[at].right, paint) for at in shown]
        yield _GAP.join(cells).rstrip()


def section_lines(sections: Sequence[Section], paint: Paint = unpainted) -> Iterator[str]:
    """A detail: each section's title, its fields, its table and its text."""
    for number, section in enumerate(_not_empty(sections)):
        if number:
            yield ""
        yield paint(section.title, Severity.ACCENT)
        yield from _field_lines(section.fields, paint)
        if section.rows:
            columns = [Column(title, title, 0) for title in section.header]
            for line in table_lines(columns, section.rows, paint=paint):
                yield f"  {line}"
        for line in section.text.splitlines():
            yield f"  {line}".rstrip()


def cut_to(text: str, width: int) -> str:
    """`text` in at most `width` cells."""
    return cut(text, width, glyphs().ellipsis)


def _not_empty(sections: Sequence[Section]) -> Iterator[Section]:
    return (one for one in sections if one.fields or one.rows or one.text)


def _field_lines(fields: Sequence[Field], paint: Paint) -> Iterator[str]:
    width = max((cell_len(field.label) for field in fields), default=0) + 2
    for field in fields:
        label = padded(f"{field.label}:", width)
        yield f"  {label}{paint(field.value.text, field.value.severity)}".rstrip()


def _natural_widths(titles: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[int]:
    widths = [cell_len(title) for title in titles]
    for row in rows:
        for at, cell in enumerate(row):
            widths[at] = max(widths[at], cell_len(cell.text))
    return widths


def _total(shown: Sequence[int], widths: Sequence[int]) -> int:
    return sum(widths[at] for at in shown) + len(_GAP) * (len(shown) - 1)


def _that_fit(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """The columns left when the least important went; those that grow count with what they need."""
    needed = [
        min(wanted, column.width) if column.grow else wanted
        for column, wanted in zip(columns, widths, strict=True)
    ]
    shown = list(range(len(columns)))
    while _total(shown, needed) > width:
        last = max(shown, key=lambda at: (columns[at].priority, at))
        if columns[last].priority == 0:
            break
        shown.remove(last)
    return shown


def _narrow(shown: Sequence[int], widths: list[int], width: int) -> None:
    """Cut the widest columns down until the line fits."""
    while _total(shown, widths) > width:
        widest = max(shown, key=lambda at: widths[at])
        if widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1


def _fitted(cell: Cell, width: int, right: bool, paint: Paint) -> str:
    text = cut_to(cell.text, width)
    spaces = " " * max(0, width - cell_len(text))
    colored = paint(text, cell.severity)
    return spaces + colored if right else colored + spaces
