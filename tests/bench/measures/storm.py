"""A storm: ports that go down and come up a thousand times a second, and the picture after it."""

import json
import random
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.figure import Budget, Figure, at_most, compared
from tests.bench.host import Host, plug_cables
from tests.bench.process import cpu_seconds
from tests.bench.programs import LINES, OURS, Bench, Program
from tests.bench.rtnetlink import set_mtu, set_up
from tests.bench.terminal import Lines, Picture, Terminal, paints, size

FLAPS_A_SECOND = (
    1_000  # a flap is down and up again: two changes; half the ports are down at any time
)
PORTS = tuple(f"ens{number}" for number in range(24))
CALM_LIMIT = 5.0  # seconds to come to rest after the last flap


@dataclass(frozen=True, slots=True)
class Storm:
    """What one program did in one storm; `seconds` is how long the storm really took."""

    flaps: int
    seconds: float
    paints: int
    cpu: float
    written: int
    wrong: int
    exact_after: float | None


def measure(bench: Bench) -> list[Figure]:
    """The floor and then ours, each on a host of its own, under the same storm."""
    seconds = bench.times(5, 2)
    floor = _storm(bench, LINES, seconds)
    ours = _storm(bench, OURS, seconds)
    return [
        Figure("storm, wrong rows after", "", ours.wrong, budget=at_most(0), note=_note(ours)),
        _figure("storm, paints", "/s", ours.paints, floor.paints, ours, floor, at_most(20)),
        _figure("storm, processor", "%", ours.cpu * 100, floor.cpu * 100, ours, floor, at_most(60)),
        _figure(
            "storm, bytes",
            "kB/s",
            ours.written / 1e3,
            floor.written / 1e3,
            ours,
            floor,
            at_most(40),
        ),
    ]


def _figure(
    name: str, unit: str, own: float, base: float, ours: Storm, floor: Storm, budget: Budget
) -> Figure:
    values = [own / ours.seconds], [base / floor.seconds]
    return compared(name, unit, *values, LINES.name, budget)


def _note(storm: Storm) -> str:
    said = f"{storm.flaps} flaps of {len(PORTS)} ports in {storm.seconds:.1f} s; "
    if storm.exact_after is None:
        return said + f"not exact within {CALM_LIMIT:g} s"
    return said + f"exact {storm.exact_after * 1e3:.0f} ms after the last one"


def _storm(bench: Bench, program: Program, seconds: int) -> Storm:
    with Host() as switch, Host() as host:
        plug_cables(host, switch, PORTS)
        with bench.started(program, host, program.links, synchronised=True) as terminal:
            return _through(terminal, host, seconds)


def _through(terminal: Terminal, host: Host, seconds: int) -> Storm:
    flaps = FLAPS_A_SECOND * seconds
    indexes = [host.indexes()[port] for port in PORTS]
    first = len(terminal.chunks)
    cpu, began = cpu_seconds(terminal.pid), time.monotonic()
    with host.rtnetlink() as through:
        _flap(terminal, through, indexes, flaps)
        took = time.monotonic() - began
        cpu, during = cpu_seconds(terminal.pid) - cpu, terminal.chunks[first:]
        _leave_mixed(through, indexes)
    ended = time.monotonic()
    after = len(terminal.chunks)
    terminal.read_until_quiet(1.5, CALM_LIMIT)
    truth = json.loads(host.run("ip", "-j", "link"))
    exact_at = _exact_at(terminal, after, truth)
    lag = None if exact_at is None else max(0.0, exact_at - ended)
    wrong = wrong_rows(terminal.lines(), truth)
    return Storm(flaps, took, paints(during), cpu, size(during), wrong, lag)


def _flap(terminal: Terminal, through: socket.socket, indexes: Sequence[int], flaps: int) -> None:
    began = time.monotonic()
    for number in range(flaps):
        set_up(through, indexes[number % len(indexes)], up=False)
        set_up(through, indexes[(number - len(indexes) // 2) % len(indexes)], up=True)
        due = began + (number + 1) / FLAPS_A_SECOND
        while terminal.read(due - time.monotonic()):
            pass
        time.sleep(max(0.0, due - time.monotonic()))


def _leave_mixed(through: socket.socket, indexes: Sequence[int]) -> None:
    """The last changes leave every port in a state of its own, so that a stale row shows."""
    chance = random.Random(1)  # the same storm every time
    for index in indexes:
        set_up(through, index, up=chance.random() < 0.5)
        set_mtu(through, index, chance.randrange(1280, 1500))


def _exact_at(terminal: Terminal, after: int, truth: Sequence[Mapping[str, Any]]) -> float | None:
    """When the picture became exact for good, by playing all bytes again."""
    picture, exact_at = Picture(), None
    for number, chunk in enumerate(terminal.chunks):
        picture.feed(chunk.data)
        if number < after:
            continue
        if wrong_rows(picture.lines, truth):
            exact_at = None
        elif exact_at is None:
            exact_at = chunk.at
    return exact_at


def wrong_rows(lines: Lines, truth: Sequence[Mapping[str, Any]]) -> int:
    """How many links of `ip -j link` have no row that says the same."""
    rows = {words[0]: words for words in map(str.split, lines) if words}
    return sum(not _says(rows.get(link["ifname"], []), link) for link in truth)


def _says(words: Sequence[str], link: Mapping[str, Any]) -> bool:
    state = _state_words(link["flags"])
    expected = {str(link["mtu"]), link["address"], link.get("master", link["ifname"])}
    return list(words[2 : 2 + len(state)]) == state and expected <= set(words)


def _state_words(flags: Sequence[str]) -> list[str]:
    """How the table of links says what these flags mean."""
    if "UP" not in flags:
        return ["down"]
    return ["up"] if "LOWER_UP" in flags else ["no", "carrier"]
