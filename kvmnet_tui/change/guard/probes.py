"""What worked before and must work afterwards."""

from __future__ import annotations

from collections.abc import Callable

from .host import Data, ip_json, link_named
from .packets import arp_answers, dns_answers, ndp_answers, ping_answers

PROBE_TIMEOUT = 0.5


# Bits of the state of an LACP port (IEEE 802.1AX, 6.4.2.3): together with its partner; no partner.
LACP_IN_SYNC, LACP_DEFAULTED, LACP_EXPIRED = 0x08, 0x40, 0x80


def holds(what: str, link: str) -> bool:
    """Whether a link has carrier, address or partner, forwards, is up in its bond, or is absent."""
    if what == "addressed":
        found = ip_json("address", "show", "dev", link, "scope", "global")
        return any(one.get("addr_info") for one in found)
    one = link_named(link)
    if what == "absent" or one is None:
        return one is None and what == "absent"
    return HOLDS[what](one, one.get("linkinfo", {}).get("info_slave_data", {}))


def has_lacp_partner(own: Data) -> bool:
    """Whether a member's LACP hears a partner that is in step with it."""
    own_state = int(own.get("ad_actor_oper_port_state", LACP_DEFAULTED))
    theirs = int(own.get("ad_partner_oper_port_state", 0))
    return not own_state & (LACP_DEFAULTED | LACP_EXPIRED) and bool(theirs & LACP_IN_SYNC)


# What `ip -details -json link` says of a link, and of its part in what it is in.
HOLDS: dict[str, Callable[[Data, Data], bool]] = {
    "carrier": lambda one, _own: "LOWER_UP" in one.get("flags", ()),
    "forwarding": lambda _one, own: own.get("state") == "forwarding",
    "mii": lambda _one, own: str(own.get("mii_status", "")).lower() == "up",
    "lacp": lambda _one, own: has_lacp_partner(own),
}
COMES_WITH_THE_CHANGE = frozenset({"forwarding", "mii", "lacp"})


def passes(probe: Data, *, applied: bool) -> bool:
    """Whether a probe passes now; once the change is applied another link may be asked."""
    kind, target = probe["kind"], probe["target"]
    link = (probe["link_after"] or probe["link"]) if applied else probe["link"]
    if not applied and (kind in COMES_WITH_THE_CHANGE or (kind == "carrier" and is_down(link))):
        return True
    if kind in ASK:
        return ASK[kind](target, link)
    return holds(kind, link)


def is_down(link: str) -> bool:
    """Whether a link is set down: of its cable nobody knows, and the change sets it up."""
    return "UP" not in (link_named(link) or {}).get("flags", ())


def neighbour_answers(target: str, link: str) -> bool:
    """Whether an address answers on a link, by ARP or neighbour discovery."""
    return (ndp_answers if ":" in target else arp_answers)(link, target, PROBE_TIMEOUT)


def is_plugged(tap: str, bridge: str) -> bool:
    """Whether a tap is in its bridge; that of a guest that was stopped is gone, not lost."""
    one = link_named(tap)
    return one is None or one.get("master") == bridge


ASK: dict[str, Callable[[str, str], bool]] = {
    "gateway": neighbour_answers,
    "ping": lambda target, link: ping_answers(link, target, PROBE_TIMEOUT),
    "session": lambda target, link: any(
        not link or one.get("dev") == link for one in ip_json("route", "get", target)
    ),
    "dns": lambda target, _link: dns_answers(target, PROBE_TIMEOUT),
    # A guest that was stopped meanwhile took its tap along: it is not missed.
    "plugged": lambda target, link: (
        (link_named(link) or {"master": target}).get("master") == target
    ),
}
