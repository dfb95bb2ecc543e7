"""Processor time and bytes while nothing changes."""

from contextlib import ExitStack

from tests.bench.figure import Figure, at_most, compared
from tests.bench.host import Host, populate
from tests.bench.process import cpu_seconds
from tests.bench.programs import DATATABLE, OURS, Bench
from tests.bench.terminal import Terminal, size

HISTORY_SECONDS = 20.0  # what the host did while it was made leaves the rates' history in this


def measure(bench: Bench) -> list[Figure]:
    """Ours and the minimal Textual app side by side, each on a host where nothing happens."""
    seconds = bench.times(15, 5)
    with ExitStack() as stack:
        terminals = []
        for program in (DATATABLE, OURS):
            host = stack.enter_context(Host())
            populate(host, bridges=3, ports_each=18)
            terminal = bench.started(program, host, program.bridges)
            terminals.append(stack.enter_context(terminal))
        _rest(terminals, HISTORY_SECONDS)
        (floor_cpu, floor_bytes), (cpu, written) = _rest(terminals, seconds)
    name = DATATABLE.name
    return [
        compared("idle processor", "%", [cpu], [floor_cpu], name, at_most(0.5)),
        compared("idle bytes", "B/s", [written], [floor_bytes], name, at_most(0)),
    ]


def _rest(terminals: list[Terminal], seconds: float) -> list[tuple[float, float]]:
    """Per cent of one processor and bytes a second, of each terminal's program."""
    before = [(cpu_seconds(one.pid), size(one.chunks)) for one in terminals]
    end = terminals[0].elapsed() + seconds
    while terminals[0].elapsed() < end:
        for one in terminals:
            one.read(0.25)
    return [
        (
            (cpu_seconds(one.pid) - cpu) / seconds * 100,
            (size(one.chunks) - written) / seconds,
        )
        for one, (cpu, written) in zip(terminals, before, strict=True)
    ]
