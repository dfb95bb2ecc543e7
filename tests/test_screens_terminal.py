"""The app on a real terminal (a pty): what it writes, and how it leaves."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

ROWS, COLUMNS = 50, 200
ERASE = b"\x1b[K"
PATIENCE_SECONDS = 20.0
QUIET_SECONDS = 0.6
ROOT = Path(__file__).parents[1]


class Terminal:
    """A child on a pty of its own, and what it wrote."""

    def __init__(self) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            environment = {**os.environ, "TERM": "xterm-256color", "LANGUAGE": "en"}
            program = [sys.executable, "-m", "tests.support.still_program"]
            os.execve(sys.executable, program, environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.status: int | None = None

    def read_until(self, mark: bytes) -> bytes:
        """Everything up to and with what brings `mark`."""
        written = b""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while mark not in written:
            assert time.monotonic() < deadline, f"{mark!r} never came, but {written[-2000:]!r}"
            written += self._read(0.1)
        return written

    def read_until_quiet(self) -> bytes:
        """Everything until nothing has come for a while."""
        written = b""
        while more := self._read(QUIET_SECONDS):
            written += more
        return written

    def _read(self, seconds: float) -> bytes:
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
            self._read(0.02)
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
            os.waitpid(self.pid, 0)
        os.close(self.fd)


class Glass:
    """The few things a terminal does with what the app writes: move, erase, put text."""

    TOKENS = re.compile(
        r"\x1b\[(\d+);(\d+)H|\x1b\].*?(?:\x07|\x1b\\)|\x1b\[K|\x1b\[\??[<>=]?[\d;$]*[a-zA-Z]|[^\x1b]"
    )

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], str] = {}
        self.x = self.y = 1

    def write(self, written: bytes) -> None:
        """Show it."""
        for token in self.TOKENS.finditer(written.decode()):
            if token[1]:
                self.y, self.x = int(token[1]), int(token[2])
            elif token[0] == "\x1b[K":
                for x in range(self.x, COLUMNS + 1):
                    self.cells.pop((self.y, x), None)
            elif len(token[0]) == 1 and token[0] >= " ":
                self.cells[self.y, self.x] = token[0]
                self.x += cell_len(token[0])

    @property
    def lines(self) -> list[str]:
        """What is seen."""
        rows = range(1, ROWS + 1)
        columns = range(1, COLUMNS + 1)
        return ["".join(self.cells.get((y, x), " ") for x in columns).rstrip() for y in rows]


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    try:
        terminal.read_until(b"row 1 of 3")
        yield terminal
    finally:
        terminal.close()


def test_one_changed_cell_costs_few_bytes_and_an_idle_screen_none(terminal: Terminal) -> None:
    os.write(terminal.fd, b"5")
    terminal.read_until(b"ethernet")
    terminal.read_until_quiet()
    os.kill(terminal.pid, signal.SIGUSR1)
    written = terminal.read_until(b"down")
    written += terminal.read_until_quiet()
    assert len(written) <= 200
    assert terminal.read_until_quiet() == b""


STEPS = (
    (b"2jj", "row 3 of 10"),
    (b"\r", "MAC in the guest"),
    (b"\x1b", "Traffic"),
    (b"/vnet\rk", "3 of 10"),
    (b"/2/24\x1b", "of 10"),
    (b"1", "host-bridge"),
    (b"?", "menu of all that follows"),
    (b"\x1b", "host-bridge"),
    (b"6", "vnet0 joined bridge virbr0"),
)


def test_what_is_not_painted_again_is_on_the_terminal_already(terminal: Terminal) -> None:
    glass = Glass()

    def redraw() -> None:
        os.write(terminal.fd, b"r")
        glass.write(terminal.read_until(ERASE) + terminal.read_until_quiet())

    def wait_for(condition: Callable[[], bool], what: object) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, (what, glass.lines)

    def redrawing_changes_nothing() -> bool:
        before = glass.lines
        redraw()
        return glass.lines == before

    redraw()
    for keys, sight in STEPS:

        def in_sight(sight: str = sight) -> bool:
            glass.write(terminal.read_until_quiet())
            return any(sight in line for line in glass.lines)

        os.write(terminal.fd, keys)
        wait_for(in_sight, sight)
        wait_for(redrawing_changes_nothing, keys)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_the_terminal_is_as_before(
    terminal: Terminal, number: signal.Signals
) -> None:
    terminal.read_until_quiet()
    os.kill(terminal.pid, number)
    written = terminal.read_until(b"\x1b[?25h")
    assert b"\x1b[?1049l" in written
    assert terminal.exit_code() == 128 + number


def test_q_ends_it_with_success(terminal: Terminal) -> None:
    os.write(terminal.fd, b"q")
    assert terminal.exit_code() == 0


def test_a_terminal_that_goes_away_takes_the_program_with_it() -> None:
    terminal = Terminal()
    terminal.read_until(b"row 1 of 3")
    os.close(terminal.fd)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while terminal.status is None and time.monotonic() < deadline:
            time.sleep(0.02)
            terminal._reap()
        assert terminal.status is not None
    finally:
        terminal.fd = os.open(os.devnull, os.O_RDONLY)
        terminal.close()
