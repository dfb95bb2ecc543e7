"""The drill's two programs, started and talked to."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from kvmnet_tui.drill.plan import DrillPlan
from kvmnet_tui.sources.threads import call_in_thread

FOLDER = Path(__file__).parent
LOCKS = Path("/run/kvmnet-tui/drills")
PYTHON = (sys.executable, "-I", "-S")
LINE_LIMIT = 1 << 20
ANSWER_SECONDS = 10.0

Take = Callable[[list[Any]], None]


class HelperError(Exception):
    """A program did not do what it should; the text is its own words."""


class Prober:
    """The prober's process; `take` is called with each of its lines."""

    def __init__(self, process: asyncio.subprocess.Process, take: Take) -> None:
        self._process = process
        self._take = take
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, plan: DrillPlan, take: Take) -> "Prober":
        """Start it and give it its orders."""
        process = await asyncio.create_subprocess_exec(
            *PYTHON,
            str(FOLDER / "prober.py"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=LINE_LIMIT,
            start_new_session=True,
        )
        prober = cls(process, take)
        if process.stdin is not None:
            with suppress(ConnectionError):
                process.stdin.write(json.dumps(prober_orders(plan)).encode() + b"\n")
                await process.stdin.drain()
        return prober

    async def _read(self) -> None:
        if self._process.stdout is not None:
            async for line in self._process.stdout:
                self._take(json.loads(line))

    def check(self) -> None:
        """HelperError when it has ended by itself."""
        if self._reading.done():
            raise HelperError(self._words() or "prober")

    def _words(self) -> str:
        error = None if self._reading.cancelled() else self._reading.exception()
        buffer = getattr(self._process.stderr, "_buffer", b"")
        return bytes(buffer).decode(errors="replace").strip() or str(error or "")

    async def stop(self) -> None:
        """End it, and take what it still has to say."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await asyncio.wait({self._reading})
                await self._process.wait()
        finally:
            self._reading.cancel()
            if self._process.returncode is None:
                with suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()


def prober_orders(plan: DrillPlan) -> dict[str, Any]:
    """What the prober reads, see there."""
    return {
        "bond": plan.bond.name,
        "members": [member.name for member in plan.bond.members],
        "interval_ms": plan.interval_ms,
        "targets": [
            {
                "address": target.address,
                "how": target.how,
                "device": plan.device,
                "mac": plan.mac,
                "source": plan.source,
            }
            for target in plan.targets
        ],
    }


class Restorer:
    """The detached program that holds the member down and surely brings it up."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls, plan: DrillPlan, locks: Path = LOCKS) -> "Restorer":
        """Start it; HelperError with its words when it refuses."""
        ours, its = socket.socketpair()
        orders = {
            "bond": plan.bond.name,
            "member": plan.member,
            "seconds": plan.restore_seconds,
            "lock": str(locks / f"{plan.bond.name}.lock"),
        }
        command = [*PYTHON, str(FOLDER / "restorer.py"), json.dumps(orders)]
        with its:
            await call_in_thread(
                "restorer",
                lambda: subprocess.run(
                    command, stdin=its.fileno(), stdout=its.fileno(), check=False
                ),
            )
        restorer = cls(*await asyncio.open_connection(sock=ours))
        try:
            await restorer._answer("armed")
        except BaseException:
            restorer.close()
            raise
        return restorer

    async def take_down(self) -> float:
        """Set the member down; when that was, since the epoch."""
        return await self._order("down")

    async def bring_up(self) -> float:
        """Set the member up for good; when that was."""
        return await self._order("up")

    async def _order(self, word: str) -> float:
        self._writer.write(f"{word}\n".encode())
        await self._writer.drain()
        return await self._answer(word)

    async def _answer(self, expected: str) -> float:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                line = await self._reader.readline()
        except TimeoutError as error:
            raise HelperError(expected) from error
        if not line:
            raise HelperError(expected)
        word, value = json.loads(line)
        if word != expected:
            raise HelperError(str(value))
        return float(value)

    def close(self) -> None:
        """Let go: it brings the member up if it has not yet."""
        self._writer.close()
