"""Network namespaces made for a test: hosts of its own, whose links are nobody else's."""

import ctypes
import itertools
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNET = 0x40000000
_numbers = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A network namespace; its commands run inside it."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def path(self) -> Path:
        """Where the namespace is held open."""
        return Path("/run/netns", self.name)

    def run(self, *command: str, check: bool = True, text: str = "") -> str:
        """The output of a command run inside, fed with `text`."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.name, *command],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def ip(self, *lines: str) -> None:
        """`ip` commands, one a line, without the word `ip`, in one batch."""
        self.batch(lines)

    def batch(self, lines: Iterable[str]) -> None:
        """Many `ip` commands at the price of one process; AssertionError with its complaint."""
        done = subprocess.run(
            ["ip", "-n", self.name, "-batch", "-"],
            input="\n".join(lines) + "\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread's new sockets (and threads) belong to the namespace."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(self.path)
            try:
                yield
            finally:
                _set_namespace(home)
        finally:
            os.close(home)


@contextmanager
def network_namespace(purpose: str = "test") -> Iterator[Namespace]:
    """A new namespace with the loopback link alone; gone with all its links at the end."""
    namespace = Namespace(f"kvmnet-{purpose}-{os.getpid()}-{next(_numbers)}")
    subprocess.run(["ip", "netns", "add", namespace.name], check=True, capture_output=True)
    try:
        yield namespace
    finally:
        subprocess.run(["ip", "netns", "del", namespace.name], check=True, capture_output=True)


def _enter(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _set_namespace(handle)
    finally:
        os.close(handle)


def _set_namespace(handle: int) -> None:
    if _libc.setns(handle, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
