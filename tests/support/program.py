"""The real program as its user starts it, without a screen."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

PROGRAM = (sys.executable, "-m", "kvmnet_tui")
# No libvirt daemon can be behind this one.
NO_LIBVIRT = "qemu+unix:///system?socket=/nonexistent/libvirt-sock"
ENVIRONMENT = {"LANGUAGE": "en", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Answer(NamedTuple):
    """What a run of the program left."""

    status: int
    out: str
    err: str


def run(*arguments: str, within: Sequence[str] = (), **environment: str) -> Answer:
    """Run the program to its end; `within` is a command line that runs what follows it."""
    done = subprocess.run(
        [*within, *PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | ENVIRONMENT | environment,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


@contextmanager
def running(*arguments: str, within: Sequence[str] = ()) -> Iterator["subprocess.Popen[str]"]:
    """The program while it runs, its output in pipes; ended by its pid at the latest."""
    process = subprocess.Popen(
        [*within, *PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | ENVIRONMENT,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
