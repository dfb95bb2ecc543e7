"""The first process of the lab's PID namespace: makes the mounts, then lives as the keeper does."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from kvmnet_tui.lab.kernel import mount, show_instead
from kvmnet_tui.lab.plan import GATEWAY

_HERE = Path(__file__).parent

# What tells how this machine's own links are configured; it is not about the lab's.
_IFUPDOWN = Path("/etc/network")
_NETWORK_SCRIPTS = Path("/etc/sysconfig/network-scripts")
_CONFIGURATION = (
    _IFUPDOWN,
    _NETWORK_SCRIPTS,
    Path("/etc/sysconfig/network"),
    Path("/etc/netplan"),
    Path("/etc/systemd/network"),
    Path("/etc/NetworkManager"),
)

_RESOLVER = Path("/etc/resolv.conf")

_IFCFG = """\
TYPE=Ethernet
BOOTPROTO=static
NAME=ens32
DEVICE=ens32
ONBOOT=yes
IPADDR=192.168.200.132
NETMASK=255.255.255.0
GATEWAY=192.168.200.2
"""
_INTERFACES = """\
auto ens32
iface ens32 inet static
    address 192.168.200.132/24
    gateway 192.168.200.2
"""


def be_first(life: int, reporting: int) -> NoReturn:
    """Mount, report trouble (or nothing) and live until nobody holds the other end of `life`."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans are reaped by the kernel
    try:
        _furnish()
    except OSError as error:
        os.write(reporting, str(error).encode())
        os._exit(2)
    os.close(reporting)
    os.read(life, 1)
    os._exit(0)  # and the kernel ends everything else in this PID namespace


def _furnish() -> None:
    mount("tmpfs", "/run", "mode=755")
    folder = Path("/run/kvmnet-tui")
    folder.mkdir()
    (folder / "lab.xml").write_bytes((_HERE / "lab.xml").read_bytes())
    _mount_views()
    _name_the_name_server(folder)
    for path in filter(Path.is_dir, _CONFIGURATION):
        mount("tmpfs", str(path), "mode=755")
    if _NETWORK_SCRIPTS.is_dir():
        (_NETWORK_SCRIPTS / "ifcfg-ens32").write_text(_IFCFG)
    elif _IFUPDOWN.is_dir():
        (_IFUPDOWN / "interfaces").write_text(_INTERFACES)
        _install_hooks()


def _install_hooks() -> None:
    """What bridges and bonds need at boot: the lab never boots, and they are to be tried there."""
    hooks = _IFUPDOWN / "if-pre-up.d"
    hooks.mkdir()
    for package in ("bridge", "ifenslave"):
        (hooks / package).touch()


def _name_the_name_server(folder: Path) -> None:
    """The lab's gateway, not the machine's own, which is none of the lab's business."""
    own = folder / "resolv.conf"
    own.write_text(f"nameserver {GATEWAY}\n")
    with suppress(OSError):
        show_instead(str(own), str(_RESOLVER))


def _mount_views() -> None:
    """Mount a /proc and a /sys that show the lab's processes and links.

    Some containers forbid both. The old /proc will do; a /sys with other links would be a lie.
    """
    with suppress(PermissionError):
        mount("proc", "/proc")
    try:
        mount("sysfs", "/sys")
    except PermissionError:
        mount("tmpfs", "/sys/class/net")
