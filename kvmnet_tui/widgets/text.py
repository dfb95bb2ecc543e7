"""Text fitted to terminal cells; wide characters count two."""

from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.text import clean


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Exactly `width` cells of the text made safe: padded, or cut with an ellipsis."""
    return _fit(text, width, right, glyphs().ellipsis)


@lru_cache(maxsize=8192)
def _fit(text: str, width: int, right: bool, ellipsis: str) -> str:
    text = clean(text)
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, width - 1) + ellipsis if width > 0 else ""
    padding = " " * (width - size)
    return padding + text if right else text + padding


def split_at(text: str, width: int) -> tuple[str, str]:
    """Cut so that the first part fills at most `width` cells and holds at least one character."""
    used = 0
    for position, character in enumerate(text):
        used += cell_len(character)
        if used > width and position:
            return text[:position], text[position:]
    return text, ""


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells, broken at spaces where there are any (Chinese has none)."""
    lines = []
    for paragraph in text.split("\n"):
        rest = clean(paragraph)
        while cell_len(rest) > width:
            line, after = split_at(rest, width)
            space = line.rfind(" ")
            if space > 0 and after[:1] != " ":
                line = line[:space]
            rest = rest[len(line) :].lstrip(" ")
            lines.append(line.rstrip())
        lines.append(rest)
    return lines
