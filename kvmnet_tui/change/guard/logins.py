"""Whether somebody has logged in anew over SSH: the proof that others get in too."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

# After authentication OpenSSH names the session in its process: `sshd: root@pts/0`.
SESSION = re.compile(r"sshd(-session)?: \S+@")
# As /proc/net/tcp and tcp6 write 127.0.0.0/8 (of this byte order), ::1 and ::ffff:127.0.0.0/104.
HERE = re.compile(r"[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F")


def logins_since(began: float) -> bool:
    """Whether somebody has logged in from another host since `began` (seconds since boot)."""
    ticks = os.sysconf("SC_CLK_TCK")
    here = Path("/proc/self/ns/net").readlink()
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if (process / "ns/net").readlink() != here:  # another host's, in a namespace
                continue
            title = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if not SESSION.match(title):
                continue
            started = int((process / "stat").read_text().rpartition(")")[2].split()[19]) / ticks
            if started > began and is_from_afar(process):
                return True
        except (OSError, ValueError, IndexError):
            continue
    return False


def is_from_afar(process: Path) -> bool:
    """Whether one of its connections leads to another host: one from here proves nothing."""
    sockets = {link.readlink().name for link in (process / "fd").iterdir() if link.is_symlink()}
    return any(
        f"socket:[{inode}]" in sockets and not HERE.fullmatch(peer) for peer, inode in connections()
    )


def connections() -> Iterator[tuple[str, str]]:
    """The other end's address, as the kernel writes it, and the inode of each TCP connection."""
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/self/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if words[3] == "01":  # established
                yield words[2].partition(":")[0], words[9]
