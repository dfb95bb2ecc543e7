"""Which driver a physical link has: a symbolic link in sysfs, which netlink does not tell."""

from collections.abc import Mapping
from pathlib import Path

from kvmnet_tui.model.links import IFF_LOOPBACK, Link


def may_have_driver(link: Link) -> bool:
    """Whether the link may be a device's: those of a kind have the kind for a driver already."""
    return not link.driver and not link.flags & IFF_LOOPBACK


def read_drivers(sysfs: Path, names: Mapping[int, str]) -> dict[int, str]:
    """The drivers' names by link index, for those of `names` that have one. Blocks."""
    drivers: dict[int, str] = {}
    for index, name in names.items():
        try:
            drivers[index] = (sysfs / "class/net" / name / "device/driver").readlink().name
        except (OSError, ValueError):  # no device behind it, gone, or a name no file can have
            continue
    return drivers
