"""Hears the kernel: files messages as they come, decodes when the picture is about to be shown."""

import asyncio
import errno
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import Enum, auto
from types import TracebackType
from typing import Final

from kvmnet_tui.events import Event, KernelChanged
from kvmnet_tui.model.links import Link
from kvmnet_tui.sources.netlink import constants as c
from kvmnet_tui.sources.netlink.reading import link_request
from kvmnet_tui.sources.netlink.table import KernelTable
from kvmnet_tui.sources.netlink.transport import MESSAGE_BYTES, ask, drain, open_events, open_socket
from kvmnet_tui.sources.source import Inbox

_GROUPS: Final = (c.RTNLGRP_LINK, c.RTNLGRP_IPV4_IFADDR, c.RTNLGRP_IPV6_IFADDR, c.RTNLGRP_NEIGH)
_AT_ONCE: Final = 512  # messages filed before the loop may do something else: about 2 ms
_EVER: Final = 1 << 30
_DOWN_AT_ONCE: Final = 32
_REST: Final = 0.01  # seconds between two looks at the socket while a flush is due anyway
_LOOKS: Final = 16  # at the socket before that rest begins: few messages are timed as they come


class Ending(Enum):
    """Why everything must be read anew."""

    OVERFLOW = auto()
    UNKNOWN_VLANS = auto()
    UNSTEADY = auto()


class Listener:
    """The event socket and the table that its messages keep up to date.

    Used as a context manager on the event loop. `ended` comes true when the kernel threw messages
    away or told of something that only a complete reading can show; it fails with the socket.
    """

    def __init__(
        self,
        inbox: Inbox,
        receive_buffer: int,
        links_told: Callable[[Mapping[int, Link | None]], None],
        forwarding_touched: Callable[[], None],
    ) -> None:
        self.table = KernelTable()
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._inbox = inbox
        self._links_told = links_told
        self._forwarding_touched = forwarding_touched
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray(MESSAGE_BYTES)
        self._events = open_events(_GROUPS, receive_buffer)
        self._questions = open_socket()
        self._resting: asyncio.TimerHandle | None = None
        self._complete = False
        self._pulled = False
        self._looks = 0
        self._heard_at = 0.0

    def __enter__(self) -> "Listener":
        self._loop.add_reader(self._events, self._readable)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._complete = False
        self._loop.remove_reader(self._events)
        if self._resting is not None:
            self._resting.cancel()
        self.ended.cancel()
        self._events.close()
        self._questions.close()

    def begin(self) -> KernelChanged:
        """Everything, once a complete reading is in the table; from now on changes are told."""
        self._file(_EVER)  # what came while it was read
        self._links_told(self.table.apply().links)
        self._complete = True
        self._heard_at = 0.0
        links, neighbours = dict(self.table.links), dict(self.table.neighbours)
        return KernelChanged(time.time(), links, neighbours, complete=True)

    def ask_for(self, indexes: Iterable[int]) -> None:
        """Read single links again, for what the kernel does not tell by itself."""
        self._ask(indexes)
        if self.table.is_waiting:
            self._heard_at = self._heard_at or time.time()
            self._pull()

    def ask_for_down_links(self, after: int) -> int:
        """Read some of the links that are down, from index `after` on; where to go on next time.

        The kernel tells nobody when settings of such a link change (netdev_state_change).
        """
        down = sorted(link.index for link in self.table.links.values() if not link.is_up)
        begin = bisect_right(down, after)
        batch = down[begin : begin + _DOWN_AT_ONCE]
        self.ask_for(batch)
        return batch[-1] if len(batch) == _DOWN_AT_ONCE else 0

    def end(self, ending: Ending) -> None:
        """Have everything read anew."""
        if not self.ended.done():
            self.ended.set_result(ending)
            self._loop.remove_reader(self._events)

    def _readable(self) -> None:
        self._file(_AT_ONCE)
        if self._complete and self.table.is_waiting:
            self._pull()

    def _file(self, limit: int) -> None:
        self._heard_at = self._heard_at or time.time()
        try:
            for data in drain(self._events, self._buffer, limit):
                self.table.keep(data)
        except OSError as error:
            if error.errno == errno.ENOBUFS:
                self.end(Ending.OVERFLOW)
            elif not self.ended.done():
                self.ended.set_exception(error)
                self._loop.remove_reader(self._events)
        if self.table.forwarding_touched:
            self.table.forwarding_touched = False
            self._forwarding_touched()

    def _pull(self) -> None:
        """Have the table read at the next flush; until then the socket is looked at rarely."""
        if not self._pulled:
            self._pulled = True
            self._inbox.pull(self._take)
        self._looks += 1
        if self._looks > _LOOKS and self._resting is None and not self.ended.done():
            self._loop.remove_reader(self._events)
            self._resting = self._loop.call_later(_REST, self._listen_again)

    def _listen_again(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        if not self.ended.done():
            self._loop.add_reader(self._events, self._readable)

    def _take(self) -> list[Event]:
        self._pulled = False
        self._looks = 0
        if not self._complete:
            return []
        self._file(_AT_ONCE)
        heard_at, self._heard_at = self._heard_at, 0.0
        events = self._changes(heard_at)
        if touched := self.table.take_touched_bridges():
            self._ask(touched)
            events += self._changes(heard_at)
        self._listen_again()
        return events

    def _ask(self, indexes: Iterable[int]) -> None:
        for index in indexes:
            with suppress(OSError):  # it is only a little older then
                self.table.keep(ask(self._questions, link_request(index)))

    def _changes(self, at: float) -> list[Event]:
        changes = self.table.apply()
        self._links_told(changes.links)
        if self.table.vlans_unknown:
            self.end(Ending.UNKNOWN_VLANS)
        events: list[Event] = []
        if changes.reborn:
            events.append(KernelChanged(at, dict.fromkeys(changes.reborn)))
        moments = tuple(changes.moments)
        if changes.links or changes.neighbours or moments:
            events.append(KernelChanged(at, changes.links, changes.neighbours, moments=moments))
        return events
