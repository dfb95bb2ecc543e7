"""A detail's sections as lines of styled text of a given width."""

from collections.abc import Iterable, Iterator, Sequence

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
MIN_COLUMN_WIDTH = 4
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
        yield tuple((text, palette.STRONG) for text, _style in _table_row(titles, widths))
    for row in section.rows:
        yield _table_row(row, widths)


def _table_row(cells: Sequence[Cell], widths: Sequence[int]) -> Line:
    gap = " " * COLUMN_GAP
    return tuple(
        (fit(cell.text, width) + gap, palette.BY_SEVERITY[cell.severity])
        for cell, width in zip(cells, widths, strict=False)
    )


def _column_widths(section: Section, width: int) -> list[int]:
    """As wide as the widest cell; the widest columns give way until the row fits."""
    texts = [section.header, *([cell.text for cell in row] for row in section.rows)]
    count = max(len(row) for row in texts)
    widths = [
        max((cell_len(clean(row[index])) for row in texts if index < len(row)), default=0)
        for index in range(count)
    ]
    while sum(widths) + COLUMN_GAP * (count - 1) > width and max(widths) > MIN_COLUMN_WIDTH:
        widths[widths.index(max(widths))] -= 1
    return widths


def _text(section: Section, width: int) -> Iterator[Line]:
    for line in section.text.split("\n"):
        spans = (
            coloured(clean(line)) if section.language == "xml" else ((clean(line), palette.PLAIN),)
        )
        yield from _broken(spans, width)


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
