"""Ethernet frames of ARP (RFC 826), NDP (RFC 4861) and ping (RFC 792, RFC 4443). Pure."""

import ipaddress
import struct
from dataclasses import dataclass

ETH_P_ARP, ETH_P_IP, ETH_P_IPV6 = 0x0806, 0x0800, 0x86DD
BROADCAST = "ff:ff:ff:ff:ff:ff"
PAYLOAD = bytes(range(56))  # as much as ping sends

_ETHERNET = struct.Struct("!6s6sH")
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")
_ECHO = struct.Struct("!BBHHH")
_ARP_REQUEST, _ARP_REPLY = 1, 2
_ICMP, _ICMPV6 = 1, 58
_ECHO_TYPES = {4: (8, 0), 6: (128, 129)}  # request, reply
_SOLICIT, _ADVERTISE = 135, 136
_ROUTER_HOPS = 255  # NDP is believed from the same link only


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of a conversation. `own_ip` "" where the host has no address in that subnet."""

    own_mac: str
    own_ip: str
    ip: str
    mac: str = BROADCAST


def address_request(ends: Ends) -> bytes:
    """Who has the address? ARP for IPv4, a neighbour solicitation for IPv6."""
    return _solicitation(ends) if ":" in ends.ip else _arp_request(ends)


def address_answer(frame: bytes, ends: Ends) -> str:
    """The MAC that says it has the address, "" when the frame is no answer to that."""
    try:
        return _advertised(frame, ends) if ":" in ends.ip else _arp_reply(frame, ends)
    except struct.error:
        return ""


def echo_request(ends: Ends, identifier: int, sequence: int, payload: bytes = PAYLOAD) -> bytes:
    """A ping to the MAC of `ends`."""
    version = 6 if ":" in ends.ip else 4
    kind = _ECHO_TYPES[version][0]
    message = _ECHO.pack(kind, 0, 0, identifier, sequence) + payload
    return _packet(ends, message, 64)


def is_echo_reply(frame: bytes, ends: Ends, identifier: int, sequence: int) -> bool:
    """Whether the frame answers that ping."""
    try:
        kind, _, _, answered, number = _ECHO.unpack_from(_message(frame, ends))
    except (struct.error, ValueError):
        return False
    version = 6 if ":" in ends.ip else 4
    return (kind, answered, number) == (_ECHO_TYPES[version][1], identifier, sequence)


def checksum(data: bytes) -> int:
    """The Internet's (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _ip(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def _arp_request(ends: Ends) -> bytes:
    own_ip = _ip(ends.own_ip or "0.0.0.0")  # noqa: S104 - a probe, as before taking an address
    body = (1, ETH_P_IP, 6, 4, _ARP_REQUEST, _mac(ends.own_mac), own_ip, bytes(6), _ip(ends.ip))
    return _ETHERNET.pack(_mac(ends.mac), _mac(ends.own_mac), ETH_P_ARP) + _ARP.pack(*body)


def _arp_reply(frame: bytes, ends: Ends) -> str:
    if _ETHERNET.unpack_from(frame)[2] != ETH_P_ARP:
        return ""
    _, _, _, _, operation, mac, ip, _, _ = _ARP.unpack_from(frame, _ETHERNET.size)
    return mac.hex(":") if operation == _ARP_REPLY and ip == _ip(ends.ip) else ""


def _solicitation(ends: Ends) -> bytes:
    """To the solicited-node multicast group, which only the owner of the address is in."""
    target = _ip(ends.ip)
    group = _ip("ff02::1:ff00:0")[:13] + target[13:]
    option = bytes((1, 1)) + _mac(ends.own_mac)
    message = struct.pack("!BBHI", _SOLICIT, 0, 0, 0) + target + option
    to_all = Ends(
        ends.own_mac,
        ends.own_ip,
        str(ipaddress.IPv6Address(group)),
        f"33:33:{group[12:].hex(':')}",
    )
    return _packet(to_all, message, _ROUTER_HOPS)


def _advertised(frame: bytes, ends: Ends) -> str:
    try:
        message = _message(frame, ends)
    except ValueError:
        return ""
    if message[0] != _ADVERTISE or message[8:24] != _ip(ends.ip):
        return ""
    option = message[24:32]
    return option[2:8].hex(":") if option[:2] == bytes((2, 1)) else frame[6:12].hex(":")


def _packet(ends: Ends, message: bytes, hops: int) -> bytes:
    """An ICMP message in its IP packet in its frame, with the checksums filled in."""
    own, other = _ip(ends.own_ip), _ip(ends.ip)
    if len(other) == 4:
        message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
        fields = [0x45, 0, _IPV4.size + len(message), 0, 0x4000, hops, _ICMP, 0, own, other]
        fields[7] = checksum(_IPV4.pack(*fields))
        header, kind = _IPV4.pack(*fields), ETH_P_IP
    else:
        pseudo = own + other + struct.pack("!II", len(message), _ICMPV6)
        message = message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]
        header = _IPV6.pack(6 << 28, len(message), _ICMPV6, hops, own, other)
        kind = ETH_P_IPV6
    return _ETHERNET.pack(_mac(ends.mac), _mac(ends.own_mac), kind) + header + message


def _message(frame: bytes, ends: Ends) -> bytes:
    """The ICMP message that the other end sent; ValueError when the frame has none."""
    kind = _ETHERNET.unpack_from(frame)[2]
    body = frame[_ETHERNET.size :]
    if kind == ETH_P_IP and ":" not in ends.ip:
        fields = _IPV4.unpack_from(body)
        size, protocol, sender = (fields[0] & 15) * 4, fields[6], fields[8]
    elif kind == ETH_P_IPV6 and ":" in ends.ip:
        _, _, protocol, _, sender, _ = _IPV6.unpack_from(body)
        size = _IPV6.size
    else:
        raise ValueError
    if protocol not in (_ICMP, _ICMPV6) or sender != _ip(ends.ip) or len(body) < size + 8:
        raise ValueError
    return body[size:]
