"""What a change leaves behind, in every manager's terms: links made, joined, freed and removed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.plan import Step
from kvmnet_tui.change.wishes import Wish


class Method(StrEnum):
    """How a link comes by its addresses."""

    INHERIT = "inherit"  # as `source` is configured now
    DHCP = "dhcp"
    STATIC = "static"
    NONE = "none"


class Kind(StrEnum):
    """What sort of link is made."""

    BRIDGE = "bridge"
    BOND = "bond"
    VLAN = "vlan"


@dataclass(frozen=True)
class Addresses:
    """How a link gets its addresses; `cidrs` and the rest are what `source` has now, or static."""

    method: Method = Method.NONE
    source: str = ""
    cidrs: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    ipv6: bool = True


@dataclass(frozen=True)
class Made:
    """A new link. Options are the driver's own names and values (`mode`, `miimon`, ...)."""

    name: str
    kind: Kind
    controller: str = ""
    addresses: Addresses = Addresses()
    mac: str = ""
    mtu: int = 0
    stp: bool = False
    delay: int = 0  # seconds
    vlan_filtering: bool = False
    options: tuple[tuple[str, str], ...] = ()
    parent: str = ""
    vlan: int = 0


@dataclass(frozen=True)
class Joined:
    """A link that is there becomes a bridge's port or a bond's member."""

    link: str
    controller: str
    controller_kind: Kind
    kind: str = "ethernet"


@dataclass(frozen=True)
class Freed:
    """A port or member becomes a link of its own again."""

    link: str
    controller: str
    addresses: Addresses = Addresses()


@dataclass(frozen=True)
class Layout:
    """A whole change; what is made stands in the order of making, lowest first."""

    made: tuple[Made, ...] = ()
    joined: tuple[Joined, ...] = ()
    freed: tuple[Freed, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def moved(self) -> frozenset[str]:
        """The links whose addresses another link takes over."""
        return frozenset(source for _, source in self.takers)

    @property
    def takers(self) -> tuple[tuple[str, str], ...]:
        """The links that take addresses over, each with the link they are from."""
        made = ((one.name, one.addresses.source) for one in self.made)
        freed = ((one.link, one.addresses.source) for one in self.freed)
        return tuple((link, source) for link, source in (*made, *freed) if source)

    def members_of(self, controller: str) -> tuple[str, ...]:
        """What joins a link in this change, the one whose addresses move before the others."""
        made = (one.name for one in self.made if one.controller == controller)
        joined = [one.link for one in self.joined if one.controller == controller]
        return (*made, *sorted(joined, key=lambda link: link not in self.moved))


@dataclass(frozen=True)
class FileEdit:
    """A file's text before and after; None where there is no file."""

    path: str
    before: str | None
    after: str | None
    mode: int = 0o644


Files = Mapping[str, str]  # text by path, as read from the host
TrialInKernel = Callable[[Wish, HostFacts], tuple[Step, ...]]  # see Backend.trial


class CannotConfigure(Exception):  # noqa: N818 - a finding, not a fault
    """The manager's files cannot say this; the message is a sentence for the user."""


def edits_between(
    before: Files, after: Mapping[str, str | None], mode: int = 0o644
) -> tuple[FileEdit, ...]:
    """One edit for each file that changes, in the order of `after`."""
    return tuple(
        FileEdit(path, before.get(path), text, mode)
        for path, text in after.items()
        if before.get(path) != text
    )
