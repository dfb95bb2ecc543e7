"""A program on a terminal (a pty) of its own, and what a terminal would show of what it writes."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.cells import cell_len

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 20.0
QUIET_SECONDS = 0.6


class Terminal:
    """A child on a pty of its own, and what it wrote."""

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], rows: int, columns: int
    ) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execvpe(argv[0], list(argv), dict(environment))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.status: int | None = None

    def read_until(self, mark: bytes) -> bytes:
        """Everything up to and with what brings `mark`."""
        written = b""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while mark not in written:
            assert time.monotonic() < deadline, f"{mark!r} never came, but {written[-2000:]!r}"
            written += self.read(0.1)
        return written

    def read_until_quiet(self) -> bytes:
        """Everything until nothing has come for a while."""
        written = b""
        while more := self.read(QUIET_SECONDS):
            written += more
        return written

    def read(self, seconds: float) -> bytes:
        """What comes next, b"" when nothing does."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        try:
            return os.read(self.fd, 1 << 16) if ready else b""
        except OSError:  # the child closed its side
            return b""

    def exit_code(self) -> int:
        """Wait for the child's end, reading what it still writes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.status is None:
            assert time.monotonic() < deadline, "it does not end"
            self.read(0.02)
            self._reap()
        return os.waitstatus_to_exitcode(self.status)

    def hang_up(self) -> int:
        """Take the terminal away; how the child ended."""
        os.close(self.fd)
        self.fd = -1
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.status is None:
            assert time.monotonic() < deadline, "it does not end"
            time.sleep(0.02)
            self._reap()
        return os.waitstatus_to_exitcode(self.status)

    def _reap(self) -> None:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.status = status

    def close(self) -> None:
        """End the child whatever it does."""
        if self.status is None:
            self._reap()
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.status = os.waitpid(self.pid, 0)[1]
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Glass:
    """The few things a terminal does with what the app writes: move, erase, put text."""

    TOKENS = re.compile(
        r"\x1b\[(\d+);(\d+)H|\x1b\].*?(?:\x07|\x1b\\)|\x1b\[K|\x1b\[\??[<>=]?[\d;$]*[a-zA-Z]|[^\x1b]"
    )

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.cells: dict[tuple[int, int], str] = {}
        self.x = self.y = 1
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._unread = ""

    def write(self, written: bytes) -> None:
        """Show it; what breaks off in the middle of a sequence waits for the rest."""
        text = self._unread + self._decode(written)
        end = 0
        for token in self.TOKENS.finditer(text):
            end = token.end()
            if token[1]:
                self.y, self.x = int(token[1]), int(token[2])
            elif token[0] == "\x1b[K":
                for x in range(self.x, self.columns + 1):
                    self.cells.pop((self.y, x), None)
            elif len(token[0]) == 1 and token[0] >= " ":
                width = cell_len(token[0])
                for x in range(self.x, self.x + width):  # a wide one fills its second cell too
                    self.cells[self.y, x] = token[0] if x == self.x else ""
                self.x += width
        self._unread = text[end:]

    @property
    def lines(self) -> list[str]:
        """What is seen."""
        rows, columns = range(1, self.rows + 1), range(1, self.columns + 1)
        return ["".join(self.cells.get((y, x), " ") for x in columns).rstrip() for y in rows]

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines)
