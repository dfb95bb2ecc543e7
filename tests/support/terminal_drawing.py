"""Draws a terminal's screen as SVG: every cell at its place, also the wide ones, no font needed.

Rich's own export gives wide characters half their room, and asks other hosts for its fonts.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TypeVar
from xml.sax.saxutils import escape, quoteattr

from rich.cells import cell_len
from rich.color import Color, blend_rgb
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme

CELL_WIDTH = 8.4  # 0.6 of the font's size, as most monospaced fonts have it
CELL_HEIGHT = 18
FONT_SIZE = 14
WIDE_FONT_SIZE = 16
BASELINE = 13.5
MARGIN = 12
FONTS = "Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', 'Noto Sans Mono CJK SC', monospace"
THEME = TerminalTheme(
    (24, 26, 31),
    (212, 215, 221),
    [
        (24, 26, 31), (236, 95, 103), (126, 198, 104), (235, 192, 86),
        (97, 154, 239), (198, 120, 221), (86, 194, 214), (212, 215, 221),
    ],
)  # fmt: skip
BARS = "▁▂▃▄▅▆▇█"
Look = TypeVar("Look")
# Strokes from the middle of a cell: up, down, right.
LINES = {"│": "ud", "├": "udr", "└": "ur"}


def draw(lines: Sequence[Iterable[Segment]], columns: int, label: str) -> str:
    """The lines of a screen as one SVG; `label` is what it says to those who cannot see it."""
    width, height = columns * CELL_WIDTH + 2 * MARGIN, len(lines) * CELL_HEIGHT + 2 * MARGIN
    drawn = "\n".join(shape for y, line in enumerate(lines) for shape in _line(y, line))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height}"'
        f' width="{width:.1f}" role="img" aria-label={quoteattr(label)}>\n'
        f'<rect width="100%" height="100%" rx="6" fill="{_hex(THEME.background_color)}"/>\n'
        f'<g transform="translate({MARGIN} {MARGIN})" font-family="{FONTS}"'
        f' style="white-space: pre">\n{drawn}\n</g>\n</svg>\n'
    )


def _line(y: int, segments: Iterable[Segment]) -> Iterator[str]:
    pieces = list(_pieces(segments))
    top = y * CELL_HEIGHT
    for back, left, width in _runs((_colours(style)[1], text) for text, style in pieces):
        if back != THEME.background_color:
            yield _rect(left, top, width, CELL_HEIGHT, back)
    under = ((_colours(style)[0] if style.underline else None, text) for text, style in pieces)
    for colour, left, width in _runs(under):
        if colour:
            yield _rect(left, top + CELL_HEIGHT - 1.5, width, 1, colour)
    left = 0.0
    for text, style in pieces:
        yield from _shapes(left, top, text, style)
        left += cell_len(text) * CELL_WIDTH


def _pieces(segments: Iterable[Segment]) -> Iterator[tuple[str, Style]]:
    """Runs of characters that are drawn alike."""
    for text, style, _control in segments:
        for _, characters in groupby(text, _kind):
            yield "".join(characters), style or Style.null()


def _kind(character: str) -> str:
    if character in BARS:
        return "bar"
    if character in LINES:
        return "line"
    if character == " ":
        return "space"
    return "wide" if cell_len(character) > 1 else "text"


def _runs(pieces: Iterable[tuple[Look, str]]) -> Iterator[tuple[Look, float, float]]:
    """Neighbours that look the same as one, with left edge and width: drawn apart they show seams.

    Hence backgrounds and underlines are drawn for the line as a whole.
    """
    left = 0.0
    for look, alike in groupby(pieces, itemgetter(0)):
        width = sum(cell_len(text) for _, text in alike) * CELL_WIDTH
        yield look, left, width
        left += width


def _shapes(left: float, top: float, text: str, style: Style) -> Iterator[str]:
    front, _back = _colours(style)
    kind = _kind(text[0])
    if kind == "bar":
        for place, character in enumerate(text):
            high = (CELL_HEIGHT - 2) * (BARS.index(character) + 1) / len(BARS)
            at = left + place * CELL_WIDTH + 0.6
            yield _rect(at, top + CELL_HEIGHT - high, CELL_WIDTH - 1.2, high, front)
    elif kind == "line":
        for place, sign in enumerate(text):
            yield _strokes(left + place * CELL_WIDTH, top, sign, front)
    elif kind != "space":
        size = WIDE_FONT_SIZE if kind == "wide" else FONT_SIZE
        yield _text(left, top, text, front, size=size, bold=bool(style.bold))


def _colours(style: Style) -> tuple[ColorTriplet, ColorTriplet]:
    default = Color.default()
    front = (style.color or default).get_truecolor(THEME)
    back = (style.bgcolor or default).get_truecolor(THEME, foreground=False)
    if style.reverse:
        front, back = back, front
    return (blend_rgb(front, back, 0.45) if style.dim else front), back


def _rect(x: float, y: float, width: float, height: float, fill: ColorTriplet) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="{_hex(fill)}"/>'


def _strokes(x: float, y: float, sign: str, colour: ColorTriplet) -> str:
    middle, centre = x + CELL_WIDTH / 2, y + CELL_HEIGHT / 2
    ends = {
        "u": f"V{y:.1f}",
        "d": f"V{y + CELL_HEIGHT:.1f}",
        "r": f"H{x + CELL_WIDTH:.1f}",
    }
    path = "".join(f"M{middle:.1f} {centre:.1f}{ends[way]}" for way in LINES[sign])
    return f'<path d="{path}" stroke="{_hex(colour)}" fill="none"/>'


def _text(x: float, y: float, text: str, fill: ColorTriplet, *, size: int, bold: bool) -> str:
    weight = ' font-weight="bold"' if bold else ""
    room = f'textLength="{cell_len(text) * CELL_WIDTH:.1f}" font-size="{size}"'
    return (
        f'<text x="{x:.1f}" y="{y + BASELINE:.1f}" {room} fill="{_hex(fill)}"{weight}>'
        f"{escape(text)}</text>"
    )


def _hex(colour: ColorTriplet) -> str:
    return colour.hex
