"""From start to the first full frame of 200x50."""

from tests.bench.figure import Figure, alternate, compared, times_floor
from tests.bench.host import Host, populate
from tests.bench.programs import DATATABLE, OURS, Bench, Program, await_picture
from tests.bench.terminal import first_time
from tests.bench.virtui import UnavailableError, virtui_manager

NAME = "first full frame"


def measure(bench: Bench) -> list[Figure]:
    """Against the minimal Textual app and against virtui-manager."""
    with Host() as host:
        populate(host, bridges=3, ports_each=8)
        return _against_minimal(bench, host) + _against_virtui(bench, host)


def _against_minimal(bench: Bench, host: Host) -> list[Figure]:
    for program in (DATATABLE, OURS):  # not counted: fills caches and writes byte code
        _seconds(bench, program, host)
    floor, ours = alternate(
        bench.times(9, 3),
        lambda: _seconds(bench, DATATABLE, host),
        lambda: _seconds(bench, OURS, host),
    )
    return [compared(NAME, "s", ours, floor, DATATABLE.name, times_floor(1.35))]


def _against_virtui(bench: Bench, host: Host) -> list[Figure]:
    try:
        peer = virtui_manager()
    except UnavailableError as reason:
        return [Figure(f"{NAME}, peer", "s", budget=times_floor(0.5), note=str(reason))]
    _seconds(bench, peer, host)
    floor, ours = alternate(
        bench.times(5, 2),
        lambda: _seconds(bench, peer, host),
        lambda: _seconds(bench, OURS, host),
    )
    return [compared(f"{NAME}, peer", "s", ours, floor, peer.name, times_floor(0.5))]


def _seconds(bench: Bench, program: Program, host: Host) -> float | None:
    with bench.start(program, host) as terminal:
        await_picture(terminal, program.full)
        full_at = first_time(terminal.chunks, program.full)
        return None if full_at is None else full_at - terminal.started
