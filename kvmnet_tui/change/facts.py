"""What the host is like when a change is planned, as data: `reader` fills it in.

Links, addresses, routes and rules are those of `ip -json -details`, which the guard compares with
what it finds itself before it begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_EMPTY: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AddressFact:
    """One address. `lifetimes` are (valid, preferred) seconds, None for ever."""

    cidr: str
    family: int  # 4 or 6
    scope: str = "global"
    broadcast: str = ""
    label: str = ""
    metric: int | None = None
    noprefixroute: bool = False
    lifetimes: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class LinkFact:
    """One link; `info` is `linkinfo.info_data` of `ip -d -j link`."""

    name: str
    kind: str = ""  # bridge, bond, vlan, tun, veth...; "" for a NIC
    mac: str = ""
    permanent_mac: str = ""
    mtu: int = 1500
    is_up: bool = True
    has_carrier: bool = True
    master: str = ""
    lower: str = ""  # what a VLAN or macvtap stands on
    is_wireless: bool = False
    info: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    addresses: tuple[AddressFact, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteFact:
    """One route in the words of `ip route add`, such as (`default`, `via`, ...)."""

    device: str
    family: int
    words: tuple[str, ...]  # without `dev NAME`
    is_connected: bool = False  # made by the kernel with an address; it comes and goes with it


@dataclass(frozen=True, slots=True)
class Owner:
    """Who keeps a link's configuration, by what evidence (see `model.links.Manager`)."""

    name: str = "nobody"
    evidence: str = ""
    config: str = ""


@dataclass(frozen=True, slots=True)
class SessionFact:
    """The SSH session this program runs in: the other end, and the link the way back uses."""

    client: str = ""
    server: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest's NIC that is plugged in somewhere on this host."""

    guest: str
    tap: str
    bridge: str = ""


@dataclass(frozen=True, slots=True)
class NetworkManagerFact:
    """The running daemon: its version, and the checkpoints of others and of changes of ours."""

    version: str = ""
    foreign: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    def is_before(self, *version: int) -> bool:
        """Whether it is older than a version; one that says nothing is not."""
        numbers = [int(word) for word in self.version.split(".")[: len(version)] if word.isdigit()]
        return bool(numbers) and tuple(numbers) < version


@dataclass(frozen=True, slots=True)
class Disk:
    """What is left in a folder where a change keeps its files."""

    free_bytes: int
    is_read_only: bool = False


@dataclass(frozen=True, slots=True)
class HostFacts:
    """Everything a plan depends on.

    `files` are the configuration files read for the backends (path -> text); `networkmanager` is
    None where it does not run. `notes` are conditions of the whole host found by the reader, for
    the pre-flight. `leases` say by what the DHCP server knows a link: `mac`, or the client
    identifier; `zones` those that firewalld puts links into by name; `networks` the libvirt network
    that made a bridge; `under_way` is the title of a change that has not ended; `may_change`
    whether this account may start one.
    """

    hostname: str = ""
    links: Mapping[str, LinkFact] = field(default_factory=lambda: _EMPTY)
    routes: tuple[RouteFact, ...] = ()
    rules: tuple[str, ...] = ()
    owners: Mapping[str, Owner] = field(default_factory=lambda: _EMPTY)
    session: SessionFact = field(default_factory=SessionFact)
    guests: tuple[Guest, ...] = ()
    files: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    networkmanager: NetworkManagerFact | None = None
    has_systemd: bool = False
    drivers: Mapping[str, bool] = field(default_factory=lambda: _EMPTY)  # bridge, bonding, 8021q
    programs: frozenset[str] = frozenset()
    hooks: frozenset[str] = frozenset()  # what ifupdown runs before a link comes up
    nameservers: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=lambda: _EMPTY)  # see checks.host
    leases: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    zones: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    networks: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    disks: Mapping[str, Disk] = field(default_factory=lambda: _EMPTY)  # /etc, /run, /var/lib
    under_way: str = ""
    may_change: bool = True

    def owner(self, link: str) -> Owner:
        """Who keeps the link's configuration."""
        return self.owners.get(link, Owner())

    def routes_of(self, device: str) -> tuple[RouteFact, ...]:
        """The routes through a link."""
        return tuple(route for route in self.routes if route.device == device)

    def ports_of(self, master: str) -> tuple[LinkFact, ...]:
        """The links whose master is `master`, by name."""
        return tuple(
            self.links[name] for name in sorted(self.links) if self.links[name].master == master
        )
