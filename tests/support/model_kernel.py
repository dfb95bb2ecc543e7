"""A kernel in a few lines: what lines of `ip -batch` do to links, addresses and routes."""

import copy
from dataclasses import dataclass, field

from kvmnet_tui.change.facts import AddressFact, HostFacts, LinkFact, RouteFact


class RefusedError(Exception):
    """What the kernel would answer to a line that cannot be."""


@dataclass
class ModelLink:
    """What of a link a change can alter."""

    kind: str = ""
    mac: str = ""
    mtu: int = 1500
    up: bool = True
    master: str = ""
    addresses: set[str] = field(default_factory=set)


class ModelKernel:
    """Links by name and routes as (destination, device, words)."""

    def __init__(self, facts: HostFacts) -> None:
        self.links = {
            link.name: ModelLink(
                link.kind, link.mac, link.mtu, link.is_up, link.master,
                {one.cidr for one in link.addresses},
            )
            for link in facts.links.values()
        }  # fmt: skip
        self.routes = {
            (route.words[0], _metric(route.words)): (route.device, _plain(route.words))
            for route in facts.routes
            if not route.is_connected
        }

    def picture(self) -> object:
        """Everything, comparable."""
        return copy.deepcopy((self.links, self.routes))

    def run(self, line: str, *, force: bool) -> None:
        """One line; RefusedError unless `force`."""
        words = line.split()
        try:
            getattr(self, f"_{words[0]}_{words[1]}")(words[2:])
        except RefusedError:
            if not force:
                raise

    def _link_add(self, words: list[str]) -> None:
        if words[0] == "link":
            words = words[2:]
        name = words[1] if words[0] == "name" else words[0]
        if name in self.links:
            raise RefusedError(f"{name} exists")
        mac = words[words.index("address") + 1] if "address" in words else "02:00:00:00:00:99"
        self.links[name] = ModelLink(words[words.index("type") + 1], mac, up=False)

    def _link_delete(self, words: list[str]) -> None:
        self._link(words[0])
        del self.links[words[0]]
        for link in self.links.values():
            if link.master == words[0]:
                link.master = ""
        self._drop_routes(words[0])

    def _link_set(self, words: list[str]) -> None:
        link = self._link(words[0])
        rest = words[1:]
        if rest[0] == "up":
            link.up = True
        elif rest[0] == "down":
            link.up = False
            self._drop_routes(words[0])
        elif rest[0] == "nomaster":
            link.master = ""
        elif rest[0] == "master":
            self._enslave(link, rest[1])
        elif rest[0] == "address":
            link.mac = rest[1]
        elif rest[0] == "mtu":
            link.mtu = int(rest[1])

    def _enslave(self, link: ModelLink, master: str) -> None:
        kind = self._link(master).kind
        if kind == "bond" and link.up and link.master != master:
            raise RefusedError("a bond takes nothing that is up")
        link.master = master
        if kind == "bond":
            link.up, link.mac = True, self._link(master).mac

    def _address_add(self, words: list[str]) -> None:
        self._link(words[words.index("dev") + 1]).addresses.add(words[0])

    def _address_del(self, words: list[str]) -> None:
        link = self._link(words[words.index("dev") + 1])
        if words[0] not in link.addresses:
            raise RefusedError("no such address")
        link.addresses.discard(words[0])

    def _route_replace(self, words: list[str]) -> None:
        at = words.index("dev")
        device = words[at + 1]
        if not self._link(device).up:
            raise RefusedError(f"{device} is down")
        plain = words[:at] + words[at + 2 :]
        self.routes[plain[0], _metric(plain)] = (device, _plain(plain))

    def _route_del(self, words: list[str]) -> None:
        key = words[0], _metric(words)
        if self.routes.get(key, ("",))[0] != words[words.index("dev") + 1]:
            raise RefusedError("no such route")
        del self.routes[key]

    def _drop_routes(self, device: str) -> None:
        self.routes = {key: value for key, value in self.routes.items() if value[0] != device}

    def _link(self, name: str) -> ModelLink:
        if name not in self.links:
            raise RefusedError(f"no {name}")
        return self.links[name]


def _metric(words: "list[str] | tuple[str, ...]") -> str:
    return words[list(words).index("metric") + 1] if "metric" in words else "0"


def _plain(words: "list[str] | tuple[str, ...]") -> tuple[str, ...]:
    return tuple(sorted(words))


def course_facts(**others: LinkFact) -> HostFacts:
    """The course's host: ens32 with the address and the session, ens36 idle."""
    ens32 = LinkFact(
        "ens32",
        mac="00:0c:29:96:3a:c5",
        addresses=(AddressFact("192.168.200.132/24", 4, broadcast="192.168.200.255"),),
    )
    ens36 = LinkFact("ens36", mac="00:0c:29:96:3a:cf")
    links = {"lo": LinkFact("lo", kind="loopback"), "ens32": ens32, "ens36": ens36, **others}
    routes = (
        RouteFact("ens32", 4, ("default", "via", "192.168.200.2", "proto", "static")),
        RouteFact("ens32", 4, ("192.168.200.0/24", "proto", "kernel"), is_connected=True),
        RouteFact("ens32", 4, ("10.8.0.0/16", "via", "192.168.200.9", "metric", "50")),
    )
    return HostFacts(
        links=links, routes=routes, drivers={"bridge": True, "bonding": True, "8021q": True}
    )
