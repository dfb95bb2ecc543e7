"""System calls for namespaces and taps that Python 3.11 has no words for."""

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# <linux/sched.h>, <linux/if_tun.h>, <linux/if_ether.h>, <linux/if_packet.h>
_MS_BIND = 0x1000
_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TAP_NO_PI = 0x1002
_ETH_P_ALL = 0x0003
_SOL_PACKET = 263
_PACKET_IGNORE_OUTGOING = 23

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def mount(kind: str, target: str, options: str = "") -> None:
    """Mount a file system that needs no device, without set-user-id programs."""
    flags = os.ST_NOSUID | os.ST_NODEV
    done = _libc.mount(kind.encode(), target.encode(), kind.encode(), flags, options.encode())
    _checked(done, target)


def show_instead(source: str, target: str) -> None:
    """Let `target`, which must be there, show what is in the file `source`."""
    done = _libc.mount(source.encode(), target.encode(), None, _MS_BIND, None)
    _checked(done, target)


def network_namespace() -> int:
    """A descriptor of the network namespace this thread is in."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def new_network_namespace() -> int:
    """A descriptor that keeps a new network namespace alive; the thread stays where it is."""
    home = network_namespace()
    try:
        _checked(_libc.unshare(_CLONE_NEWNET), "unshare")
        made = network_namespace()
        _checked(_libc.setns(home, _CLONE_NEWNET), "setns")
    finally:
        os.close(home)
    return made


@contextmanager
def inside_namespace(namespace: int) -> Iterator[None]:
    """Be in another network namespace for a while."""
    home = network_namespace()
    try:
        _checked(_libc.setns(namespace, _CLONE_NEWNET), "setns")
        try:
            yield
        finally:
            _checked(_libc.setns(home, _CLONE_NEWNET), "setns")
    finally:
        os.close(home)


def set_sysctl(name: str, value: int) -> None:
    """Set one of this namespace's net.* settings, where the kernel has it and lets us."""
    with suppress(OSError):
        Path("/proc/sys/net", name).write_text(f"{value}\n")


def set_arp_strict() -> None:
    """Let links of this namespace that share a subnet speak for their own addresses alone."""
    set_sysctl("ipv4/conf/all/arp_ignore", 1)
    set_sysctl("ipv4/conf/all/arp_announce", 2)


def open_tap(name: str) -> int:
    """Create a tap in this namespace; it lives as long as the descriptor."""
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP_NO_PI))
    except OSError:
        os.close(tap)
        raise
    return tap


def open_link(name: str) -> int:
    """A descriptor that receives and sends whole frames on a link of this namespace."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as frames:
        frames.setblocking(False)
        with suppress(OSError):  # kernels before 4.20 cannot, and show our own frames to us
            frames.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        frames.bind((name, _ETH_P_ALL))
        return frames.detach()
