"""Painting as little as possible: changed cells alone, and no line that is on the terminal already.

Textual 8 paints a change from the left edge of its widget on, and whole screens when the layout
or the focus changes: a second's wait each on a slow SSH link.
"""

from rich.console import Console, RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate

ERASE_TO_END = "\x1b[K"
Lines = dict[int, str]


class Painter:
    """Remembers the lines on the terminal; those it does not know are painted in any case."""

    def __init__(self) -> None:
        self._lines: Lines = {}
        self._size = (0, 0)

    def forget(self) -> None:
        """Something else may have written on the terminal."""
        self._lines.clear()

    def narrowed(
        self, renderable: RenderableType | None, size: tuple[int, int]
    ) -> RenderableType | None:
        """The update that makes of what is on the terminal what `renderable` wants there."""
        if size != self._size:
            self._size = size
            self.forget()
        if isinstance(renderable, ChopsUpdate):
            return _Cells(renderable, self._lines)
        if isinstance(renderable, LayoutUpdate):
            return _Screen(renderable, self._lines)
        return renderable


class _Screen(LayoutUpdate):
    """A whole screen, of which only lines that differ are painted."""

    def __init__(self, update: LayoutUpdate, lines: Lines) -> None:
        super().__init__(update.strips, update.region)
        self._lines = lines

    def render_segments(self, console: Console) -> str:
        """The update as text and escape sequences."""
        sequences = []
        for y, strips in enumerate(self.strips, self.region.y):
            line = _without_trailing_blanks("".join([strip.render(console) for strip in strips]))
            if self._lines.get(y) != line:
                self._lines[y] = line
                sequences.append(_at(self.region.x, y) + line)
        return "".join(sequences)


class _Cells(ChopsUpdate):
    """Spans of cells, each painted from its own first cell to its last."""

    def __init__(self, update: ChopsUpdate, lines: Lines) -> None:
        super().__init__(update.chops, update.spans, update.chop_ends)
        self._lines = lines

    def render_segments(self, console: Console) -> str:
        """The update as text and escape sequences."""
        return "".join([self._span(console, y, x1, x2) for y, x1, x2 in self.spans])

    def _span(self, console: Console, y: int, x1: int, x2: int) -> str:
        known = self._lines.pop(y, None)
        sequences = []
        for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=True):
            start, stop = max(x, x1), min(end, x2)
            if strip is not None and start < stop:
                cells = strip.crop(start - x, stop - x).render(console)
                sequences.append((start, cells))
        return self._whole_line(y, x1, x2, known, sequences)

    def _whole_line(
        self, y: int, x1: int, x2: int, known: str | None, pieces: list[tuple[int, str]]
    ) -> str:
        """The pieces, or nothing when they are a whole line that is there already."""
        covers_all = x1 <= 0 and x2 >= self.chop_ends[y][-1]
        if not covers_all or len(pieces) < len(self.chop_ends[y]):
            return "".join(_at(x, y) + cells for x, cells in pieces)
        line = _without_trailing_blanks("".join(cells for _x, cells in pieces))
        self._lines[y] = line
        return "" if line == known else _at(0, y) + line


def _at(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H"


def _without_trailing_blanks(line: str) -> str:
    """Unstyled blanks at the end are erased rather than written."""
    stripped = line.rstrip(" ")
    return stripped + ERASE_TO_END if len(stripped) + len(ERASE_TO_END) < len(line) else line
