"""From a change in the kernel to the changed cell on the terminal, and the bytes that took."""

import socket
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.bench.figure import Figure, at_most, compared, percentile, times_floor
from tests.bench.host import Host, populate
from tests.bench.programs import LINES, OURS, Bench, Program
from tests.bench.rtnetlink import set_mtu
from tests.bench.terminal import Condition, Lines, Terminal, size

LINK = "ens32"
FEW, MANY = (3, 18), (40, 100)  # bridges, ports of each: 60 rows, 4,043 rows
FIRST_MTU = 1300  # below the 1500 of all others, so that no other cell can be taken for it
SETTLE = 0.03  # seconds: a second paint for the same change would come within this
LIMIT = 2.0
WARM_UP = 5


@dataclass(slots=True)
class Watched:
    """A program, the host it shows, and what was measured on it."""

    terminal: Terminal
    through: socket.socket
    index: int
    seconds: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)
    missed: int = 0


def measure(bench: Bench) -> list[Figure]:
    """Against the Line-API floor, and 4,000 rows against 60."""
    changes = bench.times(300, 60)
    with _watched(bench, (LINES, OURS), (FEW, FEW)) as (floor, ours):
        _change_in_turn((floor, ours), changes)
    with _watched(bench, (OURS, OURS), (FEW, MANY)) as (few, many):
        _change_in_turn((few, many), changes // 2)
    return [*_latencies(ours, floor), _bytes(ours, floor), _flatness(many, few)]


@contextmanager
def _watched(
    bench: Bench, programs: Sequence[Program], sizes: Sequence[tuple[int, int]]
) -> Iterator[tuple[Watched, ...]]:
    """Each program on a host of its own of that size, its table of links on the screen."""
    with ExitStack() as stack:
        watched = []
        for program, (bridges, ports_each) in zip(programs, sizes, strict=True):
            host = stack.enter_context(Host())
            populate(host, bridges, ports_each)
            terminal = stack.enter_context(bench.started(program, host, program.links))
            through = stack.enter_context(host.rtnetlink())
            watched.append(Watched(terminal, through, host.indexes()[LINK]))
        yield tuple(watched)


def _change_in_turn(watched: Sequence[Watched], changes: int) -> None:
    for number in range(WARM_UP + changes):
        for one in watched:
            one.terminal.read_until_quiet(SETTLE, LIMIT)
            _change(one, FIRST_MTU + number % 150)
        if number == WARM_UP - 1:
            for one in watched:
                one.seconds, one.sizes, one.missed = [], [], 0


def _change(watched: Watched, mtu: int) -> None:
    terminal = watched.terminal
    before = len(terminal.chunks)
    changed_at = time.monotonic()
    set_mtu(watched.through, watched.index, mtu)
    shown_at = terminal.wait_for(_row_shows(str(mtu)), LIMIT)
    terminal.read_until_quiet(SETTLE, LIMIT)
    if shown_at is None:
        watched.missed += 1
        return
    watched.seconds.append(shown_at - changed_at)
    watched.sizes.append(size(terminal.chunks[before:]))


def _row_shows(value: str) -> Condition:
    def condition(lines: Lines) -> bool:
        return any(LINK in words and value in words for words in map(str.split, lines))

    return condition


def _latencies(ours: Watched, floor: Watched) -> list[Figure]:
    own, base = _milliseconds(ours), _milliseconds(floor)
    name = "change to pixels, {}".format
    return [
        compared(name("p50"), "ms", own, base, LINES.name, times_floor(2), statistics.median),
        compared(
            name("p99"), "ms", own, base, LINES.name, times_floor(4), lambda v: percentile(v, 99)
        ),
    ]


def _bytes(ours: Watched, floor: Watched) -> Figure:
    return compared("bytes a changed cell", "B", ours.sizes, floor.sizes, LINES.name, at_most(200))


def _flatness(many: Watched, few: Watched) -> Figure:
    own, base = _milliseconds(many), _milliseconds(few)
    return compared("one cell in 4,000 rows", "ms", own, base, "60 rows", times_floor(1.5))


def _milliseconds(watched: Watched) -> list[float]:
    return [seconds * 1e3 for seconds in watched.seconds]
