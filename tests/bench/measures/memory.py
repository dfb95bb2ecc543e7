"""Resident memory with 4,000 ports on the screen's table."""

from tests.bench.figure import Figure, alternate, compared, times_floor
from tests.bench.host import Host, populate
from tests.bench.process import resident_bytes
from tests.bench.programs import DATATABLE, OURS, Bench, Program

BRIDGES, PORTS_EACH = 40, 100


def measure(bench: Bench) -> list[Figure]:
    """Against the minimal Textual app, which shows 60 rows."""
    with Host() as host:
        populate(host, BRIDGES, PORTS_EACH)
        floor, ours = alternate(
            bench.times(3, 1),
            lambda: _mebibytes(bench, DATATABLE, host),
            lambda: _mebibytes(bench, OURS, host),
        )
    return [compared("memory, 4,000 ports", "MiB", ours, floor, DATATABLE.name, times_floor(1.7))]


def _mebibytes(bench: Bench, program: Program, host: Host) -> float:
    with bench.started(program, host, program.bridges) as terminal:
        terminal.read_until_quiet(1.2, 4.0)  # past the first reading of counters
        return resident_bytes(terminal.pid) / (1 << 20)
