"""A guest that really boots: Debian's cloud kernel, a busybox that asks for leases, QEMU's agent.

With `ask_for_ipv6` it asks for a DHCPv6 lease as well, with ISC's client.

The packages are downloaded once, with apt, into .dev/guest/ of the checkout, and unpacked there;
nothing is installed.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from tests.support.labs import is_ci
from tests.support.libvirtd import Libvirtd, wait_until

CACHE = Path(__file__).parents[2] / ".dev" / "guest"
INIT = Path(__file__).with_name("guest_init.sh")
KERNEL = "linux-image-cloud-amd64"
AGENT = "qemu-guest-agent"
DHCPV6_CLIENT = "isc-dhcp-client"
BOOT_SECONDS = 120.0  # 10 s on an idle machine

# In the order in which they can be inserted.
MODULES = (
    "virtio_ring",
    "virtio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "failover",
    "net_failover",
    "virtio_net",
    "virtio_console",
)


class NotAvailable(Exception):  # noqa: N818 - a finding, not a fault
    """The guest's parts cannot be had here; the message says why."""


@dataclass(frozen=True)
class Image:
    """What QEMU boots."""

    kernel: Path
    initrd: Path


@dataclass(frozen=True)
class BootedGuest:
    """A guest of the lab, by what libvirt knows of it."""

    name: str
    uuid: str
    mac: str
    console: str


def guest_image() -> Image:
    """The image, made on first use; who cannot have it is skipped, or fails with CI=true."""
    try:
        return _image()
    except NotAvailable as error:
        if is_ci():
            pytest.fail(f"the booting guest cannot run: {error}", pytrace=False)
        pytest.skip(f"the booting guest cannot run: {error}")


def boot(lab: Libvirtd, image: Image, name: str = "centos6.5") -> BootedGuest:
    """Define and start a guest on network `default`, and wait until it has its address."""
    guest = BootedGuest(name, str(uuid.uuid4()), "52:54:00:65:00:01", f"/run/{name}.console")
    lab.define("define", domain_xml(guest, image))
    lab.virsh("start", name)
    wait_until(
        lambda: "ready" in _text(lab.outside(guest.console)), f"{name} has booted", BOOT_SECONDS
    )
    return guest


def domain_xml(guest: BootedGuest, image: Image) -> str:
    """A guest without disks, with an agent's channel."""
    return f"""<domain type='qemu'>
  <name>{escape(guest.name)}</name>
  <uuid>{guest.uuid}</uuid>
  <memory unit='MiB'>160</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>{escape(str(image.kernel))}</kernel>
    <initrd>{escape(str(image.initrd))}</initrd>
    <cmdline>console=ttyS0 quiet panic=-1 guest={escape(guest.name)}</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <interface type='network'>
      <mac address='{guest.mac}'/>
      <source network='default'/>
      <model type='virtio'/>
      <rom enabled='no'/>
    </interface>
    <serial type='file'><source path='{escape(guest.console)}'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <memballoon model='none'/>
  </devices>
</domain>"""


def run_in_guest(lab: Libvirtd, guest: BootedGuest, script: str) -> None:
    """Start a shell script in the guest, through its agent; does not wait for its end."""
    arguments = {"path": "/bin/busybox", "arg": ["sh", "-c", script]}
    command = json.dumps({"execute": "guest-exec", "arguments": arguments})
    lab.virsh("qemu-agent-command", guest.name, command)


def ask_for_ipv6(lab: Libvirtd, guest: BootedGuest, link: str) -> None:
    """Have the guest give back its DHCPv6 lease on a link, if it has one, and ask for one anew.

    Its DUID is the one made of the link's MAC: 00:03:00:01:MAC.
    """
    # What the IPv4 client flushed away comes back with the link, and need not prove itself.
    up = f"echo 0 > /proc/sys/net/ipv6/conf/{link}/accept_dad"
    up += f"; ip link set {link} down; ip link set {link} up"
    files = f"-lf /run/{link}.lease6 -pf /run/{link}.pid6"
    client = f"dhclient -6 {files} -D LL -sf /bin/on-lease6"
    run_in_guest(lab, guest, f"{up}; {client} -r {link}; {client} -1 {link}")


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _image() -> Image:
    image = Image(CACHE / "vmlinuz", CACHE / "initrd")
    sources = (Path(__file__), INIT)
    if image.initrd.exists() and all(
        image.initrd.stat().st_mtime >= source.stat().st_mtime for source in sources
    ):
        return image
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        _build(Path(scratch))
        for made in ("vmlinuz", "initrd"):  # each replaced at once, should another run read it
            (Path(scratch) / made).replace(CACHE / made)
    return image


def _kernel_package() -> str:
    """The package behind the metapackage."""
    found = re.search(r"Depends: (linux-image-\S+)", _tried("apt-cache", "depends", KERNEL))
    if not found:
        raise NotAvailable(f"no package {KERNEL} in apt's lists (apt-get update)")
    return found[1]


def _build(scratch: Path) -> None:
    tree = scratch / "packages"
    for package in (_kernel_package(), AGENT, DHCPV6_CLIENT):
        _unpack(package, scratch, tree)
    (kernel,) = tree.glob("boot/vmlinuz-*")
    shutil.copy(kernel, scratch / "vmlinuz")
    with (scratch / "initrd").open("wb") as out:
        for entry in _entries(tree):
            out.write(entry)


def _unpack(package: str, scratch: Path, tree: Path) -> None:
    _tried("apt-get", "download", "--quiet", package, cwd=scratch)
    for file in scratch.glob(f"{package}_*.deb"):
        subprocess.run(["dpkg-deb", "--extract", file, tree], check=True, capture_output=True)
        return
    raise NotAvailable(f"apt-get cannot download {package}")


def _tried(*command: str, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300
        )
    except FileNotFoundError:
        raise NotAvailable(f"no {command[0]} here (the guest's kernel is Debian's)") from None
    return done.stdout


def _entries(tree: Path) -> Iterator[bytes]:
    """The initramfs, entry by entry (kernel: Documentation/driver-api/early-userspace)."""
    for folder in ("bin", "dev", "lib", "lib64", "modules", "proc", "run", "sys", "tmp"):
        yield _entry(folder, stat.S_IFDIR | 0o755, b"")
    yield _entry("init", stat.S_IFREG | 0o755, INIT.read_bytes())
    yield _entry("bin/busybox", stat.S_IFREG | 0o755, _program("busybox").read_bytes())
    for number, module in enumerate(MODULES):
        (found,) = tree.glob(f"lib/modules/*/kernel/**/{module}.ko")
        yield _entry(f"modules/{number:02}-{module}.ko", stat.S_IFREG | 0o644, found.read_bytes())
    programs = [tree / "usr/sbin/qemu-ga", tree / "sbin/dhclient"]
    for program in programs:
        yield _entry(f"bin/{program.name}", stat.S_IFREG | 0o755, program.read_bytes())
    libraries = {each.name: each for program in programs for each in _libraries(program)}
    for name, library in libraries.items():
        where = "lib64" if name.startswith("ld-linux") else "lib"
        yield _entry(f"{where}/{name}", stat.S_IFREG | 0o755, library.read_bytes())
    yield _entry("TRAILER!!!", 0, b"")


def _program(name: str) -> Path:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/bin:/sbin")
    if found is None:
        raise NotAvailable(f"{name} is not installed")
    return Path(found)


def _libraries(program: Path) -> list[Path]:
    """The shared libraries of this machine that the program needs."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    if "not found" in listed:
        raise NotAvailable(f"libraries of {program.name} are not installed: {listed}")
    return [Path(path) for path in re.findall(r"(/\S+)(?= \()", listed)]


def _entry(name: str, mode: int, data: bytes) -> bytes:
    """One entry of a newc archive: a header of hexadecimal numbers, name and data, each padded."""
    path = name.encode() + b"\0"
    # inode, mode, uid, gid, links, mtime, size, device, special device, length of name, checksum
    numbers = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    header = b"070701" + b"".join(b"%08X" % number for number in numbers)
    return _padded(header + path) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
