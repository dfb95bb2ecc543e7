"""libvirt's event loop on asyncio, safe to be used from the threads that call libvirt.

libvirtaio is written for calls made on the loop's own thread. Ours are made in worker threads,
since each may block, and libvirt adds, updates and removes its handles and timers from whichever
thread happens to be inside it. From there `add_reader` and `create_task` neither wake the loop nor
are safe against what it does meanwhile. So everything that touches the loop is carried over with
`call_soon_threadsafe`, in order, while what libvirt needs at once (the number of the handle, the
events it wants from now on) is decided in the calling thread.

That leaves a gap between `remove_handle` and the loop having forgotten the descriptor. In it
libvirt may close the descriptor and its number may come back as something else's. Waiting for the
loop would close the gap but can deadlock: the caller holds libvirt's lock for the connection, the
loop may be waiting for it in a callback. So the loop watches a duplicate that belongs to us,
and which is closed only after the loop has let go of it. A wake-up that comes late is harmless:
the events wanted are looked at when it is delivered, and libvirt ignores wake-ups of a connection
that a thread reads from.
"""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

import libvirt
import libvirtaio

READABLE: int = libvirt.VIR_EVENT_HANDLE_READABLE
WRITABLE: int = libvirt.VIR_EVENT_HANDLE_WRITABLE


class Handle(libvirtaio.Callback):  # type: ignore[misc]  # the library has no types
    """One watch of libvirt's on one file descriptor; `wanted` may be set in any thread."""

    def __init__(self, impl: "EventLoop", fd: int, wanted: int, cb: Any, opaque: Any) -> None:
        super().__init__(impl, cb, opaque)
        self.fd = fd
        self.wanted = wanted
        self.thread = threading.get_ident()
        self._watched = os.dup(fd)
        self._stale = False

    def want(self, events: int) -> None:
        """Change the events that are wanted, from any thread."""
        self.wanted = events
        # A call into libvirt turns the events off and, when it returns, on again: one hop to the
        # loop serves all changes that were made until it gets there.
        if not self._stale:
            self._stale = True
            self.impl.on_loop(self.watch)

    def watch(self) -> None:
        """Bring the loop up to date; on the loop."""
        self._stale = False
        loop, fd = self.impl.loop, self._watched
        if fd < 0:
            return
        if self.wanted & READABLE:
            loop.add_reader(fd, self._ready, READABLE)
        else:
            loop.remove_reader(fd)
        if self.wanted & WRITABLE:
            loop.add_writer(fd, self._ready, WRITABLE)
        else:
            loop.remove_writer(fd)

    def hang_up(self) -> None:
        """Break the connection behind the descriptor: calls that wait for an answer fail."""
        # What is no socket, or broken already, cannot be hung up.
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._watched)) as peer:
            peer.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Stop watching for good and give libvirt its data back; on the loop."""
        self.wanted = 0
        self.watch()
        fd, self._watched = self._watched, -1
        os.close(fd)
        libvirt.virEventInvokeFreeCallback(self.opaque)

    def _ready(self, event: int) -> None:
        if self.wanted & event:
            self.cb(self.iden, self.fd, event, self.opaque)


class Timer(libvirtaio.Callback):  # type: ignore[misc]  # the library has no types
    """One timer of libvirt's; `milliseconds` (-1 for off) may be set in any thread."""

    def __init__(self, impl: "EventLoop", milliseconds: int, cb: Any, opaque: Any) -> None:
        super().__init__(impl, cb, opaque)
        self.milliseconds = milliseconds
        self._call: asyncio.TimerHandle | None = None

    def set(self, milliseconds: int) -> None:
        """Change the interval, from any thread."""
        self.milliseconds = milliseconds
        self.impl.on_loop(self.arm)

    def arm(self) -> None:
        """Start counting anew; on the loop."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if self.milliseconds >= 0:
            self._call = self.impl.loop.call_later(self.milliseconds / 1000, self._fire)

    def forget(self) -> None:
        """Stop for good and give libvirt its data back; on the loop."""
        self.milliseconds = -1
        self.arm()
        libvirt.virEventInvokeFreeCallback(self.opaque)

    def _fire(self) -> None:
        self._call = None
        if self.milliseconds < 0:
            return
        self.arm()
        self.cb(self.iden, self.opaque)


class EventLoop(libvirtaio.virEventAsyncIOImpl):  # type: ignore[misc]  # the library has no types
    """libvirtaio's event implementation, for callers in any thread."""

    def on_loop(self, function: Callable[[], object]) -> None:
        """Have `function` called on the loop, soon and in order; nothing once the loop is closed.

        Never at once, not even on the loop's own thread: libvirt may be in the middle of things.
        """
        try:
            self.loop.call_soon_threadsafe(function)
        except RuntimeError:
            if not self.loop.is_closed():
                raise

    def handles_of(self, thread: int) -> tuple[Handle, ...]:
        """The handles that were added in a thread (by its identifier) and are still watched."""
        return tuple(
            each
            for each in tuple(self.callbacks.values())
            if isinstance(each, Handle) and each.thread == thread
        )

    def _add_handle(self, fd: int, event: int, cb: Any, opaque: Any) -> int:
        handle = Handle(self, fd, event, cb, opaque)
        self.callbacks[handle.iden] = handle
        self.on_loop(handle.watch)
        return int(handle.iden)

    def _update_handle(self, watch: int, event: int) -> None:
        self.callbacks[watch].want(event)

    def _remove_handle(self, watch: int) -> int:
        return self._remove(watch)

    def _add_timeout(self, timeout: int, cb: Any, opaque: Any) -> int:
        timer = Timer(self, timeout, cb, opaque)
        self.callbacks[timer.iden] = timer
        self.on_loop(timer.arm)
        return int(timer.iden)

    def _update_timeout(self, timer: int, timeout: int) -> None:
        self.callbacks[timer].set(timeout)

    def _remove_timeout(self, timer: int) -> int:
        return self._remove(timer)

    def _remove(self, number: int) -> int:
        callback = self.callbacks.pop(number, None)
        if callback is None:
            return -1
        if isinstance(callback, Timer):
            callback.milliseconds = -1
        else:
            callback.wanted = 0
        self.on_loop(callback.forget)
        return 0


_registered: EventLoop | None = None


def on_running_loop() -> EventLoop:
    """The process's event implementation, now on the running loop.

    libvirt takes one implementation for the life of the process, and connections made before it is
    registered get no events.
    """
    global _registered  # noqa: PLW0603 - libvirt's registration is the process's, too
    if _registered is None:
        _registered = EventLoop(asyncio.get_running_loop())
        _registered.register()
    _registered.loop = asyncio.get_running_loop()
    return _registered
