"""Text from the outside made safe to print, and text measured and cut in terminal cells."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

_TAB = "    "


def clean(text: str) -> str:
    r"""`text` on one line with everything that is no visible character shown as its escape.

    Control characters, terminal escapes, bidirectional overrides and stray surrogates become
    such as `\x1b`, so that no name can colour, move or reorder what is around it.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def clean_block(text: str) -> str:
    """`text` of several lines with each line clean, tabs as spaces, no empty line at the end."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    return "\n".join(clean(line.replace("\t", _TAB)) for line in lines)


def cut(text: str, width: int, ellipsis: str) -> str:
    """`text` in at most `width` cells, the end replaced by `ellipsis` where it does not fit."""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(ellipsis)
    return set_cell_size(text, room) + ellipsis if room > 0 else set_cell_size(text, width)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """`text` filled with spaces to `width` cells; longer text stays as it is."""
    spaces = " " * max(0, width - cell_len(text))
    return spaces + text if right else text + spaces


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of words as lines whose columns stand below each other."""
    cleaned = [[clean(word) for word in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cleaned, strict=True)]
    return [
        "  ".join(padded(word, width) for word, width in zip(row, widths, strict=True)).rstrip()
        for row in cleaned
    ]


def _escaped(one: str) -> str:
    code = ord(one)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
