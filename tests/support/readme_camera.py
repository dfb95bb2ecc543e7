"""The part of `readme_pictures` that runs under the other kernel, and then in the lab there."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path

from textual.pilot import Pilot

from kvmnet_tui.app import AppSettings, KvmnetApp
from kvmnet_tui.change.requests import CancelChange, StartChange
from kvmnet_tui.change.wishes import BridgeSpec, CreateBridge
from kvmnet_tui.composition import controller_maker
from kvmnet_tui.i18n import use_language
from kvmnet_tui.lab import URI
from kvmnet_tui.model.change import ChangeState, ChangeStatus
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.present.glyphs import UNICODE, use_glyphs
from kvmnet_tui.requests import Request
from tests.support.lab import running_lab
from tests.support.terminal_drawing import draw

NARROW = 110  # columns
WIDE = 140  # columns, from 120 on the detail is beside the rows
HISTORY = 12  # readings that a bar of rates shows
SECONDS = 90.0
ALBUM = Path("/mnt")  # where the lab, which has a /run of its own, finds the outbox
BURSTS = (2, 5, 20, 60, 90, 55, 30, 10, 4, 25, 12, 3, 1)  # packets in a second
PINGED = ("192.168.122.123", "192.168.122.136", "192.168.122.145", "192.168.200.150",
          "192.168.123.20", "192.168.124.30")  # fmt: skip
CABLE = "ens40"  # of the bond's active member
PARTNER = "ens44"

Condition = Callable[[HostState], object]


def main() -> None:
    """Be what the command line says: outside the lab or inside."""
    if sys.argv[1] == "kernel":
        _be_kernel()
    else:
        asyncio.run(_photograph())


def _be_kernel() -> None:
    socket.sethostname("kvm")
    subprocess.run(["modprobe", "-d", "/run/modules", "tun"], check=True)
    subprocess.run(["mount", "--bind", "/run/outbox", str(ALBUM)], check=True)
    with running_lab(sys.executable, "-m", "tests.support.readme_camera", "lab") as lab:
        status = lab.process.wait(3 * SECONDS)
    raise SystemExit(status)


async def _photograph() -> None:
    use_glyphs(UNICODE)
    use_language("en")
    await _still_life()
    await _failover()
    await _trial()
    use_language("zh_CN")
    await _in_chinese()


class Camera:
    """The running program and its screen."""

    def __init__(self, app: KvmnetApp, pilot: Pilot[None]) -> None:
        self._app = app
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys and let what they cause be painted."""
        await self._pilot.press(*keys)
        await self._pilot.pause()

    @property
    def state(self) -> HostState:
        """The newest picture."""
        return self._app.state

    async def ask(self, request: Request) -> None:
        """Have a request done."""
        await self._app.perform(request)

    async def until(self, condition: Condition) -> None:
        """Wait for a picture of the host that meets the condition."""
        deadline = time.monotonic() + SECONDS
        while not condition(self._app.state):
            assert time.monotonic() < deadline, "the host did not become as it should"
            await self._pilot.pause(0.05)
        await self._pilot.pause()

    def take(self, name: str) -> None:
        """Save what is on the screen as NAME.svg."""
        strips = self._app.screen._compositor.render_strips(self._app.size)
        drawing = draw(strips, self._app.size.width, f"kvmnet-tui --lab: {name}")
        (ALBUM / f"{name}.svg").write_text(drawing, encoding="utf-8")


class Studio:
    """`async with`: the program in the lab on a terminal of this size, all sources live."""

    def __init__(self, size: tuple[int, int]) -> None:
        make = controller_maker(URI, read_only=False)
        self._app = KvmnetApp(make, AppSettings(lab=True))
        self._running = self._app.run_test(size=size)

    async def __aenter__(self) -> Camera:
        camera = Camera(self._app, await self._running.__aenter__())
        await camera.until(is_live)
        return camera

    async def __aexit__(self, *error: object) -> None:
        await self._running.__aexit__(*error)  # type: ignore[arg-type]


def is_live(state: HostState) -> bool:
    """Whether every source has told all."""
    return all(state.source(name).phase is Phase.LIVE for name in SourceName)


def has_history(state: HostState) -> bool:
    """Whether the bars of rates are full."""
    return any(len(rates.rx_history) >= HISTORY for rates in state.rates.values())


def moved_to(member: str) -> Condition:
    """Whether the bond uses this member and says that the other is down."""

    def has_moved(state: HostState) -> bool:
        bond = state.bonds["bond0"]
        return bond.active_member == member and any(
            other.mii_status == "down" for other in bond.members
        )

    return has_moved


def is_whole(state: HostState) -> bool:
    """Whether every member of the bond works."""
    return all(member.mii_status == "up" for member in state.bonds["bond0"].members)


async def _still_life() -> None:
    async with Studio((NARROW, 23)) as camera, traffic():
        for key, name in (("2", "bridges"), ("4", "guests"), ("5", "links"), ("7", "nics")):
            await camera.press(key)
            await camera.until(has_history)
            camera.take(name)
    async with Studio((WIDE, 32)) as camera:
        await camera.press("down", "enter")
        camera.take("networks")


async def _failover() -> None:
    async with Studio((WIDE, 36)) as camera:
        await camera.press("3", "enter")
        with pulled(CABLE):
            await camera.until(moved_to(PARTNER))
            camera.take("bonds")
        await camera.until(is_whole)
    async with Studio((NARROW, 16)) as camera:
        await camera.press("6")
        with pulled(PARTNER):
            await camera.until(moved_to(CABLE))
        await camera.until(is_whole)
        for change in (("master", "virbr2"), ("nomaster",), ("mtu", "9000")):
            subprocess.run(["ip", "link", "set", "vnet9", *change], check=True)
            await camera.until(lambda state: state.timeline[-1].subject == "vnet9")
        camera.take("events")


async def _trial() -> None:
    """A bridge on the NIC that carries the host's address, while it is tried."""
    async with Studio((NARROW, 30)) as camera:
        await camera.ask(StartChange(CreateBridge(BridgeSpec("virbr9"), "ens32")))
        await camera.until(lambda state: _is_tried(state.changes))
        await camera.press("T")
        camera.take("trial")
        await camera.press("escape", "8")
        camera.take("changes")
        await camera.ask(CancelChange(camera.state.changes[-1].id))


def _is_tried(changes: tuple[ChangeStatus, ...]) -> bool:
    """Whether every probe of the change on trial has been asked."""
    on_trial = bool(changes) and changes[-1].state is ChangeState.TRIAL
    return on_trial and all(probe.now is not None for probe in changes[-1].probes)


async def _in_chinese() -> None:
    async with Studio((NARROW, 23)) as camera, traffic():
        await camera.press("2")
        await camera.until(has_history)
        camera.take("bridges-zh")


@asynccontextmanager
async def traffic() -> AsyncIterator[None]:
    """Pings to the guests in bursts that come and go, so that the bars of rates have a shape."""
    bursts = [
        asyncio.create_task(_ping_in_bursts(address, phase)) for phase, address in enumerate(PINGED)
    ]
    try:
        yield
    finally:
        for task in bursts:
            task.cancel()
        await asyncio.gather(*bursts, return_exceptions=True)


async def _ping_in_bursts(address: str, phase: int) -> None:
    for second in count(phase):
        packets = str(1 + BURSTS[second % len(BURSTS)])
        ping = ["ping", "-q", "-c", packets, "-i", "0.005", "-s", "1200", address]
        process = await asyncio.create_subprocess_exec(*ping, stdout=asyncio.subprocess.DEVNULL)
        await asyncio.gather(process.wait(), asyncio.sleep(1))


@contextmanager
def pulled(cable: str) -> Iterator[None]:
    """Pull a cable out of the lab's switch for a while."""
    set_far_end(cable, "down")
    try:
        yield
    finally:
        set_far_end(cable, "up")


def set_far_end(cable: str, state: str) -> None:
    """Set the switch's end of a cable; the switch is in a namespace that a process holds open."""
    own = Path("/proc/self/ns/net").readlink()
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = descriptor.readlink()
        except OSError:
            continue
        if target.name.startswith("net:[") and target != own:
            enter = ["nsenter", f"--net={descriptor}"]
            done = subprocess.run(
                [*enter, "ip", "link", "set", f"to-{cable}", state],
                capture_output=True,
                check=False,
            )
            if done.returncode == 0:
                return
    raise AssertionError(f"no far end of {cable} found")


if __name__ == "__main__":
    main()
