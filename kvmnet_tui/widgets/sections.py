"""A detail's sections as lines of styled text of a given width."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.style import Style

from kvmnet_tui.present.table import Cell, Field, Section
from kvmnet_tui.present.text import clean
from kvmnet_tui.widgets import palette
from kvmnet_tui.widgets.text import fit, split_at, wrap
from kvmnet_tui.widgets.xml import coloured

Span = tuple[str, Style]
Line = tuple[Span, ...]

BLANK: Line = ()
MIN_VALUE_WIDTH = 12
COLUMN_GAP = 2


def lines_of(sections: Sequence[Section], width: int) -> list[Line]:
    """All sections, one blank line between them, all values in one column."""
    labels = (field.label for section in sections for field in section.fields)
    label_width = max((cell_len(label) for label in labels), default=0) + COLUMN_GAP
    label_width = max(1, min(label_width, width - MIN_VALUE_WIDTH))
    lines: list[Line] = []
    for section in sections:
        if lines:
            lines.append(BLANK)
        lines.extend(_section(section, label_width, width))
    return lines


def plain_text(sections: Sequence[Section], width: int = 1000) -> str:
    """The same as text, for the clipboard."""
    lines = lines_of(sections, width)
    return "\n".join("".join(text for text, _style in line).rstrip() for line in lines)


def _section(section: Section, label_width: int, width: int) -> Iterator[Line]:
    if section.title:
        yield ((fit(section.title, min(width, cell_len(clean(section.title)))), palette.HEADER),)
    yield from _fields(section.fields, label_width, width)
    if section.header or section.rows:
        yield from _table(section, width)
    if section.text:
        yield from _text(section, width)


def _fields(fields: Iterable[Field], label_width: int, width: int) -> Iterator[Line]:
    """Labels, and values wrapped beside them."""
    for field in fields:
        label = fit(field.label, label_width - 1) + " "
        style = palette.BY_SEVERITY[field.value.severity]
        for text in wrap(field.value.text, max(1, width - label_width)):
            yield ((label, palette.DIM), (text, style))
            label = " " * label_width


def _table(section: Section, width: int) -> Iterator[Line]:
    widths = _column_widths(section, width)
    if section.header:
        titles = tuple(Cell(title) for title in section.header)
        for line in _row(titles, widths, width):
            yield tuple((text, palette.STRONG) for text, _style in line)
    for row in section.rows:
        yield from _row(row, widths, width)


def _row(row: Sequence[Cell], widths: Sequence[int], width: int) -> Iterator[Line]:
    """Sentences wrap, alone or beside something short; other cells stay whole."""
    if len(widths) == 1:
        return _sentence(row[0], width)
    left_width = widths[0] + COLUMN_GAP
    if len(row) == len(widths) == 2 and left_width + MIN_VALUE_WIDTH <= width:
        return _beside(row, left_width, width)
    return _table_row(row, widths, width)


def _sentence(cell: Cell, width: int) -> Iterator[Line]:
    """The only cell of its row: what does not fit goes on below."""
    is_short = cell_len(clean(cell.text)) <= width
    margin = ""
    for line in wrap(cell.text, max(1, width if is_short else width - COLUMN_GAP)):
        yield ((margin + line, palette.BY_SEVERITY[cell.severity]),)
        margin = " " * COLUMN_GAP


def _beside(row: Sequence[Cell], left_width: int, width: int) -> Iterator[Line]:
    """A row of two whose second goes on below itself."""
    left, right = row
    margin: Span = (fit(left.text, left_width), palette.BY_SEVERITY[left.severity])
    for line in wrap(right.text, max(1, width - left_width)):
        yield (margin, (line, palette.BY_SEVERITY[right.severity]))
        margin = (" " * left_width, palette.PLAIN)


def _table_row(cells: Sequence[Cell], widths: Sequence[int], width: int) -> Iterator[Line]:
    """A row; columns for which there is no room follow on indented lines, whole."""
    line: list[Span] = []
    used = 0
    for cell, column_width in zip(cells, widths, strict=False):
        if line and used + column_width > width:
            yield tuple(line)
            line, used = [(" " * COLUMN_GAP, palette.PLAIN)], COLUMN_GAP
        text = fit(cell.text, column_width) + " " * COLUMN_GAP
        line.append((text, palette.BY_SEVERITY[cell.severity]))
        used += column_width + COLUMN_GAP
    yield tuple(line)


def _column_widths(section: Section, width: int) -> list[int]:
    """As wide as the widest cell, but no wider than what an indented line has room for."""
    texts = [section.header, *([cell.text for cell in row] for row in section.rows)]
    room = max(1, width - COLUMN_GAP)
    return [
        min(room, max(cell_len(clean(row[index])) for row in texts if index < len(row)))
        for index in range(max(len(row) for row in texts))
    ]


def _text(section: Section, width: int) -> Iterator[Line]:
    colour = _COLOURS.get(section.language, _plain)
    for line in section.text.split("\n"):
        yield from _broken(colour(clean(line)), width)


def _plain(line: str) -> Iterable[Span]:
    return ((line, palette.PLAIN),)


def _diff(line: str) -> Iterable[Span]:
    return ((line, palette.DIFF.get(line[:1], palette.PLAIN)),)


_COLOURS: Mapping[str, Callable[[str], Iterable[Span]]] = {"xml": coloured, "diff": _diff}


def _broken(spans: Iterable[Span], width: int) -> Iterator[Line]:
    """Break a line of spans wherever it reaches the width; documents keep their spaces."""
    line: list[Span] = []
    used = 0
    for span_text, style in spans:
        text = span_text
        while used + cell_len(text) > width:
            head, text = split_at(text, width - used) if used < width else ("", text)
            yield (*line, (head, style))
            line, used = [], 0
            if not text:
                break
        line.append((text, style))
        used += cell_len(text)
    yield tuple(line)
