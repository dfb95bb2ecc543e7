"""Reads what a plan depends on: links, addresses, routes and rules from `ip -json`, and files.

Blocks: call it in a thread.
"""

import json
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kvmnet_tui.change import surroundings
from kvmnet_tui.change.facts import (
    AddressFact,
    HostFacts,
    LinkFact,
    Owner,
    RouteFact,
    SessionFact,
)
from kvmnet_tui.change.nm_reader import read_networkmanager
from kvmnet_tui.change.programs import program, said
from kvmnet_tui.change.session import ends_of_session
from kvmnet_tui.i18n import _
from kvmnet_tui.requests import RequestError
from kvmnet_tui.sources.managers.backends import read_managers
from kvmnet_tui.sources.managers.files import HostFiles
from kvmnet_tui.sources.managers.interfaces import read_paths

SECONDS = 10.0
FOREVER = 2**32 - 1
_FILES = (
    "/etc/sysconfig/network-scripts/ifcfg-*",
    "/etc/sysconfig/network-scripts/route*-*",
    "/etc/NetworkManager/system-connections/*.nmconnection",
    "/run/NetworkManager/system-connections/*.nmconnection",
)
_PROGRAMS = ("ifreload", "dhclient")
_HOOKS = "etc/network/if-pre-up.d"
_NOT_OURS = frozenset({"local"})


def read_facts(root: Path = Path("/")) -> HostFacts:
    """The host now, with the files below `root`; raises RequestError where it cannot be read."""
    addresses = _ip("-details", "address", "show")
    links = {one["ifname"]: _link(one) for one in addresses}
    indexes = {one["ifindex"]: one["ifname"] for one in addresses}
    managers = read_managers(root, indexes)
    owners = {
        indexes[index]: Owner(one.name, one.evidence, one.config)
        for index, one in managers.items()
        if index in indexes
    }
    notes = surroundings.notes(root)
    return HostFacts(
        hostname=socket.gethostname(),
        links=links,
        routes=tuple(sorted(_routes(links), key=lambda route: "via" in route.words)),
        rules=tuple(_rules()),
        owners=owners,
        session=_session(),
        files=dict(_files(root)),
        networkmanager=read_networkmanager(said),
        has_systemd=(root / "run/systemd/system").is_dir(),
        drivers=_drivers(root),
        programs=frozenset(name for name in _PROGRAMS if program(name)),
        hooks=frozenset(path.name for path in (root / _HOOKS).glob("*")),
        nameservers=_nameservers(root),
        notes=notes,
        leases=surroundings.leases(root, links, owners, indexes),
        zones=surroundings.zones(root, notes.get("firewall", "")),
        disks=surroundings.disks(root),
    )


def _ip(*words: str) -> list[dict[str, Any]]:
    ip = program("ip")
    if ip is None:
        raise RequestError(_("The program ip (iproute2) is not installed."))
    try:
        done = subprocess.run(
            [ip, "-json", *words],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
        )
        answer: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    except (subprocess.TimeoutExpired, OSError, ValueError) as error:
        told = _("The kernel's configuration cannot be read: {reason}")
        raise RequestError(told.format(reason=error)) from error
    return [one for one in answer if one]


# --- links and addresses ----------------------------------------------------------------------


def _link(one: Mapping[str, Any]) -> LinkFact:
    flags = one.get("flags", ())
    info = one.get("linkinfo", {})
    return LinkFact(
        name=one["ifname"],
        kind=info.get("info_kind", ""),
        mac=one.get("address", "") if one.get("link_type") == "ether" else "",
        permanent_mac=one.get("permaddr", ""),
        mtu=one.get("mtu", 1500),
        is_up="UP" in flags,
        has_carrier="LOWER_UP" in flags,
        master=one.get("master", ""),
        lower=str(one.get("link", "") or ""),
        is_wireless=Path("/sys/class/net", one["ifname"], "wireless").exists(),
        info=info.get("info_data", {}),
        addresses=tuple(_address(each) for each in one.get("addr_info", ()) if "local" in each),
    )


def _address(one: Mapping[str, Any]) -> AddressFact:
    is_dynamic = one.get("dynamic") or one.get("valid_life_time", FOREVER) < FOREVER
    lifetimes = (one["valid_life_time"], one["preferred_life_time"]) if is_dynamic else None
    return AddressFact(
        cidr=f"{one['local']}/{one['prefixlen']}",
        family=6 if one.get("family") == "inet6" else 4,
        scope=one.get("scope", "global"),
        broadcast=one.get("broadcast", ""),
        label=one.get("label", ""),
        metric=one.get("metric"),
        noprefixroute=bool(one.get("noprefixroute")),
        lifetimes=lifetimes,
    )


# --- routes and rules --------------------------------------------------------------------------


def _routes(links: Mapping[str, LinkFact]) -> Iterator[RouteFact]:
    """All routes; those that lead to gateways are to come after those to the gateways' subnets."""
    for family in (4, 6):
        for one in _ip(f"-{family}", "-details", "route", "show", "table", "all"):
            if str(one.get("table", "main")) in _NOT_OURS or "cache" in one.get("flags", ()):
                continue
            if "dev" in one and one.get("type", "unicast") in ("unicast", ""):
                yield _route(one, family, links.get(one["dev"]))
            for hop in one.get("nexthops", ()):
                words = (one.get("dst", "default"), "nexthop")
                yield RouteFact(hop.get("dev", ""), family, words, is_connected=True)


def _route(one: Mapping[str, Any], family: int, link: LinkFact | None) -> RouteFact:
    destination = one.get("dst", "default")
    if family == 6 and destination == "default":
        destination = "::/0"
    words = [destination]
    via = one.get("gateway") or one.get("via", {}).get("host")
    words += ["via", via] if via else []
    for key, word in (
        ("protocol", "proto"),
        ("scope", "scope"),
        ("prefsrc", "src"),
        ("metric", "metric"),
        ("table", "table"),
    ):
        value = one.get(key)
        if value not in (None, "", "main", "global"):
            words += [word, str(value)]
    if "onlink" in one.get("flags", ()):
        words.append("onlink")
    is_connected = one.get("protocol") == "kernel" and not _is_by_hand(destination, family, link)
    return RouteFact(one["dev"], family, tuple(words), is_connected)


def _is_by_hand(destination: str, family: int, link: LinkFact | None) -> bool:
    """Whether a manager made the subnet's route in the kernel's name, as NetworkManager does."""
    if link is None or destination.startswith(("fe80", "ff")):
        return False
    return any(one.noprefixroute and one.family == family for one in link.addresses)


def _rules() -> Iterator[str]:
    for family in (4, 6):
        for one in _ip(f"-{family}", "rule", "show"):
            yield f"{family} " + " ".join(f"{key} {one[key]}" for key in sorted(one))


# --- who is here --------------------------------------------------------------------------------


def _session() -> SessionFact:
    """The SSH session, and the link that its way back uses."""
    client, server = ends_of_session()
    if not client:
        return SessionFact()
    route = next(iter(_ip("route", "get", client)), {})
    return SessionFact(client, server, route.get("dev", ""))


# --- files and programs ---------------------------------------------------------------------------


def _files(root: Path) -> Iterator[tuple[str, str]]:
    files = HostFiles(root)
    found = [path for pattern in _FILES for path in files.matching(pattern)]
    for path in (*found, *read_paths(files)):
        try:
            text = (root / path.lstrip("/")).read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            continue
        yield path, text


def _drivers(root: Path) -> dict[str, bool]:
    """Whether each driver is loaded, or can be."""
    return {name: _has_driver(root, name) for name in ("bridge", "bonding", "8021q")}


def _has_driver(root: Path, name: str) -> bool:
    if (root / "sys/module" / name).is_dir():
        return True
    modprobe = program("modprobe")
    if modprobe is None:
        return False
    command = [modprobe, "--quiet", "--dry-run", "--first-time", name]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _nameservers(root: Path) -> tuple[str, ...]:
    try:
        lines = (root / "etc/resolv.conf").read_text(errors="replace").splitlines()
    except OSError:
        return ()
    words = (line.split() for line in lines)
    return tuple(word[1] for word in words if word[:1] == ["nameserver"] and len(word) > 1)
