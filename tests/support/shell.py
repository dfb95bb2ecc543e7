"""An interactive shell on a pseudo terminal, to see a program as its user's shell does."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from types import TracebackType

PATIENCE = 20.0


class Shell:
    """bash with job control; `send` types, `expect` waits for what appears after that."""

    def __init__(self) -> None:
        self._master, terminal = pty.openpty()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", "bash", "--norc", "--noprofile", "-i"],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=os.environ | {"PS1": "$ ", "TERM": "dumb", "LC_ALL": "C"},
        )
        os.close(terminal)
        self._seen = ""

    def __enter__(self) -> "Shell":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._master)  # the terminal hangs up: bash ends its jobs and itself
        try:
            self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()

    def send(self, text: str) -> None:
        """Type."""
        os.write(self._master, text.encode())

    def expect(self, pattern: str) -> str:
        """Wait for output that matches, and forget everything up to it."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self._seen)):
            left = deadline - time.monotonic()
            readable = left > 0 and select.select([self._master], [], [], left)[0]
            assert readable, f"{pattern!r} did not appear; there was {self._seen!r}"
            self._seen += os.read(self._master, 65536).decode(errors="replace")
        self._seen = self._seen[found.end() :]
        return found.group()

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
