"""What the kernel says a process and its children cost."""

import os
from collections.abc import Iterator
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def family(pid: int) -> Iterator[int]:
    """The process and all that descend from it."""
    yield pid
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listing.read_text().split():
            yield from family(int(child))


def resident_bytes(pid: int) -> int:
    """Memory held, shared pages included."""
    return sum(_statm(member)[1] for member in family(pid)) * _PAGE


def cpu_seconds(pid: int) -> float:
    """Processor time used: by the scheduler's clock or by ticks, whichever knows of more.

    The scheduler's is exact but forgets threads that ended; the ticks' remembers, in 10 ms.
    """
    return sum(max(_scheduled(member), _ticked(member)) for member in family(pid))


def _statm(pid: int) -> list[int]:
    return [int(field) for field in Path(f"/proc/{pid}/statm").read_text().split()]


def _scheduled(pid: int) -> float:
    stats = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(stat.read_text().split()[0]) for stat in stats) / 1e9


def _ticked(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK
