"""Making of any point of a trial what there was before: steps of the rollback."""

from collections.abc import Iterable, Iterator

from kvmnet_tui.change.backends.layout import Kind, Layout
from kvmnet_tui.change.backends.wished import layout_of
from kvmnet_tui.change.facts import HostFacts, LinkFact
from kvmnet_tui.change.kernel.words import (
    LACP,
    address_line,
    announced,
    moved_addresses,
    route_line,
)
from kvmnet_tui.change.plan import (
    Step,
    ip_step,
)
from kvmnet_tui.change.wishes import Wish
from kvmnet_tui.i18n import _

# What `ip -d -j link` says of a bond and `ip link add type bond` takes, in its words.
_BOND_OPTIONS = {
    "miimon": "miimon",
    "updelay": "updelay",
    "downdelay": "downdelay",
    "arp_interval": "arp_interval",
    "fail_over_mac": "fail_over_mac",
    "primary_reselect": "primary_reselect",
    "xmit_hash_policy": "xmit_hash_policy",
    "ad_lacp_rate": "lacp_rate",
    "ad_select": "ad_select",
    "min_links": "min_links",
}
_LACP_ONLY = frozenset({"ad_lacp_rate", "ad_select", "min_links"})
_BRIDGE_OPTIONS = ("stp_state", "forward_delay", "ageing_time", "priority")


def rollback(wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
    """The steps that make of any point of the trial what there was before."""
    layout = layout_of(wish, facts)
    existing = [facts.links[name] for name in touched(wish, facts) if name in facts.links]
    removed = [link for link in existing if link.name in layout.removed]
    kept = [link for link in existing if link.name not in layout.removed]
    lines: list[str] = []
    for link in removed:
        lines += _recreated(link)
    for link in kept:
        lines += _put_back(link, in_bond=_is_bonded(link, facts) or _was_bonded(link, layout))
    for link in removed:
        lines += [f"link set {link.name} up" if link.is_up else f"link set {link.name} down"]
        lines += [f"link set {link.name} master {link.master}"] if link.master else []
    links = [link.name for link in existing]
    lines += _addresses_of(links, facts)
    lines += _routes_of(links, facts)
    lines += _surplus(layout, facts)
    lines += [f"link delete {made.name}" for made in reversed(layout.made)]
    # A device's end takes routes along that had just moved: they are said once more.
    lines += _routes_of(links, facts)
    told = _("put {link} back").format(link=", ".join(links))
    steps = [ip_step(lines, told, force=True, seconds=20)]
    for link in existing:
        steps += announced(link.name, moved_addresses(link.name, facts))
    return tuple(steps)


def addresses_again(links: Iterable[str], facts: HostFacts) -> tuple[Step, ...]:
    """Addresses and routes of links that another program has put back."""
    there = [name for name in links if name in facts.links]
    lines = [*_addresses_of(there, facts), *_routes_of(there, facts)]
    told = _("put the addresses of {link} back").format(link=", ".join(there))
    return (ip_step(lines, told, force=True),)


def _addresses_of(links: Iterable[str], facts: HostFacts) -> Iterator[str]:
    for name in links:
        for one in moved_addresses(name, facts):
            yield address_line("add", one, name)


def _routes_of(links: Iterable[str], facts: HostFacts) -> Iterator[str]:
    for name in links:
        for route in facts.routes_of(name):
            if not route.is_connected:
                yield route_line("replace", route, name)


def touched(wish: Wish, facts: HostFacts) -> tuple[str, ...]:
    """The links that a wish makes, changes or removes, those that are there first."""
    layout = layout_of(wish, facts)
    names = [
        *(one.link for one in layout.joined),
        *(one.controller for one in layout.joined),
        *(one.link for one in layout.freed),
        *(one.controller for one in layout.freed),
        *(port.name for name in layout.removed for port in facts.ports_of(name)),
        *layout.removed,
        *(made.name for made in layout.made),
    ]
    unique = dict.fromkeys(name for name in names if name)
    return tuple(sorted(unique, key=lambda name: name not in facts.links))


def _is_bonded(link: LinkFact, facts: HostFacts) -> bool:
    master = facts.links.get(link.master)
    return master is not None and master.kind == "bond"


def _was_bonded(link: LinkFact, layout: Layout) -> bool:
    return any(one.link == link.name and one.controller_kind is Kind.BOND for one in layout.joined)


def _put_back(link: LinkFact, *, in_bond: bool) -> Iterator[str]:
    """Master, MAC, MTU and state as they were. Joining a bond wants the link down."""
    if link.master:
        if in_bond:
            yield f"link set {link.name} down"
        yield f"link set {link.name} master {link.master}"
    else:
        yield f"link set {link.name} nomaster"
    # A bond takes the MAC of whichever member joins first, unless it is told.
    if link.mac and (link.kind == "bond" or (in_bond and not link.master)):
        yield f"link set {link.name} address {link.mac}"
    if not link.master:
        yield f"link set {link.name} mtu {link.mtu}"
    yield f"link set {link.name} {'up' if link.is_up else 'down'}"


def _recreated(link: LinkFact) -> Iterator[str]:
    info = link.info
    address = f"address {link.mac} " if link.mac else ""
    if link.kind == "bridge":
        options = " ".join(f"{name} {info[name]}" for name in _BRIDGE_OPTIONS if name in info)
        options += " vlan_filtering 1" if info.get("vlan_filtering") else ""
        yield f"link add {link.name} {address}type bridge {options}".rstrip()
    elif link.kind == "bond":
        is_lacp = info.get("mode") == LACP
        options = " ".join(
            f"{word} {info[name]}"
            for name, word in _BOND_OPTIONS.items()
            if info.get(name) not in (None, "") and (is_lacp or name not in _LACP_ONLY)
        )
        mode = info.get("mode", "balance-rr")
        yield f"link add {link.name} {address}type bond mode {mode} {options}".rstrip()
    yield f"link set {link.name} mtu {link.mtu}"


def _surplus(layout: Layout, facts: HostFacts) -> Iterator[str]:
    """Addresses that an heir got in the trial and did not have before."""
    for one in layout.freed:
        had = {address.cidr for address in facts.links[one.link].addresses}
        for address in moved_addresses(one.addresses.source, facts):
            if address.cidr not in had:
                yield f"address del {address.cidr} dev {one.link}"
