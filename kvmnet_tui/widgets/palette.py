"""The styles: the terminal's own sixteen colours, so that dark, light and plain ones stay readable.

No style but `CURSOR` sets a background, and nothing is told by colour alone.
"""

from typing import Final

from rich.style import Style

from kvmnet_tui.present.table import Severity

PLAIN: Final = Style.null()
DIM: Final = Style(dim=True)
STRONG: Final = Style(bold=True)
HEADER: Final = Style(bold=True, underline=True)
CURSOR: Final = Style(reverse=True)
RESTING_CURSOR: Final = Style(bold=True, underline=True)
BANNER: Final = Style(reverse=True, bold=True)
KEY: Final = Style(bold=True, color="cyan")

BY_SEVERITY: Final = {
    Severity.PLAIN: PLAIN,
    Severity.DIM: DIM,
    Severity.ACCENT: Style(color="cyan"),
    Severity.OK: Style(color="green"),
    Severity.WARNING: Style(color="yellow"),
    Severity.ERROR: Style(color="red", bold=True),
}

XML_TAG: Final = Style(color="cyan")
XML_ATTRIBUTE: Final = Style(color="magenta")
XML_STRING: Final = Style(color="green")
XML_COMMENT: Final = DIM

DIFF: Final = {
    "+": Style(color="green"),
    "-": Style(color="red"),
    "@": Style(color="cyan"),
}
