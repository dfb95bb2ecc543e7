"""Reads all links of this network namespace, and has `brctl show` do it, in turn: JSON, in ms."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable

from kvmnet_tui.controller import Controller
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.sources.netlink import NetlinkSource
from tests.bench.figure import alternate


def brctl_show() -> None:
    """The whole listing, printed into a pipe."""
    subprocess.run(["brctl", "show"], check=True, stdout=subprocess.PIPE)


def complete_model() -> None:
    """A controller with the kernel's source alone, from nothing to its first live picture."""
    asyncio.run(_until_live())


async def _until_live() -> None:
    live = asyncio.Event()

    def publish(state: HostState) -> None:
        if state.source(SourceName.KERNEL).phase is Phase.LIVE and state.links:
            live.set()

    controller = asyncio.create_task(Controller([NetlinkSource()], publish).run())
    await live.wait()
    controller.cancel()
    await asyncio.gather(controller, return_exceptions=True)


def _milliseconds(take: Callable[[], None]) -> float:
    began = time.perf_counter()
    take()
    return (time.perf_counter() - began) * 1e3


def main(rounds: int) -> None:
    """Take turns; the first turn only fills caches."""
    brctl, ours = alternate(
        rounds + 1, lambda: _milliseconds(brctl_show), lambda: _milliseconds(complete_model)
    )
    print(json.dumps({"brctl": brctl[1:], "ours": ours[1:]}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
