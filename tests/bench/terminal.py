"""A program on a pseudo-terminal: every byte it writes with the time it came, and the picture."""

import fcntl
import itertools
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyte

ROWS, COLUMNS = 50, 200
PAINT_GAP = 0.004  # seconds of silence between two paints where the program does not mark them
SYNC_BEGIN = b"\x1b[?2026h"

_MODE_QUERY = re.compile(rb"\x1b\[\?(\d+)\$p")
# What pyte would print as text instead of ignoring: mode queries, the kitty keyboard's levels.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[(?:\?\d+\$p|[<>=]\d*u)")

Lines = Sequence[str]
Condition = Callable[[Lines], bool]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes read at once; `at` in seconds of the monotonic clock."""

    at: float
    data: bytes


class Picture:
    """What a terminal shows after the bytes fed to it."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)

    def feed(self, data: bytes) -> None:
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))

    @property
    def lines(self) -> Lines:
        return self._screen.display


class Terminal:
    """Runs a program under a terminal of 200x50 that answers as xterm does.

    With `synchronised` it claims to know mode 2026, so that each paint is marked in the bytes.
    """

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], synchronised: bool = False
    ) -> None:
        self.chunks: list[Chunk] = []
        self._fed = 0
        self._picture = Picture()
        self._known_modes = {b"2026"} if synchronised else set()
        self.started = time.monotonic()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            _become(argv, env)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the program (by its own pid) and the terminal."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._ended_after(number):
                break
        os.close(self._fd)

    def _ended_after(self, number: signal.Signals) -> bool:
        os.kill(self.pid, number)
        deadline = time.monotonic() + 3.0
        while time.monotonic() < deadline:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return True
            self.read(0.02)
        return False

    def elapsed(self) -> float:
        """Seconds since the program was started."""
        return time.monotonic() - self.started

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def read(self, timeout: float) -> bool:
        """Wait for bytes at most `timeout` seconds and note them; whether any came."""
        if not select.select([self._fd], [], [], max(0.0, timeout))[0]:
            return False
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:  # EIO: the program has closed its end
            time.sleep(timeout)
            return False
        self.chunks.append(Chunk(time.monotonic(), data))
        self._answer(data)
        return True

    def _answer(self, data: bytes) -> None:
        for mode in _MODE_QUERY.findall(data):
            known = b"2" if mode in self._known_modes else b"0"
            os.write(self._fd, b"\x1b[?" + mode + b";" + known + b"$y")

    def read_until_quiet(self, quiet: float, limit: float) -> None:
        """Read until nothing has come for `quiet` seconds, at most `limit` seconds."""
        deadline = time.monotonic() + limit
        while self.read(min(quiet, deadline - time.monotonic())):
            if time.monotonic() > deadline:
                return

    def lines(self) -> Lines:
        """The picture after everything read so far."""
        for chunk in self.chunks[self._fed :]:
            self._picture.feed(chunk.data)
        self._fed = len(self.chunks)
        return self._picture.lines

    def wait_for(self, condition: Condition, limit: float) -> float | None:
        """Read until the picture satisfies; when the bytes came, or None after `limit` seconds."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if self.read(deadline - time.monotonic()) and condition(self.lines()):
                return self.chunks[-1].at
        return None


def _become(argv: Sequence[str], env: Mapping[str, str]) -> None:
    try:
        os.execvpe(argv[0], list(argv), dict(env))
    finally:
        os._exit(127)


def first_time(chunks: Sequence[Chunk], condition: Condition) -> float | None:
    """When the picture first satisfied, by playing the bytes again."""
    picture = Picture()
    for chunk in chunks:
        picture.feed(chunk.data)
        if condition(picture.lines):
            return chunk.at
    return None


def paints(chunks: Sequence[Chunk]) -> int:
    """How often the program painted: marked updates, else bursts with silence between them."""
    marked = b"".join(chunk.data for chunk in chunks).count(SYNC_BEGIN)
    if marked or not chunks:
        return marked
    gaps = itertools.pairwise(chunks)
    return 1 + sum(later.at - earlier.at > PAINT_GAP for earlier, later in gaps)


def size(chunks: Sequence[Chunk]) -> int:
    """Bytes in all."""
    return sum(len(chunk.data) for chunk in chunks)
