"""The host's files as the managers leave them: texts, settings, and which daemons run."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

DAEMONS: Final = ("NetworkManager", "systemd-network", "wickedd")  # as /proc/PID/comm cuts them


class HostFiles:
    """Reads below `root`; what cannot be read is as if it were not there."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def text(self, path: str) -> str:
        """The file's text, "" when it cannot be read."""
        try:
            return self._path(path).read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError):
            return ""

    def names(self, folder: str) -> list[str]:
        """What the folder holds, sorted."""
        try:
            return sorted(os.listdir(self._path(folder)))  # noqa: PTH208 - names are what is asked
        except OSError:
            return []

    def matching(self, pattern: str) -> list[str]:
        """The absolute paths that match a shell pattern, as seen from the root."""
        try:
            found = self._root.glob(pattern.lstrip("/"))
            return sorted(f"/{path.relative_to(self._root)}" for path in found)
        except (OSError, ValueError, NotImplementedError):
            return []

    def stamps(self, folder: str) -> Iterator[tuple[str, int, int]]:
        """Name, time of change in ns and size of what the folder holds, to see that it changed."""
        try:
            with os.scandir(self._path(folder)) as entries:
                for entry in entries:
                    status = entry.stat()
                    yield f"{folder}/{entry.name}", status.st_mtime_ns, status.st_size
        except OSError:
            return

    def running(self) -> frozenset[str]:
        """Which of DAEMONS run in this network namespace."""
        own = self._namespace("self")
        return frozenset(
            name
            for pid in self.names("/proc")
            if pid.isdecimal()
            and (name := self.text(f"/proc/{pid}/comm").strip()) in DAEMONS
            and self._namespace(pid) in ("", own)  # "" where another user's may not be read
        )

    def _namespace(self, process: str) -> str:
        try:
            return str(self._path(f"/proc/{process}/ns/net").readlink())
        except OSError:
            return ""

    def _path(self, path: str) -> Path:
        return self._root / path.lstrip("/")


def settings(text: str) -> dict[str, str]:
    """KEY=VALUE lines; within `[sections]` the keys are `section.KEY`."""
    found: dict[str, str] = {}
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = f"{line[1:-1]}."
        elif not line.startswith(("#", ";")) and "=" in line:
            key, _, value = line.partition("=")
            found[section + key.strip()] = value.strip()
    return found


def shell_settings(text: str) -> dict[str, str]:
    """KEY=VALUE lines as a shell reads them: quotes and comments taken away."""
    return {key: unquoted(value) for key, value in settings(text).items()}


def unquoted(value: str) -> str:
    """A shell word without its quotes; as it stands when they are not closed."""
    try:
        words = shlex.split(value, comments=True)
    except ValueError:
        return value
    return words[0] if words else ""
