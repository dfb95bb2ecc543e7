"""Packets that ask and announce: ARP, neighbour discovery, ping, DNS."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import time

from .host import link_named

ETH_P_ALL = 0x0003


def mac_bytes(link: str) -> bytes:
    one = link_named(link)
    return bytes.fromhex((one or {}).get("address", "00" * 6).replace(":", "")[:12].ljust(12, "0"))


def arp_packet(
    operation: int, mac: bytes, sender: bytes, target_mac: bytes, target: bytes
) -> bytes:
    ethernet = b"\xff" * 6 + mac + b"\x08\x06"
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return ethernet + body + mac + sender + target_mac + target


def arp_answers(link: str, target: str, timeout: float) -> bool:
    """Whether `target` answers an ARP request on `link`."""
    wanted = socket.inet_aton(target)
    try:
        # Every protocol: what goes on to a bridge above is seen by nobody else.
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as raw:
            raw.bind((link, ETH_P_ALL))
            packet = arp_packet(1, mac_bytes(link), b"\0" * 4, b"\0" * 6, wanted)
            raw.send(packet)
            end = time.monotonic() + timeout
            while (left := end - time.monotonic()) > 0 and select.select([raw], [], [], left)[0]:
                frame = raw.recv(256)
                is_answer = frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x02"
                if is_answer and frame[28:32] == wanted:
                    return True
    except OSError:
        pass
    return False


def ping6_answers(target: str, link: str, timeout: float) -> bool:
    """Whether an IPv6 address answers a ping out of `link`."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
            index = socket.if_nametoindex(link) if target.lower().startswith("fe80") else 0
            mark = os.getpid() & 0xFFFF
            raw.sendto(struct.pack("!BBHHH", 128, 0, 0, mark, 1), (target, 0, 0, index))
            end = time.monotonic() + timeout
            while (left := end - time.monotonic()) > 0 and select.select([raw], [], [], left)[0]:
                packet, sender = raw.recvfrom(256)
                if packet[:1] == b"\x81" and packet[4:6] == struct.pack("!H", mark):
                    return str(sender[0]).partition("%")[0] == target.partition("%")[0]
    except OSError:
        pass
    return False


def dns_answers(server: str, timeout: float) -> bool:
    """Whether a name server says anything when asked for the root's servers."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    question = struct.pack("!HHHHHH", os.getpid() & 0xFFFF, 0x0100, 1, 0, 0, 0) + b"\0\0\x02\0\x01"
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(timeout)
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
