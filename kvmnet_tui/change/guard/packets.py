"""Packets that ask and announce: ARP, neighbour discovery, ping, DNS."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

from .host import link_named

ETH_P_ALL = 0x0003
# Whoever has an address whose last three bytes follow (RFC 4291, 2.7.1).
SOLICITED = socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:0")[:13]


def mac_bytes(link: str) -> bytes:
    one = link_named(link)
    return bytes.fromhex((one or {}).get("address", "00" * 6).replace(":", "")[:12].ljust(12, "0"))


def arp_packet(
    operation: int, mac: bytes, sender: bytes, target_mac: bytes, target: bytes
) -> bytes:
    ethernet = b"\xff" * 6 + mac + b"\x08\x06"
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return ethernet + body + mac + sender + target_mac + target


def arrivals(raw: socket.socket, seconds: float) -> Iterator[tuple[bytes, Any]]:
    """What comes in on a socket for so long, each with its sender."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and select.select([raw], [], [], left)[0]:
        yield raw.recvfrom(256)


def arp_answers(link: str, target: str, seconds: float) -> bool:
    """Whether an IPv4 address answers an ARP request on `link`."""
    wanted = socket.inet_aton(target)
    try:
        # Every protocol: what goes on to a bridge above is seen by nobody else.
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as raw:
            raw.bind((link, ETH_P_ALL))
            raw.send(arp_packet(1, mac_bytes(link), b"\0" * 4, b"\0" * 6, wanted))
            return any(
                frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x02" and frame[28:32] == wanted
                for frame, _sender in arrivals(raw, seconds)
            )
    except OSError:
        return False


def ndp_answers(link: str, target: str, seconds: float) -> bool:
    """Whether an IPv6 address answers a neighbour solicitation on `link`."""
    wanted = socket.inet_pton(socket.AF_INET6, target.partition("%")[0])
    everybody = socket.inet_ntop(socket.AF_INET6, SOLICITED + wanted[13:])
    asking = struct.pack("!BBHI", 135, 0, 0, 0) + wanted + b"\x01\x01" + mac_bytes(link)
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
            raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            raw.sendto(asking, (everybody, 0, 0, socket.if_nametoindex(link)))
            return any(
                packet[:1] == b"\x88" and packet[8:24] == wanted
                for packet, _sender in arrivals(raw, seconds)
            )
    except OSError:
        return False


def ping_answers(link: str, target: str, seconds: float) -> bool:
    """Whether an address answers a ping out of `link`."""
    try:
        return (_ping6 if ":" in target else _ping4)(link, target, seconds)
    except OSError:
        return False


def _ping4(link: str, target: str, seconds: float) -> bool:
    mark = struct.pack("!H", os.getpid() & 0xFFFF)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
        asking = b"\x08\0" + checksum(b"\x08\0\0\0" + mark + b"\0\x01") + mark + b"\0\x01"
        raw.sendto(asking, (target, 0))
        for packet, sender in arrivals(raw, seconds):
            message = packet[4 * (packet[0] & 0x0F) :]  # behind the IP header
            if message[:1] == b"\0" and message[4:6] == mark and sender[0] == target:
                return True
    return False


def _ping6(link: str, target: str, seconds: float) -> bool:
    mark = struct.pack("!H", os.getpid() & 0xFFFF)
    plain = target.partition("%")[0]
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
        index = socket.if_nametoindex(link) if plain.lower().startswith("fe80") else 0
        raw.sendto(b"\x80\0\0\0" + mark + b"\0\x01", (plain, 0, 0, index))
        return any(
            packet[:1] == b"\x81" and packet[4:6] == mark and sender[0].partition("%")[0] == plain
            for packet, sender in arrivals(raw, seconds)
        )


def checksum(message: bytes) -> bytes:
    """The Internet's checksum (RFC 1071) of a message of even length."""
    total = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total >> 16) + (total & 0xFFFF)
    return struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF)


def dns_answers(server: str, seconds: float) -> bool:
    """Whether a name server says anything when asked for the root's servers."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    question = struct.pack("!HHHHHH", os.getpid() & 0xFFFF, 0x0100, 1, 0, 0, 0) + b"\0\0\x02\0\x01"
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(seconds)
            asking.connect((server, 53))
            asking.send(question)
            return bool(asking.recv(64))
    except OSError:
        return False


def announce(link: str, addresses: list[str]) -> None:
    """Gratuitous ARP and unsolicited neighbour advertisements, twice each."""
    mac = mac_bytes(link)
    for _again in range(2):
        for address in addresses:
            with contextlib.suppress(OSError):
                (_announce6 if ":" in address else _announce4)(link, mac, address)


def _announce4(link: str, mac: bytes, address: str) -> None:
    own = socket.inet_aton(address)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as raw:
        raw.bind((link, 0x0806))
        for operation in (1, 2):
            raw.send(arp_packet(operation, mac, own, b"\xff" * 6, own))


def _announce6(link: str, mac: bytes, address: str) -> None:
    own = socket.inet_pton(socket.AF_INET6, address)
    advertisement = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + own + b"\x02\x01" + mac
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        raw.sendto(advertisement, ("ff02::1", 0, 0, socket.if_nametoindex(link)))
