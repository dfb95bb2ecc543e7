"""The signs that tell states without colour: one set for Unicode terminals, one in ASCII."""

import os
from dataclasses import dataclass

from kvmnet_tui.i18n import encoding_is_utf8


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Signs of one terminal cell each; `tree_*` of two, `sparks` from low to high."""

    up: str
    down: str
    warning: str
    wrong: str
    tree_next: str
    tree_last: str
    tree_pass: str
    tree_done: str
    ellipsis: str
    arrow: str
    sparks: str
    above: str
    below: str


UNICODE = Glyphs("●", "○", "▲", "×", "├ ", "└ ", "│ ", "  ", "…", "→", "▁▂▃▄▅▆▇█", "↑", "↓")
ASCII = Glyphs("+", "-", "!", "x", "|-", "`-", "| ", "  ", "~", ">", "_.-:=+*#", "^", "v")

_chosen: Glyphs | None = None


def glyphs() -> Glyphs:
    """The set for this terminal, chosen once."""
    if _chosen is None:
        use_glyphs(UNICODE if _terminal_has_unicode() else ASCII)
    return _chosen or ASCII


def use_glyphs(chosen: Glyphs | None) -> None:
    """Choose a set for the whole process; None: look at the terminal again when next asked."""
    global _chosen  # noqa: PLW0603 - the terminal is the process's, as the locale is
    _chosen = chosen


def _terminal_has_unicode() -> bool:
    """Whether signs beyond ASCII show: the Linux console's font has 256 or 512 of them."""
    return encoding_is_utf8() and os.environ.get("TERM") != "linux"
