"""Checks of names and of the links that a change is about."""

import re
from collections.abc import Iterator

from kvmnet_tui.change.backends.wished import heir_of
from kvmnet_tui.change.facts import HostFacts, LinkFact
from kvmnet_tui.change.findings import Finding, blocked, fine, warning
from kvmnet_tui.i18n import N_, _

NAME_LIMIT = 15
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
_TAKEN_PATTERNS = (
    (re.compile(r"vnet\d+|macvtap\d+"), N_("libvirt names guests' taps like this.")),
    (re.compile(r"docker\d*|br-[0-9a-f]{12}|veth[0-9a-f]{7}"), N_("Docker uses such names.")),
)
_NO_ETHERNET = frozenset({"tun", "wireguard", "ppp", "ipip", "sit", "gre", "loopback"})
_NO_PARTNER = "00:00:00:00:00:00"


# --- names ------------------------------------------------------------------------------------


def check_name(name: str, about: str, facts: HostFacts) -> Iterator[Finding]:
    """Whether a new link can be called so."""
    problem = name_problem(name, facts)
    if problem:
        yield blocked(problem, about)
    else:
        yield fine(_("The name {name} is free.").format(name=name), about)


def name_problem(name: str, facts: HostFacts) -> str:
    """Why a new link cannot be called so, "" when it can."""
    if not name:
        return _("A name is missing.")
    if len(name.encode()) > NAME_LIMIT:
        told = _("{name} is too long: the kernel's limit is 15 characters.")
        return told.format(name=name)
    if not _NAME.fullmatch(name):
        return _("A name consists of letters, digits, dots, dashes and underscores.")
    if name in facts.links:
        return _("There is a link called {name} already.").format(name=name)
    for pattern, reason in _TAKEN_PATTERNS:
        if pattern.fullmatch(name):
            return _(reason)
    return ""


def check_exists(name: str, kind: str, about: str, facts: HostFacts) -> Iterator[Finding]:
    """Whether a bridge or bond is there, and is ours to change."""
    link = facts.links.get(name)
    if link is None:
        yield blocked(_("There is no link called {name}.").format(name=name), about)
    elif link.kind != kind:
        yield blocked(_("{name} is no {kind}.").format(name=name, kind=kind), about)
    elif name in facts.networks:
        told = _("{name} belongs to libvirt's network {network}: change that instead.")
        yield blocked(told.format(name=name, network=facts.networks[name]), about)


def check_is_in(link: str, master: str, about: str, facts: HostFacts) -> Iterator[Finding]:
    """Whether a link is a port or member of another."""
    found = facts.links.get(link)
    if found is None or found.master != master:
        told = _("{link} is not in {master}.")
        yield blocked(told.format(link=link or "-", master=master), about)


# --- what joins -------------------------------------------------------------------------------


def check_port(name: str, about: str, facts: HostFacts, kind: str = "bridge") -> Iterator[Finding]:
    """Whether a link can be a bridge's port or a bond's member."""
    link = facts.links.get(name)
    if link is None:
        told = _("There is no link called {name}.") if name else _("Choose a link.")
        yield blocked(told.format(name=name), about)
        return
    problem = _unfit(link, kind, facts)
    if problem:
        yield blocked(problem, about)
        return
    if not link.has_carrier and link.is_up:
        yield warning(_("{link} has no carrier.").format(link=name), about)
    else:
        yield fine(_("{link} can be taken.").format(link=name), about)
    for upper in facts.links.values():
        if upper.lower == name and upper.kind == "vlan":
            yield warning(_about_vlan(kind).format(vlan=upper.name, link=name), about)


def _about_vlan(kind: str) -> str:
    """The kernel hands tagged frames to a VLAN link before a bridge or bond sees them."""
    if kind == "bond":
        return _("The VLAN {vlan} stands on {link} and fails with it: make it on the bond instead.")
    return _("The VLAN {vlan} stands on {link} and stays there: its frames do not reach the"
             " bridge.")  # fmt: skip


def _unfit(link: LinkFact, kind: str, facts: HostFacts) -> str:
    if link.master:
        told = _("{link} is in {master} already: take it out there first.")
        return told.format(link=link.name, master=link.master)
    if link.is_wireless:
        return _("{link} is wireless: an access point lets no other MACs through.").format(
            link=link.name
        )
    if link.name == "lo" or link.kind in _NO_ETHERNET or (kind == "bond" and link.kind == "bridge"):
        return _("{link} cannot be taken: it is {kind}.").format(
            link=link.name, kind=link.kind or "loopback"
        )
    if kind == "bridge" and link.kind == "bridge":
        return _("{link} is a bridge itself: a bridge cannot be another one's port.").format(
            link=link.name
        )
    for upper in facts.links.values():
        if upper.lower == link.name and upper.kind in ("macvtap", "macvlan"):
            told = _("{upper} stands on {link}, which is busy with it: end that first.")
            return told.format(upper=upper.name, link=link.name)
    return ""


def check_stranded(name: str, facts: HostFacts) -> Iterator[Finding]:
    """What a link loses that joins a bridge or bond which does not take its address over."""
    link = facts.links.get(name)
    addresses = [one.cidr for one in (link.addresses if link else ()) if one.scope == "global"]
    if addresses:
        told = _("{link} has the address {addresses}, which stops working there.")
        yield warning(told.format(link=name, addresses=", ".join(addresses)), "uplink")
    if name and facts.session.device == name:
        told = _("This SSH session comes over {link}: make a bridge or bond with it instead.")
        yield blocked(told.format(link=name), "uplink")


def check_partner(bond: str, facts: HostFacts, *, leaves: bool) -> Iterator[Finding]:
    """What the switch has to do with a bond that speaks LACP."""
    link = facts.links.get(bond)
    if link is None or link.info.get("mode") != "802.3ad":
        return
    heard = link.info.get("ad_info", {}).get("partner_mac", _NO_PARTNER) != _NO_PARTNER
    if heard and leaves:
        told = _("The switch has the ports of {bond} in one LACP group: a link that leaves it may"
                 " be shut off there until the switch is set up anew.")  # fmt: skip
        yield warning(told.format(bond=bond))
    elif not heard and not leaves:
        told = _("{bond} hears no LACP partner: the switch ports are not set up for it.")
        yield warning(told.format(bond=bond))


# --- who inherits, and what is needed ---------------------------------------------------------


def check_heir(name: str, named: str, facts: HostFacts) -> Iterator[Finding]:
    """Who gets the address, or the place in a bridge, of what is removed."""
    if named:
        yield from check_is_in(named, name, "uplink", facts)
        return
    link = facts.links.get(name)
    has = bool(link and (link.master or any(one.scope != "link" for one in link.addresses)))
    if has and not heir_of(name, named, facts):
        ports = ", ".join(port.name for port in facts.ports_of(name) if port.kind != "tun")
        told = _("Choose the heir, who gets what {link} has: {ports}.")
        yield blocked(told.format(link=name, ports=ports or "-"), "uplink")


def check_driver(name: str, facts: HostFacts, about: str = "name") -> Iterator[Finding]:
    """Whether the kernel can make such a link."""
    if facts.drivers.get(name, False):
        yield fine(_("The kernel has the driver {name}.").format(name=name))
    else:
        told = _("The kernel has no driver {name}: `modprobe {name}` says why.")
        yield blocked(told.format(name=name), about)
