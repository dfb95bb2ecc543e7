"""XML coloured token by token: enough for libvirt's documents, and nothing to import."""

import re
from collections.abc import Iterator

from rich.style import Style

from kvmnet_tui.widgets import palette

_TOKENS = re.compile(
    r"(?P<comment><!--.*?(?:-->|$))"
    r"|(?P<tag></?[\w:.-]+|/?>|<\?[\w:.-]+|\?>)"
    r"|(?P<attribute>[\w:.-]+)(?==['\"])"
    r"|(?P<string>'[^']*'|\"[^\"]*\")"
)
_STYLES = {
    "comment": palette.XML_COMMENT,
    "tag": palette.XML_TAG,
    "attribute": palette.XML_ATTRIBUTE,
    "string": palette.XML_STRING,
}


def coloured(line: str) -> Iterator[tuple[str, Style]]:
    """The pieces of one line, together the whole line."""
    position = 0
    for match in _TOKENS.finditer(line):
        if match.start() > position:
            yield line[position : match.start()], palette.PLAIN
        yield match.group(), _STYLES[match.lastgroup or "tag"]
        position = match.end()
    if position < len(line):
        yield line[position:], palette.PLAIN
