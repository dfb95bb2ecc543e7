"""The real program as its user starts it, without a screen."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

PROGRAM = (sys.executable, "-m", "kvmnet_tui")
# No libvirt daemon can be behind this one.
NO_LIBVIRT = "qemu+unix:///system?socket=/nonexistent/libvirt-sock"
PATIENCE = 20.0
ENVIRONMENT = {"LANGUAGE": "en", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Answer(NamedTuple):
    """What a run of the program left."""

    status: int
    out: str
    err: str


def run(*arguments: str, within: Sequence[str] = (), typed: str = "", **environment: str) -> Answer:
    """Run the program to its end; `within` is a command line that runs what follows it.

    `typed` is its standard input, which is no terminal.
    """
    done = subprocess.run(
        [*within, *PROGRAM, *arguments],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | ENVIRONMENT | environment,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


class Running:
    """The program while it runs; what it prints is read line by line, never for ever."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self._unread = b""

    def line(self, seconds: float = PATIENCE) -> str:
        """The next line of stdout; AssertionError when there is none in time, or no more."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, left))
            assert ready, f"no line within {seconds} s"
            part = os.read(self.process.stdout.fileno(), 65536)
            assert part, f"it ended with {self.process.wait()}: {self.complaints()}"
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def line_with(self, text: str) -> str:
        """The next line that contains `text`."""
        while text not in (line := self.line()):
            pass
        return line

    def stop_reading(self) -> None:
        """Close this end of the program's stdout."""
        assert self.process.stdout is not None
        self.process.stdout.close()

    def complaints(self) -> str:
        """What it wrote to stderr, once it has ended."""
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()


@contextmanager
def running(*arguments: str, within: Sequence[str] = ()) -> Iterator[Running]:
    """The program while it runs, its output in pipes; ended by its pid at the latest."""
    process = subprocess.Popen(
        [*within, *PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | ENVIRONMENT,
    )
    with process:
        try:
            yield Running(process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
