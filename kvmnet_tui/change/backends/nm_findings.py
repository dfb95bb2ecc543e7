"""What to know before NetworkManager is told of a change: its age, trials, DHCP, zones. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from kvmnet_tui.change.backends import keyfile
from kvmnet_tui.change.backends.layout import Addresses, Layout, Method
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding, Verdict
from kvmnet_tui.i18n import _

# The first that keeps profiles under /run, where a reboot forgets them.
OLDEST: Final = (1, 20)
# Client ids that NetworkManager makes of the profile or the link, which are new ones then.
_MADE_UP: Final = frozenset({"stable", "duid", "ipv6-duid", "perm-mac"})


def checkpoint_findings(facts: HostFacts) -> Iterator[Finding]:
    """Two trials at once would take each other back."""
    manager = facts.networkmanager
    if manager is not None and manager.foreign:
        told = _("Another program has NetworkManager try something ({checkpoint}): wait until that"
                 " has ended.")  # fmt: skip
        yield Finding(Verdict.BLOCKED, told.format(checkpoint=manager.foreign[0]))
    elif manager is not None and manager.own:
        yield Finding(Verdict.BLOCKED, _("Another change is under way on this host."))


def version_findings(facts: HostFacts) -> Iterator[Finding]:
    """Without profiles that a reboot forgets there is no trial."""
    manager = facts.networkmanager
    if manager is not None and manager.is_before(*OLDEST):
        told = _("NetworkManager {version} cannot try a profile without keeping it, as 1.20 and"
                 " later can. Choose `runtime`: a reboot forgets that.")  # fmt: skip
        yield Finding(Verdict.BLOCKED, told.format(version=manager.version))


def layout_findings(
    layout: Layout, profiles: Mapping[str, str], facts: HostFacts
) -> Iterator[Finding]:
    """What goes over with the addresses; `profiles` are the texts of the links' profiles."""
    for taker, mac, addresses in _takers(layout, facts):
        said = keyfile.read(profiles.get(addresses.source, ""))
        zone = said.get("connection", {}).get("zone", "")
        if zone:
            told = _("The firewall's zone {zone} goes with the address to {link}.")
            yield Finding(Verdict.OK, told.format(zone=zone, link=taker))
        if _asks_dhcp(addresses, said):
            name = said.get("ipv4", {}).get("dhcp-client-id", "")
            same = _mac(addresses.source, facts) == mac
            yield _identity(taker, addresses.source, name, has_same_mac=same)
        yield from _made_up(taker, addresses, facts)


def _takers(layout: Layout, facts: HostFacts) -> Iterator[tuple[str, str, Addresses]]:
    """Who gets addresses, with the MAC it will have."""
    for made in layout.made:
        if made.addresses.source:
            yield made.name, made.mac or _mac(made.addresses.source, facts), made.addresses
    for freed in layout.freed:
        if freed.addresses.source:
            link = facts.links[freed.link]
            yield freed.link, link.permanent_mac or link.mac, freed.addresses


def _mac(link: str, facts: HostFacts) -> str:
    return facts.links[link].mac if link in facts.links else ""


def _asks_dhcp(addresses: Addresses, said: keyfile.Sections) -> bool:
    """Whether the new device gets its address by DHCP, which a profile does unless it says else."""
    if addresses.method is Method.INHERIT and said:
        return said.get("ipv4", {}).get("method", "auto") == "auto"
    return addresses.method is Method.DHCP


def _identity(taker: str, source: str, client_id: str, *, has_same_mac: bool) -> Finding:
    """Whether a DHCP server takes the new device for the old one."""
    if client_id in _MADE_UP:
        told = _("DHCP may give another address: the client id of {link} is `{id}`, which is"
                 " another one on {taker}.")  # fmt: skip
    elif not has_same_mac:
        told = _("DHCP may give another address: {taker} has another MAC than {link}.")
    else:
        told = _("{taker} asks DHCP with the MAC and client id of {link}: the lease stays.")
        return Finding(Verdict.OK, told.format(taker=taker, link=source), "address")
    text = told.format(link=source, id=client_id, taker=taker)
    return Finding(Verdict.WARNING, text, "address")


def _made_up(taker: str, addresses: Addresses, facts: HostFacts) -> Iterator[Finding]:
    """IPv6 addresses that depend on the link's or the profile's name."""
    source = facts.links.get(addresses.source)
    found = source.addresses if source and addresses.ipv6 else ()
    if any(one.family == 6 and one.lifetimes and one.scope == "global" for one in found):
        told = _("{link} has an IPv6 address that is made up anew: it may be another on {taker}.")
        yield Finding(Verdict.WARNING, told.format(link=addresses.source, taker=taker), "address")
