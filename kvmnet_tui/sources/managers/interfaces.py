"""The stanzas of /etc/network/interfaces (interfaces(5)), with the files it takes in."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final, NamedTuple, Protocol

INTERFACES: Final = "/etc/network/interfaces"
_DEEPEST: Final = 8  # files that take in each other end here
# Options that name links which the stanza's link takes for its ports or members.
_TAKES: Final = {"bridge_ports", "bridge-ports", "bond-slaves", "slaves", "bond_slaves"}


class Files(Protocol):
    """Where the texts come from: the host, or what was read of it."""

    def text(self, path: str) -> str:
        """The file's text, "" when there is none."""

    def matching(self, pattern: str) -> list[str]:
        """The absolute paths that match a shell pattern."""


class Stanza(NamedTuple):
    """The line that names a link, and the file it is in."""

    path: str
    line: str


def read_stanzas(files: Files) -> dict[str, Stanza]:
    """The stanza of each link: its own `iface`, else the one that takes it for a port."""
    own: dict[str, Stanza] = {}
    taken: dict[str, Stanza] = {}
    for path, line in _lines(files, INTERFACES, 0):
        words = line.split()
        if words[0] == "iface" and len(words) > 1:
            own.setdefault(words[1], Stanza(path, line))
        elif words[0] in _TAKES:
            for name in words[1:]:
                taken.setdefault(name, Stanza(path, line))
    return taken | own


def read_paths(files: Files) -> tuple[str, ...]:
    """The files that count, in the order in which they are read."""
    return tuple(dict.fromkeys((INTERFACES, *(path for path, _ in _lines(files, INTERFACES, 0)))))


def _lines(files: Files, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Path and line of all that is said, lines joined and files taken in."""
    text = files.text(path).replace("\\\n", " ")
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            continue
        yield path, line
        keyword, _, argument = line.partition(" ")
        if depth < _DEEPEST:
            for found in _taken_in(files, keyword, argument.strip(), path):
                yield from _lines(files, found, depth + 1)


def _taken_in(files: Files, keyword: str, argument: str, path: str) -> list[str]:
    if not argument or keyword not in ("source", "source-directory"):
        return []
    if not argument.startswith("/"):
        argument = str(PurePosixPath(path).parent / argument)
    return files.matching(argument if keyword == "source" else f"{argument}/*")
