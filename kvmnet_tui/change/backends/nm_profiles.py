"""The profiles (keyfiles) that a change wants of NetworkManager."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final
from uuid import UUID, uuid5

from kvmnet_tui.change.backends import keyfile
from kvmnet_tui.change.backends.layout import (
    Addresses,
    CannotConfigure,
    FileEdit,
    Files,
    Freed,
    Joined,
    Kind,
    Layout,
    Made,
    Method,
)
from kvmnet_tui.i18n import _

DURABLE: Final = "/etc/NetworkManager/system-connections"
MODE: Final = 0o600
# What a profile for a port keeps of the link's own profile: all but who it is and its addresses.
_OF_ANOTHER: Final = {
    "connection",
    "ipv4",
    "ipv6",
    "proxy",
    "bridge-port",
    "bond-port",
    "tc",
    ".nmmeta",
}
_ADDRESSING: Final = ("ipv4", "ipv6", "proxy")
_KEPT_OF_CONNECTION: Final = ("zone", "permissions", "mdns", "llmnr", "dns-over-tls", "metered")
_METHOD_OF: Final = {Kind.BRIDGE: "bridge", Kind.BOND: "bond"}


@dataclass(frozen=True)
class Profile:
    """A profile as it will be written: its file's name is that of its id."""

    id: str
    uuid: str
    link: str
    text: str
    made: Kind | None = None  # what it makes; None of a NIC's

    @property
    def file(self) -> str:
        """The file's name in whichever folder."""
        return f"{self.id}.nmconnection"


@dataclass(frozen=True)
class Profiles:
    """A change in NetworkManager's terms."""

    own: tuple[Profile, ...]  # ports and members first, then their controllers
    old: Mapping[str, str]  # UUIDs of the profiles that own ones stand in for, by link
    commit: tuple[FileEdit, ...]  # in the order in which they are written
    activate: tuple[tuple[str, str], ...]  # UUID and link, in this order
    down: tuple[tuple[str, str], ...]  # profiles that nothing stands in for: UUID and link
    leased: tuple[str, ...]  # links whose old profiles want a lease


def profiles(layout: Layout, files: Files, active: Mapping[str, str]) -> Profiles:
    """The profiles of a change. `active` is the path of each link's profile."""
    return _Writer(layout, files, active).profiles()


class _Writer:
    """Writes the profiles of one change."""

    def __init__(self, layout: Layout, files: Files, active: Mapping[str, str]) -> None:
        self._layout = layout
        self._files = files
        self._active = active
        self._said = {link: keyfile.read(files.get(path, "")) for link, path in active.items()}
        # Other UUIDs than those of an earlier change, whose profiles may be kept as a backup.
        there = sorted(
            keyfile.read(text).get("connection", {}).get("uuid", "") for text in files.values()
        )
        self._namespace = uuid5(UUID(int=0), f"kvmnet-tui {' '.join(there)}")
        joined = (one.link for one in layout.joined)
        self._renewed = (*joined, *(one.link for one in layout.freed if self._speaks(one)))
        # A controller with another profile than its members know would lose them.
        self._followers = {
            link: controller for controller in self._renewed for link in self._under_it(controller)
        }

    def profiles(self) -> Profiles:
        layout = self._layout
        own = [
            *(self._port(one) for one in layout.joined),
            *(self._given_back(one) for one in layout.freed if self._speaks(one)),
            *(self._following(link, controller) for link, controller in self._followers.items()),
            *(self._made(one) for one in layout.made),
        ]
        touched = (
            *(one.link for one in layout.joined),
            *(one.link for one in layout.freed),
            *self._followers,
            *layout.removed,
        )
        old = {link: self._uuid(link) for link in touched if self._uuid(link)}
        leased = tuple(link for link in old if wants_lease(self._said[link]))
        commit = self._commit(own, touched)
        return Profiles(tuple(own), old, commit, self._order(), self._down(old), leased)

    def _down(self, old: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """What is freed without an address, and the controllers that go, which are last."""
        freed = [one.link for one in self._layout.freed if not self._speaks(one)]
        return tuple((old[link], link) for link in (*freed, *self._layout.removed) if link in old)

    def _speaks(self, freed: Freed) -> bool:
        return freed.addresses.method is not Method.NONE

    def _uuid(self, link: str) -> str:
        return _uuid_in(self._said.get(link, {}))

    def _own_uuid(self, link: str) -> str:
        return str(uuid5(self._namespace, link))

    def _controller(self, link: str) -> str:
        """A controller's UUID: of the profile made for it, else of the one it has."""
        if link in self._renewed or any(made.name == link for made in self._layout.made):
            return self._own_uuid(link)
        if uuid := self._uuid(link):
            return uuid
        raise CannotConfigure(_("NetworkManager has no profile of {name}.").format(name=link))

    def _made(self, made: Made) -> Profile:
        connection = {
            **self._connection(made.name, made.name, made.kind),
            "autoconnect-slaves": "1",
        }
        source = self._said.get(made.addresses.source, {})
        connection |= _kept(source)
        if made.controller:
            connection |= self._under(made.controller, Kind.BRIDGE)
        ethernet = {
            **({"cloned-mac-address": made.mac.upper()} if made.mac else {}),
            **({"mtu": str(made.mtu)} if made.mtu else {}),
        }
        sections = {
            "connection": connection,
            **_kind_sections(made),
            "ethernet": ethernet,
            **({} if made.controller else _addressing(made.addresses, source)),
        }
        return replace(self._profile(made.name, made.name, sections), made=made.kind)

    def _port(self, joined: Joined) -> Profile:
        old = self._said.get(joined.link, {})
        kind = old.get("connection", {}).get("type", joined.kind)
        name = f"{joined.controller}-{joined.link}"
        connection = self._connection(name, joined.link, kind)
        connection |= self._under(joined.controller, joined.controller_kind)
        kept = {section: keys for section, keys in old.items() if section not in _OF_ANOTHER}
        return self._profile(name, joined.link, {"connection": connection, **kept})

    def _given_back(self, freed: Freed) -> Profile:
        old = self._said.get(freed.link, {})
        source = self._said.get(freed.addresses.source, {})
        kind = old.get("connection", {}).get("type", "ethernet")
        connection = {**self._connection(freed.link, freed.link, kind), **_kept(source)}
        kept = {section: keys for section, keys in old.items() if section not in _OF_ANOTHER}
        sections = {"connection": connection, **kept, **_addressing(freed.addresses, source)}
        return self._profile(freed.link, freed.link, sections)

    def _under_it(self, controller: str) -> list[str]:
        """The links whose profiles name this link's, or the link itself, as their controller."""
        names = {self._uuid(controller), controller} - {""}
        return [link for link, said in self._said.items() if controller_in(said) in names]

    def _following(self, link: str, controller: str) -> Profile:
        """A member's profile as it is, under its controller's new one."""
        old = self._said[link]
        said = old["connection"]
        kind = (
            Kind.BOND if "bond" in (said.get("slave-type"), said.get("port-type")) else Kind.BRIDGE
        )
        name = f"{controller}-{link}"
        connection = self._connection(name, link, said.get("type", "ethernet"))
        connection |= {**_kept(old), **self._under(controller, kind)}
        return self._profile(name, link, {**old, "connection": connection})

    def _profile(self, name: str, link: str, sections: keyfile.Sections) -> Profile:
        return Profile(self._free(name), self._own_uuid(link), link, keyfile.written(sections))

    def _free(self, name: str) -> str:
        """A name that no file has yet."""
        numbered = (name, *(f"{name}-{number}" for number in range(2, 100)))
        taken = {PurePosixPath(path).name for path in self._files}
        return next(one for one in numbered if f"{one}.nmconnection" not in taken)

    def _connection(self, name: str, link: str, kind: str) -> dict[str, str]:
        uuid = self._own_uuid(link)
        return {"id": self._free(name), "uuid": uuid, "type": kind, "interface-name": link}

    def _under(self, controller: str, kind: Kind) -> dict[str, str]:
        return {"master": self._controller(controller), "slave-type": _METHOD_OF[kind]}

    def _commit(self, own: list[Profile], touched: tuple[str, ...]) -> tuple[FileEdit, ...]:
        """Ports, then their controllers; the old profiles last, and kept as a backup."""
        written = [FileEdit(f"{DURABLE}/{one.file}", None, one.text, MODE) for one in own]
        return (*written, *(edit for link in touched if (edit := self._set_aside(link))))

    def _set_aside(self, link: str) -> FileEdit | None:
        path = self._active.get(link, "")
        text = self._files.get(path, "")
        if not text:
            return None
        if not path.startswith(f"{DURABLE}/"):
            raise CannotConfigure(
                _("The profile of {name} is in {path}, which NetworkManager does not keep.").format(
                    name=link, path=str(PurePosixPath(path))
                )
            )
        return FileEdit(
            path, text, keyfile.changed(text, "connection", "autoconnect", "false"), MODE
        )

    def _order(self) -> tuple[tuple[str, str], ...]:
        """Ports bring up their controllers; the one that carries the addresses moves last."""
        layout = self._layout
        joined = sorted(layout.joined, key=lambda one: one.link in layout.moved)
        freed = [one.link for one in layout.freed if self._speaks(one)]
        links = (*(one.link for one in joined), *freed, *self._followers)
        return tuple((self._own_uuid(link), link) for link in links)


def controller_in(profile: keyfile.Sections) -> str:
    """The controller that a profile names, by UUID or as a link; newer words are `controller`."""
    said = profile.get("connection", {})
    return said.get("controller", said.get("master", ""))


def wants_lease(profile: keyfile.Sections) -> bool:
    """Whether DHCP gives it its address: that is what NetworkManager does unless told otherwise."""
    return not controller_in(profile) and profile.get("ipv4", {}).get("method", "auto") == "auto"


def _kind_sections(made: Made) -> dict[str, dict[str, str]]:
    match made.kind:
        case Kind.BRIDGE:
            bridge = {"stp": "true" if made.stp else "false"}
            if made.delay:
                bridge["forward-delay"] = str(made.delay)
            if made.vlan_filtering:
                bridge["vlan-filtering"] = "true"
            return {"bridge": bridge}
        case Kind.BOND:
            return {"bond": dict(made.options)}
        case Kind.VLAN:
            return {"vlan": {"id": str(made.vlan), "parent": made.parent, "flags": "1"}}


def _kept(source: keyfile.Sections) -> dict[str, str]:
    said = source.get("connection", {})
    return {key: said[key] for key in _KEPT_OF_CONNECTION if key in said}


def _addressing(addresses: Addresses, source: keyfile.Sections) -> dict[str, dict[str, str]]:
    sections = _of_method(addresses, source)
    return sections if addresses.ipv6 else {**sections, "ipv6": {"method": "disabled"}}


def _of_method(addresses: Addresses, source: keyfile.Sections) -> dict[str, dict[str, str]]:
    found = {name: dict(source[name]) for name in _ADDRESSING if name in source}
    match addresses.method:
        case Method.INHERIT if "ipv4" in found or "ipv6" in found:
            return found
        case Method.DHCP:
            identity = {key: value for key, value in found.get("ipv4", {}).items()
                        if key.startswith("dhcp-")}  # fmt: skip
            return {**found, "ipv4": {**identity, "method": "auto"}}
        case Method.NONE:
            return {"ipv4": {"method": "disabled"}, "ipv6": {"method": "disabled"}}
        case _:
            return {**found, **_static(addresses)}


def _static(addresses: Addresses) -> dict[str, dict[str, str]]:
    sections = {"ipv4": _family(addresses, four=True)}
    if any(":" in one for one in addresses.cidrs):
        sections["ipv6"] = _family(addresses, four=False)
    return sections


def _family(addresses: Addresses, *, four: bool) -> dict[str, str]:
    def of_family(values: tuple[str, ...]) -> list[str]:
        return [one for one in values if (":" not in one) is four]

    cidrs = of_family(addresses.cidrs)
    keys = {f"address{number}": one for number, one in enumerate(cidrs, 1)}
    if gateways := of_family(addresses.gateways):
        keys["gateway"] = gateways[0]
    names = of_family(addresses.dns)
    if names:
        keys["dns"] = ";".join(names) + ";"
    return {**keys, "method": "manual" if cidrs else "disabled"}


def link_of(text: str) -> str:
    """The link a profile names, "" for one that fits several."""
    return keyfile.read(text).get("connection", {}).get("interface-name", "")


def _uuid_in(profile: keyfile.Sections) -> str:
    return profile.get("connection", {}).get("uuid", "")
