"""The programs that are measured, and how to tell that each is ready."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.host import Host
from tests.bench.terminal import Condition, Lines, Terminal

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 30.0  # seconds
QUIET = 0.4


def shows(*texts: str) -> Condition:
    """Whether every text is somewhere on the screen."""

    def condition(lines: Lines) -> bool:
        screen = "\n".join(lines)
        return all(text in screen for text in texts)

    return condition


@dataclass(frozen=True, slots=True)
class Program:
    """A command line, when its first frame is full, and the keys that lead to a table of links."""

    name: str
    argv: Sequence[str]
    full: Condition
    keys_to_links: str = ""
    keys_to_bridges: str = ""


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
    [sys.executable, "-m", "kvmnet_tui", "--connect", "test:///default", "--lang", "en"],
    shows("Networks", "Links"),
    keys_to_links="5",
    keys_to_bridges="2",
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
        self, program: Program, host: Host, keys: str = "", synchronised: bool = False
    ) -> Terminal:
        """Run a program, wait until its first frame is full, type `keys`, wait until it rests."""
        terminal = self.start(program, host, synchronised)
        await_full(terminal, program)
        for key in keys:
            terminal.type(key)
            terminal.read(QUIET)
            terminal.read_until_quiet(QUIET, START_LIMIT)
        return terminal


def await_full(terminal: Terminal, program: Program) -> bool:
    """Read until the first frame is full and nothing follows for a while; whether it came."""
    while terminal.elapsed() < START_LIMIT:
        terminal.read(QUIET)
        terminal.read_until_quiet(QUIET, START_LIMIT)
        if program.full(terminal.lines()):
            return True
    return False
