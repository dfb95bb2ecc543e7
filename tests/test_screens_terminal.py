"""The app on a real terminal (a pty): what it writes, and how it leaves."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROWS, COLUMNS = 50, 200
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
