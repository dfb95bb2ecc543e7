"""The NICs table of 500 guests with 4 NICs each: how it opens, and one changed cell in it."""

import socket
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from tests.bench.figure import Figure, compared, times_floor
from tests.bench.host import Host
from tests.bench.programs import OURS, Bench, Place, await_picture, has_row, shows
from tests.bench.rtnetlink import set_master
from tests.bench.terminal import Condition, Lines, Terminal
from tests.support.crowd import GUESTS, NICS_EACH, crowd, tap_name

FEW = 15  # guests: 60 rows, one screen and a little
WATCHED = tap_name(0, 0)
TABLE = Place("7", shows("Guest", "guest0", WATCHED, "q quit"))
BACK = Place("1", shows("Name", "default", "q quit"))
LIMIT, SETTLE = 5.0, 0.03
FLAT = 1.5  # performance.md: at most this much more than with 60 rows


@dataclass(slots=True)
class Watched:
    """A program on a host of its own, and what was measured."""

    terminal: Terminal
    through: socket.socket
    tap: int
    bridge: int
    opened: list[float] = field(default_factory=list)
    changed: list[float] = field(default_factory=list)


def measure(bench: Bench) -> list[Figure]:
    """2,000 NICs against 60."""
    with _watched(bench, (GUESTS, FEW)) as (many, few):
        for _ in range(bench.times(15, 4)):
            for one in (many, few):
                _open(one)
        for _ in range(bench.times(60, 15)):
            for one in (many, few):
                _pull(one)
    rows = GUESTS * NICS_EACH
    name = f"{FEW * NICS_EACH} rows"
    return [
        compared(f"NICs table opens, {rows} rows", "ms", many.opened, few.opened, name,
                 times_floor(FLAT), statistics.median),
        compared(f"one cell in {rows} NICs", "ms", many.changed, few.changed, name,
                 times_floor(FLAT), statistics.median),
    ]  # fmt: skip


@contextmanager
def _watched(bench: Bench, sizes: Sequence[int]) -> Iterator[tuple[Watched, ...]]:
    with ExitStack() as stack:
        watched = []
        for guests in sizes:
            host = stack.enter_context(Host())
            taps = [tap_name(guest, nic) for guest in range(guests) for nic in range(NICS_EACH)]
            host.batch(["link add virbr0 up type bridge"])
            host.add_taps(taps)
            plugs = [tap for number, tap in enumerate(taps) if number < 1000]  # a bridge's most
            host.batch([f"link set {tap} master virbr0 up" for tap in plugs])
            uri = crowd(bench.home, guests)
            argv = [sys.executable, "-m", "kvmnet_tui", "--connect", uri, "--lang", "en"]
            program = replace(OURS, argv=argv, full=has_row("default"))
            terminal = stack.enter_context(bench.started(program, host, TABLE))
            through = stack.enter_context(host.rtnetlink())
            indexes = host.indexes()
            watched.append(Watched(terminal, through, indexes[WATCHED], indexes["virbr0"]))
        yield tuple(watched)


def _open(one: Watched) -> None:
    """Away to another screen and back again."""
    one.terminal.type(BACK.keys)
    assert await_picture(one.terminal, BACK.reached)
    began = time.monotonic()
    one.terminal.type(TABLE.keys)
    shown = one.terminal.wait_for(TABLE.reached, LIMIT)
    one.terminal.read_until_quiet(SETTLE, LIMIT)
    if shown is not None:
        one.opened.append((shown - began) * 1e3)


def _pull(one: Watched) -> None:
    """The tap out of its bridge, which its row tells, and in again."""
    one.terminal.read_until_quiet(SETTLE, LIMIT)
    began = time.monotonic()
    set_master(one.through, one.tap, 0)
    shown = one.terminal.wait_for(_row_says("unplugged"), LIMIT)
    if shown is not None:
        one.changed.append((shown - began) * 1e3)
    set_master(one.through, one.tap, one.bridge)
    one.terminal.wait_for(_row_says("link up"), LIMIT)


def _row_says(word: str) -> Condition:
    def condition(lines: Lines) -> bool:
        return any(WATCHED in line.split() and word in line for line in lines)

    return condition
