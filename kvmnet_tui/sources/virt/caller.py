"""Calls to libvirt made for requests: on a connection of their own, however long they take.

The picture's connection has one thread, and what waits in it for a guest's consent would hold up
every event. Imports no libvirt before the first call.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from kvmnet_tui.i18n import _
from kvmnet_tui.requests import RequestError
from kvmnet_tui.sources.threads import call_in_thread
from kvmnet_tui.sources.virt.failure import Failure, Lost

if TYPE_CHECKING:
    from kvmnet_tui.sources.virt.connection import Connection
    from kvmnet_tui.sources.virt.source import VirtSource

CALL_SECONDS = 30.0
OPEN_SECONDS = 20.0
KEEPALIVE_SECONDS = 5

Result = TypeVar("Result")


class Call(Protocol):
    """Runs `function(virConnect)` in a thread; raises RequestError with libvirt's own words."""

    def __call__(
        self, function: Callable[[Any], Result], seconds: float = CALL_SECONDS
    ) -> Awaitable[Result]:
        """Do it; `seconds` is how long the call may take."""


class VirtCaller:
    """Calls to the libvirt that `source` shows."""

    def __init__(self, uri: str, source: "VirtSource") -> None:
        self.uri = uri
        self._source = source

    def notice_network(self, uuid: str, name: str) -> None:
        """Have the picture look at a network again: not every change has an event."""
        self._source.notice_network(uuid, name)

    def notice_guest(self, uuid: str) -> None:
        """Have the picture look at a guest again: not every change has an event."""
        self._source.notice_guest(uuid)

    async def call(
        self, function: Callable[[Any], Result], seconds: float = CALL_SECONDS
    ) -> Result:
        """Run one `function(virConnect)`; raises RequestError."""
        async with self.opened() as call:
            return await call(function, seconds)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Call]:
        """Several calls on one connection; raises RequestError."""
        if self.uri.startswith("test:"):  # every connection to that driver is a world of its own
            yield _caller(self._source.connection)
            return
        connection = await self._connect()
        try:
            yield _caller(connection)
        finally:
            await connection.close()

    async def _connect(self) -> "Connection":
        make = await call_in_thread("import libvirt", _connection_class)
        connection = make(self.uri, False, KEEPALIVE_SECONDS, _ignore)
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await connection.open()
        except (Lost, TimeoutError) as error:
            connection.hang_up()
            await connection.close()
            raise RequestError(_unreachable(error)) from error
        if connection.refusal:
            await connection.close()
            refused = _("libvirt lets this account look but not change: {reason}")
            raise RequestError(refused.format(reason=connection.refusal))
        return connection


def _connection_class() -> "type[Connection]":
    from kvmnet_tui.sources.virt.connection import Connection  # noqa: PLC0415

    return Connection


def _caller(connection: "Connection | None") -> Call:
    async def call(function: Callable[[Any], Result], seconds: float = CALL_SECONDS) -> Result:
        if connection is None:
            raise RequestError(_("libvirt is not connected: try again when it is."))
        try:
            result = await connection.call(lambda virt: _caught(function, virt), seconds)
        except Lost as lost:
            raise RequestError(_unreachable(lost)) from lost
        if isinstance(result, RequestError):
            raise result
        return result

    return call


def _caught(function: Callable[[Any], Result], virt: Any) -> "Result | RequestError":
    """The call's result, or libvirt's refusal as a value: see `connection._attempt`."""
    import libvirt  # noqa: PLC0415 - loaded by now

    try:
        return function(virt)
    except RequestError as error:
        return error
    except libvirt.libvirtError as error:
        words = (error.get_error_message() or str(error)).strip()
        if not virt.isAlive():
            raise
        return RequestError(_("libvirt refused: {reason}").format(reason=words))


def _unreachable(error: BaseException) -> str:
    reason = str(error) or _("it does not answer")
    return _("libvirt cannot be reached: {reason}").format(reason=reason)


def _ignore(_failure: Failure) -> None:
    """The call that is under way fails by itself."""
