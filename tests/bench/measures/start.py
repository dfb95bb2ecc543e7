"""From start to the first full frame of 200x50."""

from collections.abc import Sequence
from typing import NamedTuple

from tests.bench.figure import Figure, alternate, compared, times_floor
from tests.bench.host import Host, populate
from tests.bench.programs import DATATABLE, OURS, Bench, Program, await_picture
from tests.bench.terminal import Condition, Terminal, first_time
from tests.bench.virtui import UnavailableError, virtui_manager

NAME, FILLED = "first full frame", "first rows of libvirt"


class Start(NamedTuple):
    """Seconds to the full first frame, and to the rows that come after it."""

    full: float | None
    filled: float | None


def measure(bench: Bench) -> list[Figure]:
    """Against the minimal Textual app and against virtui-manager."""
    with Host() as host:
        populate(host, bridges=3, ports_each=8)
        return _against_minimal(bench, host) + _against_virtui(bench, host)


def _against_minimal(bench: Bench, host: Host) -> list[Figure]:
    for program in (DATATABLE, OURS):  # not counted: fills caches and writes byte code
        _start(bench, program, host)
    floor, ours = alternate(
        bench.times(9, 3),
        lambda: _start(bench, DATATABLE, host),
        lambda: _start(bench, OURS, host),
    )
    name = DATATABLE.name
    return [
        compared(NAME, "s", _full(ours), _full(floor), name, times_floor(1.35)),
        compared(FILLED, "s", _filled(ours), _full(floor), name, None),
    ]


def _against_virtui(bench: Bench, host: Host) -> list[Figure]:
    try:
        peer = virtui_manager(bench.home)
    except UnavailableError as reason:
        return [Figure(f"{NAME}, peer", "s", budget=times_floor(0.5), note=str(reason))]
    _start(bench, peer, host)
    floor, ours = alternate(
        bench.times(5, 2),
        lambda: _start(bench, peer, host),
        lambda: _start(bench, OURS, host),
    )
    name = peer.name
    return [
        compared(f"{NAME}, peer", "s", _full(ours), _full(floor), name, times_floor(0.5)),
        compared(f"{FILLED}, peer", "s", _filled(ours), _filled(floor), name, None),
    ]


def _start(bench: Bench, program: Program, host: Host) -> Start:
    last = program.filled or program.full
    with bench.start(program, host) as terminal:
        await_picture(terminal, last)
        return Start(
            _seconds_until(program.full, terminal),
            _seconds_until(last, terminal),
        )


def _seconds_until(condition: Condition, terminal: Terminal) -> float | None:
    at = first_time(terminal.chunks, condition)
    return None if at is None else at - terminal.started


def _full(starts: Sequence[Start]) -> list[float]:
    return [start.full for start in starts if start.full is not None]


def _filled(starts: Sequence[Start]) -> list[float]:
    return [start.filled for start in starts if start.filled is not None]
