"""Wires between the host's end of a guest's NIC and the guest's end: frames copied both ways."""

import os
import select
from contextlib import suppress

_LARGEST_FRAME = 16 * 1024
_FRAMES_AT_ONCE = 64


class Wires:
    """Copies frames between pairs of descriptors of taps or links."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._other_end: dict[int, int] = {}

    def join(self, one: int, other: int) -> None:
        """Wire two ends together."""
        self._other_end |= {one: other, other: one}
        for end in (one, other):
            self._epoll.register(end, select.EPOLLIN)

    def carry(self, seconds: float) -> bool:
        """Copy what has arrived, or the first that does within `seconds`; False for nothing."""
        ready = self._epoll.poll(seconds)
        for end, events in ready:
            if end in self._other_end and not (self._carry_from(end) and events & select.EPOLLIN):
                self._cut(end)
        return bool(ready)

    def _carry_from(self, end: int) -> bool:
        """Copy what waits at one end; False when that end is gone."""
        for _ in range(_FRAMES_AT_ONCE):
            try:
                frame = os.read(end, _LARGEST_FRAME)
            except BlockingIOError:
                return True
            except OSError:
                return False
            with suppress(OSError):  # the other end is down or full: the frame is lost, as on wires
                os.write(self._other_end[end], frame)
        return True

    def _cut(self, end: int) -> None:
        """Somebody deleted the link: unplug both ends, so that the guest sees it too."""
        other = self._other_end.pop(end, None)
        if other is None:
            return
        del self._other_end[other]
        for descriptor in (end, other):
            self._epoll.unregister(descriptor)
            os.close(descriptor)
