"""Starts the embedded lab with a program of the test's choice in it, and looks into it."""

import functools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from kvmnet_tui.lab import USER_NAMESPACE, namespaces_command
from tests.support.labs import is_ci, which

PROGRAM = Path(__file__).with_name("lab_program.py")
ROOT = PROGRAM.parents[2]
PATIENCE = 20.0
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")

T = TypeVar("T")


def until(look: Callable[[], T], seconds: float = PATIENCE) -> T:
    """The first true thing `look` returns; AssertionError when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not seen within {seconds} s; last: {found!r}"
        time.sleep(0.01)
    return found


class Lab:
    """A lab that runs; `pid` is the process a shell would know."""

    def __init__(self, process: subprocess.Popen[str], of_user: bool) -> None:
        self.process = process
        self.pid = process.pid
        self._of_user = of_user

    @property
    def outcome(self) -> dict[str, str] | None:
        """What the builder told; None while it builds."""
        told = Path(f"/proc/{self.pid}/root/run/kvmnet-tui/outcome.json")
        try:
            return json.loads(told.read_text()) if self._has_own_mounts() else None
        except FileNotFoundError:
            return None

    def wait_ready(self) -> dict[str, str]:
        """Wait until the builder has told how it ended."""
        return until(lambda: self.outcome or self._complain_if_ended())

    def run(self, *command: str) -> str:
        """What a command prints that runs in the lab's network and mounts; it must succeed."""
        user = ("--user",) if self._of_user else ()
        into = ["nsenter", "--target", str(self.pid), *user, "--net", "--mount"]
        return subprocess.run(
            [*into, *command], capture_output=True, text=True, check=True, timeout=30
        ).stdout

    def ip(self, *words: str) -> list[dict[str, Any]]:
        """`ip -json WORDS` in the lab."""
        return json.loads(self.run("ip", "-details", "-statistics", "-json", *words))

    def links(self) -> dict[str, dict[str, Any]]:
        """Every link with its addresses, by name."""
        return {link["ifname"]: link for link in self.ip("address")}

    @property
    def children(self) -> list[int]:
        """First process, host and program, in this order."""
        return children_of(self.pid)

    def _has_own_mounts(self) -> bool:
        own = Path("/proc/self/ns/mnt").readlink()
        return Path(f"/proc/{self.pid}/ns/mnt").readlink() != own

    def _complain_if_ended(self) -> None:
        assert self.process.poll() is None, f"the lab ended: {self.process.returncode}"


def children_of(pid: int) -> list[int]:
    """A single-threaded process's children, oldest first."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command(*program: str) -> list[str]:
    """What runs a program in a lab of this user, who is root."""
    return [*namespaces_command(), sys.executable, str(PROGRAM), *program]


@contextmanager
def running_lab(
    *program: str, prefix: tuple[str, ...] = (), of_nobody: bool = False
) -> Iterator[Lab]:
    """A lab around `program` (one that waits, by default), ready; it is gone afterwards.

    `prefix` comes before the lab's command. With `of_nobody` an ordinary user starts it.
    """
    program = program or ("sleep", "infinity")
    with ExitStack() as stack:
        line = command(*program)
        if of_nobody:
            line = stack.enter_context(_nobodys_command(*program))
        process = subprocess.Popen([*prefix, *line], stdin=subprocess.DEVNULL, cwd="/")
        stack.callback(process.wait, PATIENCE)
        stack.callback(process.terminate)
        lab = Lab(process, of_nobody)
        lab.wait_ready()
        yield lab


@contextmanager
def readable_checkout() -> Iterator[Path]:
    """A copy of the package and the lab's test program that every user may read."""
    with tempfile.TemporaryDirectory(prefix="kvmnet-tui-") as folder:
        copy = Path(folder)
        copy.chmod(0o755)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "kvmnet_tui", copy / "kvmnet_tui", ignore=ignored)
        shutil.copy(PROGRAM, copy)
        yield copy


@contextmanager
def _nobodys_command(*program: str) -> Iterator[list[str]]:
    with readable_checkout() as copy:
        namespaces = [which("unshare"), *USER_NAMESPACE, *namespaces_command()[1:]]
        environment = ("env", f"PYTHONPATH={copy}", "PYTHONDONTWRITEBYTECODE=1")
        python = python_of_nobody()
        yield [*NOBODY, *environment, *namespaces, python, str(copy / PROGRAM.name), *program]


@functools.cache
def python_of_nobody() -> str:
    """An interpreter that every user may run; this one may live in root's home."""
    old = "import sys; sys.exit(sys.version_info < (3, 11))"
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            subprocess.run([*NOBODY, "env", python, "-c", old], capture_output=True, check=True)
        except subprocess.CalledProcessError:
            continue
        return python
    message = "no Python 3.11 here that an ordinary user may run"
    return pytest.fail(message) if is_ci() else pytest.skip(message)
