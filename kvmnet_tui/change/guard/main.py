"""One guard at a time, and another one when it dies or hangs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import time
from pathlib import Path

from .guarding import Guard
from .host import boottime
from .journal import FINAL, PREPARED, REFUSED, RESERVE, RESERVE_BYTES, TRIAL, Journal
from .texts import _, speak

LOOK_EVERY = 0.1
LOCK_SECONDS = 3.0
HUNG_SECONDS = 5.0  # past its deadline a guard that still tries is taken to be stuck
SLOW_SECONDS = 90.0  # and one that puts things back, after so long


def locked(folder: Path, seconds: float) -> int | None:
    """The one lock of this host, or None when another guard has it for so long."""
    lock = os.open(folder.parent / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= end:
                os.close(lock)
                return None
            time.sleep(0.05)
        else:
            return lock


def be_guard(folder: Path) -> None:
    end_hung(folder)
    lock = locked(folder, LOCK_SECONDS)
    if lock is None:
        journal = Journal(folder)
        if journal.state == PREPARED:
            journal.enter(REFUSED, problem=_("Another change is under way on this host."))
        return
    guard = Guard(folder)
    guard.journal.save(guard=os.getpid())
    with contextlib.suppress(OSError):
        (folder / RESERVE).write_bytes(bytes(RESERVE_BYTES))
    guard.go()


def end_hung(folder: Path) -> None:
    """End a guard that is long past its deadline: stopped, or stuck in something."""
    journal = Journal(folder)
    if journal.state in FINAL or journal["deadline"] is None or not journal["guard"]:
        return
    late = boottime() - journal["deadline"]
    if late < (HUNG_SECONDS if journal.state == TRIAL else SLOW_SECONDS):
        return
    process = Path("/proc", str(journal["guard"]))
    with contextlib.suppress(OSError):
        if str(folder).encode() in (process / "cmdline").read_bytes():
            os.kill(journal["guard"], signal.SIGKILL)


def watch(folder: Path) -> None:
    """Take over from a guard that dies, or hangs, before the end."""
    began = time.monotonic()
    while folder.is_dir() and Journal(folder).state not in FINAL:
        end_hung(folder)
        lock = locked(folder, 0)
        if lock is not None:
            os.close(lock)
            is_new = Journal(folder).state == PREPARED and time.monotonic() - began < LOCK_SECONDS
            if not is_new:
                be_guard(folder)
        time.sleep(LOOK_EVERY)


def main() -> None:
    arguments = sys.argv[1:]
    folder = Path(arguments[-1])
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    catalogue = folder / "guard.mo"
    if catalogue.exists():
        speak(catalogue)
    (watch if arguments[0] == "--watch" else be_guard)(folder)
