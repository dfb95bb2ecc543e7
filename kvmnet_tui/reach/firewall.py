"""Policies that drop what a bridge passes on between its ports: nftables, and old iptables.

Read over netlink and getsockopt, so that no program is started and no module is loaded.
"""

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kvmnet_tui.sources.netlink.wire import attributes, messages

PROC = Path("/proc")

_NETLINK_NETFILTER = 12
_GETCHAIN = 10 << 8 | 4  # NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN
_DUMP_REQUEST = 0x301
_TABLE, _NAME, _HOOK, _POLICY, _HOOK_NUMBER = 1, 3, 4, 5, 1  # NFTA_CHAIN_*, NFTA_HOOK_HOOKNUM
_FORWARD, _DROP = 2, 0
# Families whose forward chains see bridged frames: the bridge's own always, these while
# br_netfilter hands them over.
_BRIDGE = 7
_FAMILIES = {1: ("inet", "iptables"), 2: ("ip", "iptables"), 10: ("ip6", "ip6tables")}

_IPT_SO_GET_INFO, _IPT_SO_GET_ENTRIES = 64, 65
_INFO = struct.Struct("=32sI5I5III")  # struct ipt_getinfo
_GET_ENTRIES = struct.Struct("=32sI4x")  # struct ipt_get_entries, without its entries
_ENTRY_TARGET = struct.Struct("=84xI2H")
_VERDICT_AT = 32


def dropping_policies(proc: Path = PROC) -> tuple[str, ...]:
    """The chains whose policy drops frames between a bridge's ports, such as `ip filter FORWARD`.

    What cannot be read (no rights, no netfilter) counts as not dropping.
    """
    found = dict.fromkeys(_nftables(proc))
    if _hands_over(proc, "iptables"):
        found.update(dict.fromkeys(_legacy(proc)))
    return tuple(sorted(found))


def _hands_over(proc: Path, program: str) -> bool:
    """Whether br_netfilter gives bridged frames to this program's chains."""
    with suppress(OSError):
        return (proc / f"sys/net/bridge/bridge-nf-call-{program}").read_text().strip() == "1"
    return False


def _nftables(proc: Path) -> Iterator[str]:
    with suppress(OSError):
        for family, table, name in _dropping_chains():
            if family == _BRIDGE:
                yield f"bridge {table} {name}"
            elif family in _FAMILIES and _hands_over(proc, _FAMILIES[family][1]):
                yield f"{_FAMILIES[family][0]} {table} {name}"


def _dropping_chains() -> Iterator[tuple[int, str, str]]:
    """Family, table and name of every base chain on the forward hook with policy drop."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as link:
        link.settimeout(2.0)
        body = struct.pack("=BBH", 0, 0, 0)
        link.send(struct.pack("=IHHII", 16 + len(body), _GETCHAIN, _DUMP_REQUEST, 1, 0) + body)
        done = False
        while not done:
            data = link.recv(1 << 20)
            for kind, _flags, start, end in messages(data, len(data)):
                if kind in (2, 3):  # NLMSG_ERROR, NLMSG_DONE
                    done = True
                    break
                chain = _dropping(data, start, end)
                if chain is not None:
                    yield chain


def _dropping(data: bytes, start: int, end: int) -> tuple[int, str, str] | None:
    family = data[start + 16]
    parts = {kind: data[at:stop] for kind, at, stop in attributes(data, start + 20, end)}
    hook = parts.get(_HOOK)
    if hook is None or parts.get(_POLICY) != struct.pack("!I", _DROP):
        return None
    inner = {kind: hook[at:stop] for kind, at, stop in attributes(hook, 0, len(hook))}
    if inner.get(_HOOK_NUMBER) != struct.pack("!I", _FORWARD):
        return None
    table, name = (parts.get(kind, b"").rstrip(b"\0").decode() for kind in (_TABLE, _NAME))
    return family, table, name


def _legacy(proc: Path) -> Iterator[str]:
    """Iptables before nftables; its tables are asked only when they are there already."""
    with suppress(OSError, struct.error):
        if "filter" not in (proc / "net/ip_tables_names").read_text().split():
            return
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            if _legacy_verdict(raw) == -1 - _DROP:
                yield " ".join(("iptables", "filter", "FORWARD"))


def _legacy_verdict(raw: socket.socket) -> int:
    """The standard target's verdict of the rule that stands for the chain's policy."""
    name = b"filter".ljust(32, b"\0")
    info = _INFO.unpack(_asked(raw, _IPT_SO_GET_INFO, name.ljust(_INFO.size, b"\0")))
    underflow, size = info[7 + _FORWARD], info[13]
    wanted = _GET_ENTRIES.pack(name, size)
    at = _GET_ENTRIES.size + underflow
    entries = _asked(raw, _IPT_SO_GET_ENTRIES, wanted + bytes(size))
    target = _ENTRY_TARGET.unpack_from(entries, at)[1]
    verdict: int = struct.unpack_from("=i", entries, at + target + _VERDICT_AT)[0]
    return verdict


def _asked(raw: socket.socket, option: int, question: bytes) -> bytes:
    """Getsockopt with a question in the buffer, which Python's own does not have."""
    buffer = ctypes.create_string_buffer(question, len(question))
    length = ctypes.c_uint32(len(question))
    libc = ctypes.CDLL(None, use_errno=True)
    level = socket.IPPROTO_IP
    if libc.getsockopt(raw.fileno(), level, option, buffer, ctypes.byref(length)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return buffer.raw
