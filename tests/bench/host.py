"""Hosts made for the benchmark: network namespaces that vanish with the process that made them."""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.rtnetlink import link_dump, open_socket

_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _TUNSETPERSIST, _IFF_TAP_NO_PI = 0x400454CA, 0x400454CB, 0x1002
_HOLD = "mount -t sysfs sysfs /sys && echo ready && exec cat"
_libc = ctypes.CDLL(None, use_errno=True)


class Host:
    """A network namespace with its own sysfs, held open by a process that ends with this one."""

    def __enter__(self) -> "Host":
        command = ["unshare", "--net", "--mount", "sh", "-c", _HOLD]
        self._holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout
        if self._holder.stdout.readline() != b"ready\n":
            raise RuntimeError("this machine gives no network namespace with a sysfs of its own")
        with self.entered():
            for name in ("all", "default"):  # no neighbour discovery: counters stand still
                Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._holder.stdin
        assert self._holder.stdout
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()

    @property
    def pid(self) -> int:
        """The process that holds the namespace."""
        return self._holder.pid

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` inside."""
        return ["nsenter", "--net", "--mount", "--target", str(self.pid), "--", *argv]

    def run(self, *argv: str, stdin: str = "") -> str:
        """Run inside; what it printed."""
        done = subprocess.run(
            self.command(argv), input=stdin, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv[:3])}: {done.stderr.strip()[-200:]}")
        return done.stdout

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread's network is this host's for a while."""
        with Path("/proc/thread-self/ns/net").open() as home:
            with Path(f"/proc/{self.pid}/ns/net").open() as there:
                _set_namespace(there.fileno())
            try:
                yield
            finally:
                _set_namespace(home.fileno())

    def rtnetlink(self) -> socket.socket:
        """A socket to change this host's links with."""
        with self.entered():
            return open_socket()

    def indexes(self) -> dict[str, int]:
        """Every link's index by name."""
        with self.entered():
            return {link.name: link.index for link in link_dump()}

    def batch(self, lines: Sequence[str]) -> None:
        """Lines for `ip -batch`."""
        self.run("ip", "-batch", "-", stdin="\n".join(lines))

    def add_taps(self, names: Sequence[str]) -> None:
        """Taps as a hypervisor makes them, but persistent."""
        with self.entered():
            for name in names:
                _add_tap(name)


def populate(host: Host, bridges: int, ports_each: int) -> None:
    """`ens32` and `ens36`, a cable between them; bridges, and taps plugged into each."""
    host.batch(
        ["link add ens32 type veth peer name ens36", "link set ens32 up", "link set ens36 up"]
    )
    host.batch([f"link add virbr{number} up type bridge" for number in range(bridges)])
    taps = [f"vnet{number}" for number in range(bridges * ports_each)]
    host.add_taps(taps)
    host.batch(
        [f"link set {tap} master virbr{number // ports_each} up" for number, tap in enumerate(taps)]
    )


def plug_cables(host: Host, switch: Host, ports: Sequence[str]) -> None:
    """Veth ports of one bridge whose far ends lie in `switch`, up at both ends."""
    far = str(switch.pid)
    host.batch(["link add br0 up type bridge"])
    host.batch([f"link add {port} type veth peer name {port} netns {far}" for port in ports])
    host.batch([f"link set {port} master br0 up" for port in ports])
    switch.batch([f"link set {port} up" for port in ports])


def _set_namespace(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the network namespace")


def _add_tap(name: str) -> None:
    tap = os.open("/dev/net/tun", os.O_RDWR)
    try:
        fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP_NO_PI))
        fcntl.ioctl(tap, _TUNSETPERSIST, 1)
    finally:
        os.close(tap)
