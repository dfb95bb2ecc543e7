"""SR-IOV as a source: physical and virtual functions from sysfs, read when links come or go.

See the kernel's Documentation/PCI/pci-iov-howto.rst. A virtual function that a guest is given
loses its link, and one that comes back gains it: so links tell when to look.
"""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kvmnet_tui.events import SriovRead
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.sriov import PhysicalFunction, VirtualFunction
from kvmnet_tui.model.state import HostState, SourceName
from kvmnet_tui.sources.source import Inbox
from kvmnet_tui.sources.threads import call_in_thread

PACE: Final = 1.0
_FUNCTION = re.compile(r"virtfn(\d+)")


class SriovSource:
    """Says which cards can be split and how they are. It has no status: most hosts have none."""

    name = SourceName.KERNEL

    def __init__(self, sysfs: Path = Path("/sys")) -> None:
        self._sysfs = sysfs
        self._links: frozenset[str] = frozenset()
        self._links_changed = asyncio.Event()

    def look_at(self, interest: Interest) -> None:
        """Functions are read whatever is on screen."""

    def follow(self, before: HostState, after: HostState) -> None:
        """Read again when a link that may be a card's came or went."""
        if after.topology is before.topology:
            return
        links = frozenset(link.name for link in after.links.values() if link.kind == "ethernet")
        if links != self._links:
            self._links = links
            self._links_changed.set()

    async def run(self, inbox: Inbox) -> None:
        """Say the functions, then each change, until cancelled."""
        while True:
            await self._links_changed.wait()
            self._links_changed.clear()
            inbox.put(SriovRead(await call_in_thread("sriov", self._read)))
            await asyncio.sleep(PACE)

    def _read(self) -> tuple[PhysicalFunction, ...]:
        return read_functions(self._sysfs)


def read_functions(sysfs: Path) -> tuple[PhysicalFunction, ...]:
    """The physical functions below a sysfs, by the names of their links."""
    found = (_physical(link) for link in sysfs.glob("class/net/*"))
    return tuple(sorted(filter(None, found), key=lambda one: natural_key(one.link)))


def _physical(link: Path) -> PhysicalFunction | None:
    device = link / "device"
    total = _text(device / "sriov_totalvfs")
    if not total.isdecimal() or int(total) == 0:
        return None
    functions = tuple(sorted(_virtual(device), key=lambda one: one.number))
    address = device.resolve().name
    return PhysicalFunction(link.name, address, int(total), _driver(device), functions)


def _virtual(device: Path) -> Iterator[VirtualFunction]:
    for entry in device.glob("virtfn*"):
        match = _FUNCTION.fullmatch(entry.name)
        if match:
            link = next((each.name for each in entry.glob("net/*")), "")
            yield VirtualFunction(int(match[1]), entry.resolve().name, link, _driver(entry))


def _driver(device: Path) -> str:
    driver = device / "driver"
    return driver.resolve().name if driver.exists() else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
