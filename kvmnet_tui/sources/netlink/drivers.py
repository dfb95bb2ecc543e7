"""A physical link's driver and device: symbolic links in sysfs.

Netlink never tells the driver, and the device only since Linux 5.14.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kvmnet_tui.model.links import IFF_LOOPBACK, Link


@dataclass(frozen=True, slots=True)
class Device:
    """What a link's hardware is: the driver's name, and the bus's name of the device."""

    driver: str
    parent: str = ""


def may_have_driver(link: Link) -> bool:
    """Whether the link may be a device's: those of a kind have the kind for a driver already."""
    return not link.driver and not link.flags & IFF_LOOPBACK


def read_devices(sysfs: Path, names: Mapping[int, str]) -> dict[int, Device]:
    """The devices by link index, for those of `names` that have one. Blocks."""
    devices: dict[int, Device] = {}
    for index, name in names.items():
        folder = sysfs / "class/net" / name / "device"
        try:
            driver = (folder / "driver").readlink().name
            devices[index] = Device(driver, folder.resolve().name)
        except (OSError, ValueError):  # no device behind it, gone, or a name no file can have
            continue
    return devices
