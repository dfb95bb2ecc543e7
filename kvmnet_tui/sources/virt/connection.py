"""One connection to libvirt: opened, used and closed in a daemon thread, with time limits."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import libvirt

from kvmnet_tui.model.state import Problem
from kvmnet_tui.sources.threads import Worker
from kvmnet_tui.sources.virt.address import without_prompts
from kvmnet_tui.sources.virt.errors import failure_of
from kvmnet_tui.sources.virt.eventloop import on_running_loop
from kvmnet_tui.sources.virt.failure import Failure, Lost

KEEPALIVE_COUNT = 3
CALL_SECONDS = 30.0
CLOSE_SECONDS = 1.0

Result = TypeVar("Result")

_CLOSE_REASONS = {libvirt.VIR_CONNECT_CLOSE_REASON_KEEPALIVE: Problem.NOT_ANSWERING}


class Connection:
    """A connection to `uri`. `on_lost` is called on the loop when libvirt says that it is gone.

    Every call runs in the connection's one thread, in order. A call that hangs is ended by
    `hang_up`, which breaks the socket. Calls from two threads at once would be served, too, but
    when the daemon falls silent libvirt (9.0 at least) ends only one of them: the other waits for
    ever, and the connection's loss is not told.
    """

    def __init__(
        self, uri: str, read_only: bool, keepalive_seconds: int, on_lost: Callable[[Failure], None]
    ) -> None:
        self._uri = without_prompts(uri)
        self._read_only = read_only
        self._keepalive_seconds = keepalive_seconds
        self._on_lost = on_lost
        self._events = on_running_loop()
        self._loop = asyncio.get_running_loop()
        self._worker = Worker("libvirt")
        self._virt: Any = None
        self.is_open = False
        self.refusal = ""  # libvirt's words where only a read-only connection was granted

    async def open(self) -> None:
        """Connect, however long it takes; raises Lost when it cannot be."""
        _checked(await self._worker.call(partial(_attempt, self._open)))
        self.is_open = True

    async def call(
        self, function: Callable[[Any], Result], seconds: float = CALL_SECONDS
    ) -> Result:
        """Run `function(virConnect)` in the connection's thread; raises Lost."""
        try:
            async with asyncio.timeout(seconds):
                return _checked(await self._worker.call(partial(self._use, function)))
        except TimeoutError:
            raise Lost(Failure(Problem.NOT_ANSWERING)) from None

    def hang_up(self) -> None:
        """Break the connection, so that calls which hang in it fail now."""
        for handle in self._events.handles_of(self._worker.ident):
            handle.hang_up()

    async def close(self, farewell: Callable[[Any], object] = lambda _: None) -> None:
        """Call `farewell(virConnect)` and close; a thread that hangs in it is hung up on."""
        closed = self._worker.call(partial(_attempt, partial(self._close, farewell)))
        self._worker.close()
        if not self.is_open:
            self.hang_up()
        await asyncio.wait([closed], timeout=CLOSE_SECONDS)
        if not closed.done():
            self.hang_up()
            await asyncio.wait([closed], timeout=CLOSE_SECONDS)

    def _use(self, function: Callable[[Any], Result]) -> Result | Failure:
        virt = self._virt
        if virt is None:
            return Failure(Problem.CONNECTION_LOST)
        return _attempt(partial(function, virt))

    def _open(self) -> None:
        # libvirt's own handler writes every error to stderr, which is the screen.
        libvirt.registerErrorHandler(_say_nothing, None)
        self._virt = self._opened()
        for optional in (self._watch_for_loss, self._keep_alive):
            # The built-in test driver has neither, nor can it be lost.
            with contextlib.suppress(libvirt.libvirtError):
                optional()

    def _opened(self) -> Any:
        if self._read_only:
            return libvirt.openReadOnly(self._uri)
        try:
            return libvirt.open(self._uri)
        except libvirt.libvirtError as error:
            refused = failure_of(error)
            if refused.problem is not Problem.NO_RIGHTS:
                raise
            # Who may not change anything is often still allowed to look.
            with contextlib.suppress(libvirt.libvirtError):
                virt = libvirt.openReadOnly(self._uri)
                self.refusal = refused.detail
                return virt
            raise

    def _watch_for_loss(self) -> None:
        self._virt.registerCloseCallback(self._lost, None)

    def _keep_alive(self) -> None:
        self._virt.setKeepAlive(self._keepalive_seconds, KEEPALIVE_COUNT)

    def _lost(self, _virt: Any, reason: int, _opaque: Any) -> None:
        """Close callback of libvirt, in whichever thread noticed."""
        failure = Failure(_CLOSE_REASONS.get(reason, Problem.CONNECTION_LOST))
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody cares any more
            self._loop.call_soon_threadsafe(self._on_lost, failure)

    def _close(self, farewell: Callable[[Any], object]) -> None:
        virt, self._virt = self._virt, None
        if virt is None:
            return
        farewell(virt)
        with contextlib.suppress(libvirt.libvirtError):
            virt.unregisterCloseCallback()
        virt.close()


def _say_nothing(_context: Any, _error: Any) -> None:
    """What went wrong arrives as an exception as well."""


def _attempt(function: Callable[[], Result]) -> "Result | Failure":
    """Turn libvirt's exception into a value while still in the thread.

    The traceback of an exception keeps libvirt's objects alive; freed with it on the loop, the
    last of them would close the connection there, and block.
    """
    try:
        return function()
    except libvirt.libvirtError as error:
        return failure_of(error)


def _checked(outcome: "Result | Failure") -> Result:
    if isinstance(outcome, Failure):
        raise Lost(outcome)
    return outcome
