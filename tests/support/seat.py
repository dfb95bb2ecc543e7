"""An operator at a terminal on a test host: what is typed, and what is seen."""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Protocol

from tests.support.program import NO_LIBVIRT
from tests.support.terminal import Glass, Terminal

ENTER, ESCAPE, DOWN, TAB, CLEAR = "\r", "\x1b", "\x1b[B", "\t", "\x15"
PATIENCE_SECONDS = 30.0


class Place(Protocol):
    """A host to sit at."""

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` inside."""

    def environment(self) -> Mapping[str, str]:
        """What a login has around it."""


class Seat:
    """kvmnet-tui on a pty inside the host, until the `with` ends."""

    def __init__(
        self,
        host: Place,
        *,
        uri: str = NO_LIBVIRT,
        language: str = "en",
        size: tuple[int, int] = (24, 80),
        **environment: str,
    ) -> None:
        program = (sys.executable, "-m", "kvmnet_tui", "--lang", language, "-c", uri)
        around = {**host.environment(), "TERM": "xterm-256color", **environment}
        self._terminal = Terminal(host.command(program), around, *size)
        self._glass = Glass(*size)

    def __enter__(self) -> "Seat":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._terminal.close()

    @property
    def text(self) -> str:
        """What is seen."""
        return self._glass.text

    def sees(self, *texts: str) -> None:
        """Wait until all of these are on the screen."""
        self._until(lambda: all(text in self.text for text in texts), texts)

    def sees_no(self, text: str) -> None:
        """Wait until this is gone."""
        self._until(lambda: text not in self.text, f"no {text}")

    def _until(self, condition: Callable[[], bool], what: object) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not seen: {what}\n{self.text}"
            self._glass.write(self._terminal.read(0.1))

    def types(self, *keys: str) -> None:
        """Press keys, all at once as a slow link brings them."""
        os.write(self._terminal.fd, "".join(keys).encode())

    def kill(self, number: signal.Signals) -> int:
        """End the program by a signal; how it ended."""
        os.kill(self._terminal.pid, number)
        return self._terminal.exit_code()

    def hang_up(self) -> int:
        """Take the terminal away, as a lost session does; how the program ended."""
        return self._terminal.hang_up()

    def quit(self) -> int:
        """Leave the program by its key."""
        self.types("q")
        return self._terminal.exit_code()
