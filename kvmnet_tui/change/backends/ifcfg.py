"""ifcfg files with network.service: tried in the kernel, then written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import PurePosixPath
from typing import Final

from kvmnet_tui.change.backends import ifcfg_file
from kvmnet_tui.change.backends.dhcp import Client, Dhclient
from kvmnet_tui.change.backends.layout import (
    Addresses,
    FileEdit,
    Files,
    Freed,
    Joined,
    Kind,
    Layout,
    Made,
    Method,
    TrialInKernel,
    edits_between,
)
from kvmnet_tui.change.backends.together import at_once, in_words
from kvmnet_tui.change.backends.wished import layout_of
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding, Verdict
from kvmnet_tui.change.plan import FileChange, Step
from kvmnet_tui.change.wishes import BackendName, Wish
from kvmnet_tui.i18n import _

FOLDER: Final = "/etc/sysconfig/network-scripts"
_ROUTES: Final = ("route-", "route6-", "rule-", "rule6-")
_DHCLIENT: Final = Dhclient(
    "/var/run/dhclient-{link}.pid", "/var/lib/dhclient/dhclient--{link}.lease"
)
# Settings of a file that a new file beside it takes over as found.
_AS_FOUND: Final = ("NM_CONTROLLED", "USERCTL")
# Of the addressing, what a link keeps when only its IPv4 address is another one.
_NOT_IPV4: Final = re.compile(
    r"IPV6\w*|DHCPV6\w*|ZONE|PEERDNS|PEERROUTES|PEERNTP|DEFROUTE|DOMAIN|SEARCH"
)


def edits(layout: Layout, files: Files) -> tuple[FileEdit, ...]:
    """The files that change, in the order in which they are written."""
    return _Folder(layout, files).edits()


@dataclass(frozen=True)
class Ifcfg:
    """Tried in the kernel; then the files, which network.service is made to finish first."""

    in_kernel: TrialInKernel
    name = BackendName.IFCFG

    def dhcp(self, facts: HostFacts) -> Client | None:
        """The one that `ifup-eth` starts."""
        return _DHCLIENT if "dhclient" in facts.programs else None

    def is_leased(self, link: str, facts: HostFacts) -> bool:
        """Whether its file says so."""
        files = _files(facts)
        said = (ifcfg_file.read(text) for path, text in files.items() if "/ifcfg-" in path)
        return any(one.get("DEVICE") == link and one.get("BOOTPROTO") == "dhcp" for one in said)

    def findings(self, wish: Wish, facts: HostFacts) -> tuple[Finding, ...]:
        """What to know before."""
        layout = layout_of(wish, facts)
        links = (*(one.link for one in layout.joined), *(one.link for one in layout.freed))
        files = _files(facts)
        missing = [link for link in links if not _Folder(layout, files).knows(link)]
        said = _("{name} has no file in {folder}: one is written.")
        return tuple(Finding(Verdict.OK, said.format(name=link, folder=FOLDER)) for link in missing)

    def files(self, wish: Wish, facts: HostFacts) -> tuple[FileChange, ...]:
        """The files as they will be."""
        changes = edits(layout_of(wish, facts), _files(facts))
        return tuple(FileChange(edit.path, edit.before, edit.after) for edit in changes)

    def trial(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """The kernel alone."""
        return self.in_kernel(wish, facts)

    def commit(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """All files or none, whenever the power goes."""
        service = "network.service" if facts.has_systemd else ""
        return at_once(edits(layout_of(wish, facts), _files(facts)), service)

    def settle(self, there: Sequence[str], gone: Sequence[str]) -> tuple[Step, ...]:  # noqa: ARG002
        """It sees for itself."""
        return ()

    def rollback(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:  # noqa: ARG002
        """The kernel's part is all there is."""
        return ()

    def by_hand(self, wish: Wish, facts: HostFacts) -> tuple[str, ...]:
        """How to undo a committed change."""
        return (
            *in_words(edits(layout_of(wish, facts), _files(facts))),
            "systemctl restart network",
        )


def _files(facts: HostFacts) -> dict[str, str]:
    return {path: text for path, text in facts.files.items() if path.startswith(f"{FOLDER}/")}


class _Folder:
    """The folder's files while the change is written into them."""

    def __init__(self, layout: Layout, files: Files) -> None:
        self._layout = layout
        self._before = files
        self._paths = {
            ifcfg_file.read(text).get("DEVICE") or _link_named_by(path): path
            for path, text in files.items()
            if PurePosixPath(path).name.startswith("ifcfg-")
        }
        self._after: dict[str, str | None] = {}

    def edits(self) -> tuple[FileEdit, ...]:
        for made in self._layout.made:
            self._make(made)
        for freed in self._layout.freed:
            self._free(freed)
        for joined in self._layout.joined:
            self._join(joined)
        for name in self._layout.removed:
            self._remove(name)
        return edits_between(self._before, self._after)

    def knows(self, link: str) -> bool:
        """Whether there is a file for the link."""
        return link in self._paths

    def _text(self, link: str) -> str:
        return self._before.get(self._path(link), "")

    def _path(self, link: str) -> str:
        return self._paths.get(link, f"{FOLDER}/ifcfg-{link}")

    def _make(self, made: Made) -> None:
        settings = {"DEVICE": made.name, **_kind_settings(made)}
        if made.mac:
            settings["MACADDR"] = made.mac
        if made.mtu:
            settings["MTU"] = str(made.mtu)
        settings |= self._addressing(made.addresses)
        settings["ONBOOT"] = "yes"
        settings |= self._as_found(made)
        if made.controller:
            settings["BRIDGE"] = made.controller
        self._after[f"{FOLDER}/ifcfg-{made.name}"] = ifcfg_file.written(settings)
        self._move_routes(made.addresses.source, made.name)

    def _as_found(self, made: Made) -> dict[str, str]:
        """NM_CONTROLLED and the like, from the file of the first link below that has them."""
        below = (made.addresses.source, *(one.link for one in self._layout.joined))
        for link in below:
            said = ifcfg_file.read(self._text(link))
            found = {key: value for key, value in said.items() if key in _AS_FOUND}
            if found:
                return found
        return {}

    def _addressing(self, addresses: Addresses) -> dict[str, str]:
        settings = self._of_method(addresses)
        if addresses.ipv6 or addresses.method is Method.NONE:
            return settings
        four = {key: value for key, value in settings.items() if not key.startswith("IPV6")}
        return {**four, "IPV6INIT": "no"}

    def _of_method(self, addresses: Addresses) -> dict[str, str]:
        found = ifcfg_file.addressing(self._text(addresses.source)) if addresses.source else {}
        match addresses.method:
            case Method.NONE:
                return {"BOOTPROTO": "none"}
            case Method.INHERIT if found.get("BOOTPROTO") or "IPADDR" in found:
                return found
            case Method.DHCP:
                return {"BOOTPROTO": "dhcp", **_kept(found)}
            case _:
                static = _static(addresses)
                kept = _kept(found).items()
                return static | {key: value for key, value in kept if key not in static}

    def _free(self, freed: Freed) -> None:
        text = ifcfg_file.changed(
            self._text(freed.link) or _bare(freed.link),
            dict.fromkeys(("BRIDGE", "MASTER", "SLAVE")),
        )
        given = self._addressing(freed.addresses)
        self._after[self._path(freed.link)] = ifcfg_file.changed(text, given)
        if freed.addresses.source:
            self._move_routes(freed.addresses.source, freed.link)

    def _join(self, joined: Joined) -> None:
        text = self._after.get(self._path(joined.link)) or self._text(joined.link)
        text = text or _bare(joined.link)
        gone = (key for key in ifcfg_file.addressing(text) if key != "BOOTPROTO")
        settings: dict[str, str | None] = {
            **dict.fromkeys(gone),
            "BOOTPROTO": "none",
            "ONBOOT": "yes",
        }
        if joined.controller_kind is Kind.BOND:
            settings |= {"MASTER": joined.controller, "SLAVE": "yes", "BRIDGE": None}
        else:
            settings |= {"BRIDGE": joined.controller, "MASTER": None, "SLAVE": None}
        self._after[self._path(joined.link)] = ifcfg_file.changed(text, settings)

    def _remove(self, name: str) -> None:
        self._after[self._path(name)] = None

    def _move_routes(self, source: str, target: str) -> None:
        """The files of a link's static routes are named after it."""
        for prefix in _ROUTES if source else ():
            old, new = f"{FOLDER}/{prefix}{source}", f"{FOLDER}/{prefix}{target}"
            if text := self._before.get(old):
                self._after[new] = re.sub(
                    rf"\bdev {re.escape(source)}(?!\S)", f"dev {target}", text
                )
                self._after[old] = None


def _link_named_by(path: str) -> str:
    return PurePosixPath(path).name.removeprefix("ifcfg-")


def _kind_settings(made: Made) -> dict[str, str]:
    match made.kind:
        case Kind.BRIDGE:
            stp = "yes" if made.stp else "no"
            filtering = {"BRIDGING_OPTS": "vlan_filtering=1"} if made.vlan_filtering else {}
            return {"TYPE": "Bridge", "STP": stp, "DELAY": str(made.delay), **filtering}
        case Kind.BOND:
            options = " ".join(f"{name}={value}" for name, value in made.options)
            return {"TYPE": "Bond", "BONDING_MASTER": "yes", "BONDING_OPTS": options}
        case Kind.VLAN:
            return {"VLAN": "yes", "PHYSDEV": made.parent}


def _kept(found: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in found.items() if _NOT_IPV4.fullmatch(key)}


def _static(addresses: Addresses) -> dict[str, str]:
    settings = {"BOOTPROTO": "static"}
    four = [ip_interface(one) for one in addresses.cidrs if ":" not in one]
    for number, one in enumerate(four):
        suffix = str(number) if number else ""
        settings |= {f"IPADDR{suffix}": str(one.ip), f"NETMASK{suffix}": str(one.netmask)}
    six = [one for one in addresses.cidrs if ":" in one]
    gateways = {":" in one: one for one in reversed(addresses.gateways)}  # by: is it IPv6
    if False in gateways:
        settings["GATEWAY"] = gateways[False]
    if six:
        settings |= {"IPV6INIT": "yes", "IPV6_AUTOCONF": "no", "IPV6ADDR": six[0]}
        settings |= {"IPV6ADDR_SECONDARIES": " ".join(six[1:])} if six[1:] else {}
    if six and True in gateways:
        settings["IPV6_DEFAULTGW"] = gateways[True]
    return settings | {f"DNS{number}": one for number, one in enumerate(addresses.dns, 1)}


def _bare(link: str) -> str:
    """The file of a NIC that had none."""
    return ifcfg_file.written({"TYPE": "Ethernet", "DEVICE": link, "ONBOOT": "yes"})
