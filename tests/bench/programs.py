"""The programs that are measured, and how to tell that each is ready."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.host import Host
from tests.bench.terminal import Condition, Lines, Terminal

ROOT = Path(__file__).resolve().parents[2]
LIBVIRT = "test:///default"  # libvirt's built-in driver, which costs nothing
START_LIMIT = 30.0  # seconds
QUIET = 0.4


def shows(*texts: str) -> Condition:
    """Whether every text is somewhere on the screen."""

    def condition(lines: Lines) -> bool:
        screen = "\n".join(lines)
        return all(text in screen for text in texts)

    return condition


def has_row(name: str) -> Condition:
    """Whether a row begins with this name."""

    def condition(lines: Lines) -> bool:
        return any(line.split()[:1] == [name] for line in lines)

    return condition


@dataclass(frozen=True, slots=True)
class Place:
    """A table inside a program: the keys that lead there, and when it is on the screen."""

    keys: str
    reached: Condition


@dataclass(frozen=True, slots=True)
class Program:
    """A command line, when its first frame is full, and where its tables are.

    `filled` tells when what is read after the first frame is on the screen too.
    """

    name: str
    argv: Sequence[str]
    full: Condition
    filled: Condition | None = None
    links: Place | None = None
    bridges: Place | None = None


DATATABLE = Program(
    "Textual app with one DataTable",
    [sys.executable, "-m", "tests.bench.floors.datatable"],
    shows("link", "vnet48"),
)
LINES = Program(
    "Line-API widget on a raw socket",
    [sys.executable, "-m", "tests.bench.floors.lines"],
    shows("lo   "),
)
OURS = Program(
    "kvmnet-tui",
    [sys.executable, "-m", "kvmnet_tui", "--connect", LIBVIRT, "--lang", "en"],
    shows("kvmnet-tui", "1 Networks", "6 Events", "Name", "q quit"),
    filled=has_row("default"),
    links=Place("5", shows("Managed by", "ens")),
    bridges=Place("2", shows("Bridge / port", "virbr0")),
)


@dataclass(frozen=True, slots=True)
class Bench:
    """How thorough to be, and the home folder that the measured programs see."""

    quick: bool
    home: Path

    def times(self, normal: int, quick: int) -> int:
        """How often to do a thing."""
        return quick if self.quick else normal

    def start(self, program: Program, host: Host, synchronised: bool = False) -> Terminal:
        """Run a program on a host, without waiting for anything."""
        env = {
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
        }
        return Terminal(host.command(program.argv), env, synchronised)

    def started(
        self, program: Program, host: Host, place: Place | None, synchronised: bool = False
    ) -> Terminal:
        """Run a program, go to `place`, wait until it rests; RuntimeError when it does not."""
        terminal = self.start(program, host, synchronised)
        try:
            _reach(terminal, program, place)
        except BaseException:
            terminal.close()
            raise
        return terminal


def _reach(terminal: Terminal, program: Program, place: Place | None) -> None:
    there = await_picture(terminal, program.full)
    if there and place:
        terminal.type(place.keys)
        there = await_picture(terminal, place.reached)
    if not there:
        said = " / ".join(line.strip() for line in terminal.lines() if line.strip())
        raise RuntimeError(f"{program.name} did not get there; its screen says: {said[:300]}")


def await_picture(terminal: Terminal, condition: Condition) -> bool:
    """Read until the picture satisfies and nothing follows for a while; whether it did."""
    deadline = terminal.elapsed() + START_LIMIT
    while terminal.elapsed() < deadline:
        terminal.read_until_quiet(QUIET, START_LIMIT)
        if condition(terminal.lines()):
            return True
    return False
