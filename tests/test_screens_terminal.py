"""The app on a real terminal (a pty): what it writes, and how it leaves."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.support.terminal import PATIENCE_SECONDS, Glass, Terminal

ROWS, COLUMNS = 50, 200
ERASE = b"\x1b[K"


def still_program() -> Terminal:
    """The app over a still picture."""
    environment = {**os.environ, "TERM": "xterm-256color", "LANGUAGE": "en"}
    return Terminal(
        [sys.executable, "-m", "tests.support.still_program"], environment, ROWS, COLUMNS
    )


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = still_program()
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
    glass = Glass(ROWS, COLUMNS)

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
    terminal = still_program()
    terminal.read_until(b"row 1 of 3")
    try:
        assert terminal.hang_up() == 128 + signal.SIGHUP
    finally:
        terminal.close()
