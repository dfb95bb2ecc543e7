"""What a drill must know beside the picture: gateways, whose session this is, and its rights."""

import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

RTF_UP, RTF_GATEWAY = 0x1, 0x2


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`gateways` by device, default routes only; `session_address` is this end of an SSH session.

    `may_change` is whether links may be set down and raw sockets opened.
    """

    gateways: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    session_address: str = ""
    may_change: bool = True


def read_surroundings(proc: Path = Path("/proc")) -> Surroundings:
    """Read it all. Blocks, shortly."""
    connection = os.environ.get("SSH_CONNECTION", "").split()
    return Surroundings(
        _gateways(proc),
        connection[2] if len(connection) == 4 else "",
        os.geteuid() == 0,
    )


def _gateways(proc: Path) -> dict[str, tuple[str, ...]]:
    """The default routes of the main table, the best metric first."""
    routes = [*_ipv4_routes(proc / "net/route"), *_ipv6_routes(proc / "net/ipv6_route")]
    found: dict[str, tuple[str, ...]] = {}
    for _, device, gateway in sorted(routes):
        found[device] = (*found.get(device, ()), gateway)
    return found


def _ipv4_routes(path: Path) -> list[tuple[tuple[int, int], str, str]]:
    routes = []
    for line in _lines(path)[1:]:
        device, destination, gateway, flags, _, _, metric, mask = line.split()[:8]
        if destination == mask == "00000000" and int(flags, 16) & RTF_GATEWAY:
            address = socket.inet_ntoa(struct.pack("=I", int(gateway, 16)))
            routes.append(((4, int(metric)), device, address))
    return routes


def _ipv6_routes(path: Path) -> list[tuple[tuple[int, int], str, str]]:
    routes = []
    for line in _lines(path):
        destination, length, _, _, gateway, metric, _, _, flags, device = line.split()[:10]
        if int(length, 16) == int(destination, 16) == 0 and int(flags, 16) & RTF_GATEWAY:
            address = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(gateway))
            routes.append(((6, int(metric, 16)), device, address))
    return routes


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:  # no IPv6, or no such kernel
        return []
