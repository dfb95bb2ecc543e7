"""The SSH session that is at stake, also where sudo or tmux have taken its variable away."""

import ipaddress
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_GENERATIONS = 32
_ESTABLISHED = "01"
_SSHD = re.compile(r"sshd(-session)?")


@dataclass(frozen=True, slots=True)
class Connection:
    """An established TCP connection, as the kernel lists it."""

    local: str
    local_port: int
    remote: str
    remote_port: int
    inode: str = ""


def ends_of_session(root: Path = Path("/")) -> tuple[str, str]:
    """Client and server address of this session; ("", "") on a console.

    A variable may be older than the session: in tmux it is of the one that tmux was started in.
    """
    open_now = tuple(connections(root))
    told = _told(os.environ.get("SSH_CONNECTION", "")) or _ancestors(root, open_now)
    if told is None:
        return "", ""
    if told in [(one.remote, one.remote_port, one.local, one.local_port) for one in open_now]:
        return told[0], told[2]
    others = [one for one in open_now if one.local_port == told[3]]
    return (others[-1].remote, others[-1].local) if others else (told[0], told[2])


Told = tuple[str, int, str, int]


def _told(variable: str) -> Told | None:
    words = variable.split()
    if len(words) != 4 or not (words[1].isdecimal() and words[3].isdecimal()):
        return None
    return words[0], int(words[1]), words[2], int(words[3])


def _ancestors(root: Path, open_now: Sequence[Connection]) -> Told | None:
    """What the processes that led here say: their variable, or the socket of the sshd above."""
    pid = os.getppid()
    for _generation in range(_GENERATIONS):
        folder = root / "proc" / str(pid)
        try:
            found = _of_process(folder, open_now)
            if found is not None or pid <= 1:
                return found
            pid = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            return None
    return None


def _of_process(folder: Path, open_now: Sequence[Connection]) -> Told | None:
    if _SSHD.fullmatch((folder / "comm").read_text().strip()):
        sockets = {str(link.readlink()) for link in (folder / "fd").iterdir()}
        own = (one for one in open_now if f"socket:[{one.inode}]" in sockets)
        return next(((one.remote, one.remote_port, one.local, one.local_port) for one in own), None)
    for variable in (folder / "environ").read_bytes().split(b"\0"):
        if variable.startswith(b"SSH_CONNECTION="):
            return _told(variable.partition(b"=")[2].decode(errors="replace"))
    return None


def connections(root: Path) -> Iterator[Connection]:
    """The established connections of this network namespace."""
    for name in ("tcp", "tcp6"):
        try:
            lines = (root / "proc/net" / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for words in map(str.split, lines):
            if words[3] == _ESTABLISHED:
                yield Connection(*_end(words[1]), *_end(words[2]), words[9])


def _end(text: str) -> tuple[str, int]:
    """An address as /proc/net/tcp writes it: words of 32 bits in the machine's order."""
    address, port = text.split(":")
    words = (address[at : at + 8] for at in range(0, len(address), 8))
    packed = b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
    found = ipaddress.ip_address(packed)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found), int(port, 16)
