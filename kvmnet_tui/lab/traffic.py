"""A little traffic, so that counters move and neighbours stay known."""

import socket
import struct
from contextlib import suppress

from kvmnet_tui.lab.kernel import inside_namespace
from kvmnet_tui.lab.plan import DOWNLOADER, GATEWAY, GuestNic

SECONDS = 1.0  # between two rounds

_DISCARD_PORT = 9
_BURST = 70  # datagrams: about 100 kB a round
_DATAGRAM = bytes(1400)
_ICMP_FILTER = 1  # <linux/icmp.h>
_ECHO_REQUEST = 8


class Pinger:
    """Pings from one NIC of a guest. Replies are left to the guest's kernel, nobody reads them."""

    def __init__(self, namespace: int, interface: str, nic: GuestNic) -> None:
        self._targets = nic.pings
        self._sequence = 0
        with inside_namespace(namespace):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_RAW, _ICMP_FILTER, struct.pack("I", 0xFFFFFFFF))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())

    def send(self) -> None:
        """One echo request to every target."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        for target in self._targets:
            with suppress(OSError):  # a link is down or gone: nothing to ping through
                self._socket.sendto(echo_request(self._sequence), (target, 0))


class Download:
    """Datagrams from the gateway to one guest, through uplink, host, bridge and tap."""

    def __init__(self, gateway: int, guest: int) -> None:
        self._sender = _udp_socket(gateway, GATEWAY)
        self._receiver = _udp_socket(guest, DOWNLOADER)
        # Never read: the kernel drops what does not fit, and no port-unreachable comes back.
        self._receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)

    def send(self) -> None:
        """One burst."""
        with suppress(OSError):  # no way there just now
            for _ in range(_BURST):
                self._sender.sendto(_DATAGRAM, (DOWNLOADER, _DISCARD_PORT))


def _udp_socket(namespace: int, address: str) -> socket.socket:
    with inside_namespace(namespace):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        made.bind((address, _DISCARD_PORT))
        return made


def echo_request(sequence: int) -> bytes:
    """An ICMP echo request with 56 bytes of payload (RFC 792)."""
    payload = bytes(56)
    unsummed = struct.pack("!BBHHH", _ECHO_REQUEST, 0, 0, 1, sequence) + payload
    total = sum(struct.unpack(f"!{len(unsummed) // 2}H", unsummed))
    folded = (total & 0xFFFF) + (total >> 16)
    checksum = ~(folded + (folded >> 16)) & 0xFFFF
    return struct.pack("!BBHHH", _ECHO_REQUEST, 0, checksum, 1, sequence) + payload
