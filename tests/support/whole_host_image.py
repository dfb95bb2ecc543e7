"""Images of whole hosts: Debian with systemd, sshd and one manager of the network each.

Built once into .dev/whole-host/ of the checkout, as root, from the packages of the distribution's
archive; QEMU boots them (see whole_host.py). Nothing is installed on this machine.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CACHE: Final = Path(__file__).parents[2] / ".dev" / "whole-host"
SIZE: Final = "2G"  # sparse
PACKAGES: Final = (
    "linux-image-cloud-amd64",
    "systemd-sysv",
    "udev",
    "dbus",
    "kmod",
    "procps",
    "openssh-server",
    "iproute2",
    "iputils-ping",
    "nftables",
    "python3",
    "python3-libvirt",
    "python3-venv",
    "network-manager",
    "ifupdown",
    "ifenslave",
    "isc-dhcp-client",
    "bridge-utils",
)
UNREAD: Final = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")
NICS: Final = {"ens32": "52:54:00:96:3a:c5", "ens36": "52:54:00:96:3a:cf"}
ADDRESS: Final = "10.0.2.15"
GATEWAY: Final = "10.0.2.2"
OFFICE: Final = "c71a5445-4ac6-47d1-a600-599e3d897028"
LIBRARIES: Final = "/opt/libraries"  # what pip would have installed

_COMMON: Final = {
    "/etc/hostname": "kvmhost\n",
    "/etc/hosts": "127.0.0.1 localhost\n127.0.1.1 kvmhost\n",
    "/etc/fstab": "/dev/vda / ext4 errors=remount-ro 0 1\n",
    "/etc/modules-load.d/kvmhost.conf": "bridge\nbonding\n8021q\n",
    "/etc/modprobe.d/bonding.conf": "options bonding max_bonds=0\n",
    **{
        f"/etc/systemd/network/10-{nic}.link": f"[Match]\nMACAddress={mac}\n[Link]\nName={nic}\n"
        for nic, mac in NICS.items()
    },
}
_NETWORKMANAGER: Final = {
    "/etc/network/interfaces": "# NetworkManager's\n",
    "/etc/NetworkManager/NetworkManager.conf": "[main]\nplugins=keyfile\nno-auto-default=*\n",
    "/etc/NetworkManager/system-connections/office.nmconnection": (
        f"[connection]\nid=office\nuuid={OFFICE}\ntype=ethernet\ninterface-name=ens32\n\n"
        f"[ipv4]\nmethod=auto\nroute1=0.0.0.0/0,{GATEWAY},100\n\n[ipv6]\nmethod=link-local\n"
    ),
}
_IFUPDOWN: Final = {
    "/etc/network/interfaces": f"""# The host's own network: see the cabling plan, page 3.
source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

# The cable to the office.
auto ens32
iface ens32 inet static
    address {ADDRESS}/24
    gateway {GATEWAY}
""",
}


@dataclass(frozen=True)
class Kind:
    """One sort of host: what it is set up with, and which units do not run there."""

    name: str
    files: Mapping[str, str]
    masked: tuple[str, ...]


NETWORKMANAGER: Final = Kind("networkmanager", _NETWORKMANAGER, ("networking.service",))
IFUPDOWN: Final = Kind(
    "ifupdown",
    _IFUPDOWN,
    ("NetworkManager.service", "NetworkManager-wait-online.service"),
)
KINDS: Final = (NETWORKMANAGER, IFUPDOWN)
_NEVER_NEEDED: Final = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "ModemManager.service",
    "wpa_supplicant.service",
    "NetworkManager-dispatcher.service",
    "systemd-timesyncd.service",
    "getty@tty1.service",
    "systemd-networkd-wait-online.service",
)


@dataclass(frozen=True)
class Images:
    """What QEMU boots: a kernel, its initial file system, a disk for each kind of host."""

    kernel: Path
    initrd: Path
    key: Path
    folder: Path

    def disk(self, kind: Kind) -> Path:
        """The disk of a kind of host; a test writes to a copy on top of it."""
        return self.folder / f"{kind.name}.ext4"


def images() -> Images:
    """The images, built when there are none or what they are made from has changed."""
    folder = CACHE / _recipe()
    if not folder.is_dir():
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            made = Path(scratch, "made")
            made.mkdir()
            _build(Path(scratch, "tree"), made)
            made.rename(folder)
    return Images(folder / "vmlinuz", folder / "initrd", folder / "key", folder)


def _recipe() -> str:
    """A name that changes with this file and with the program's libraries."""
    wanted = "\n".join(_requirements())
    return hashlib.sha256(Path(__file__).read_bytes() + wanted.encode()).hexdigest()[:16]


def _requirements() -> list[str]:
    """The program's libraries that are Python alone; libvirt's comes as a package."""
    text = (CACHE.parents[1] / "pyproject.toml").read_text()
    listed = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert listed is not None
    return [one for one in re.findall(r'"(.+?)"', listed[1]) if not one.startswith("libvirt")]


def _build(tree: Path, made: Path) -> None:
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(made / "key"))
    _bootstrap(tree)
    _run(
        *("python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--root-user-action", "ignore", "--only-binary", ":all:", "--python-version", "3.11"),
        *("--target", str(tree / LIBRARIES[1:]), *_requirements()),
    )
    shutil.copy(next(tree.glob("boot/vmlinuz-*")), made / "vmlinuz")
    shutil.copy(next(tree.glob("boot/initrd.img-*")), made / "initrd")
    _furnish(tree, made / "key.pub")
    for kind in KINDS:
        for path, text in kind.files.items():
            _write(tree, path, text)
        for unit in (*kind.masked, *_NEVER_NEEDED):
            _mask(tree, unit)
        disk = made / f"{kind.name}.ext4"
        _run("truncate", "--size", SIZE, str(disk))
        _run("mkfs.ext4", "-q", "-d", str(tree), str(disk))
        for unit in kind.masked:
            Path(tree, "etc/systemd/system", unit).unlink()


def _bootstrap(tree: Path) -> None:
    unread = [f"--dpkgopt=path-exclude={pattern}" for pattern in UNREAD]
    _run(
        *("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase"),
        *("--aptopt=APT::Install-Recommends false", *unread),
        *(f"--include={','.join(PACKAGES)}", _suite(), str(tree), *_archives()),
    )


def _suite() -> str:
    release = Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=(\w+)", release, re.MULTILINE)
    return found[1] if found else "stable"


def _archives() -> list[str]:
    """Where this machine's own packages come from; without any, the distribution's default."""
    places = ("/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources")
    return [place for place in places if _names_archives(Path(place))]


def _names_archives(file: Path) -> bool:
    lines = file.read_text().splitlines() if file.exists() else []
    return any(line.startswith(("deb ", "URIs:")) for line in lines)


def _furnish(tree: Path, public_key: Path) -> None:
    for path, text in _COMMON.items():
        _write(tree, path, text)
    _write(tree, "/root/.ssh/authorized_keys", public_key.read_text())
    (tree / "root/.ssh").chmod(0o700)
    (tree / "etc/resolv.conf").unlink(missing_ok=True)
    _write(tree, "/etc/resolv.conf", f"nameserver {GATEWAY[:-1]}3\n")


def _write(tree: Path, path: str, text: str) -> None:
    file = tree / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o600 if path.endswith((".nmconnection", "authorized_keys")) else 0o644)


def _mask(tree: Path, unit: str) -> None:
    link = tree / "etc/systemd/system" / unit
    link.unlink(missing_ok=True)
    link.symlink_to("/dev/null")


def _run(*command: str) -> None:
    """Run a builder; AssertionError with its complaint."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        env=os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "LC_ALL": "C"},
    )
    assert done.returncode == 0, f"{command[0]}: {done.stderr[-2000:] or done.stdout[-2000:]}"
