"""A unix socket in front of a daemon's, which can fall silent as a hanging daemon does.

Stopping the daemon itself with SIGSTOP would be the same to its clients, but libvirtd 9.0 now and
then does not survive being continued.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class Proxy:
    """Hands bytes on in both directions unless `mute` was called."""

    def __init__(self, daemon: Path) -> None:
        self._daemon = daemon
        self._speaks = asyncio.Event()
        self._speaks.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def mute(self) -> None:
        """Take everything, new connections too, and say nothing."""
        self._speaks.clear()

    def unmute(self) -> None:
        """Go on where it stopped."""
        self._speaks.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until either side closes."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._speaks.wait()
            there, back = await asyncio.open_unix_connection(self._daemon)
            hand_on = [self._hand_on(reader, back), self._hand_on(there, writer)]
            await asyncio.gather(*hand_on)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._speaks.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    async def close(self) -> None:
        """End every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def proxy_for(daemon: Path, socket: Path) -> AsyncIterator[Proxy]:
    """A proxy that listens on `socket` for the daemon at `daemon`."""
    proxy = Proxy(daemon)
    server = await asyncio.start_unix_server(proxy.serve, socket)
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()
