"""A wish and the facts become a plan. Pure: state in, everything the guard does and undoes out."""

import dataclasses
from collections.abc import Iterator
from functools import partial

from kvmnet_tui.change import kernel
from kvmnet_tui.change.backends.dhcp import hand_over
from kvmnet_tui.change.backends.layout import Kind, Layout
from kvmnet_tui.change.backends.wished import layout_of
from kvmnet_tui.change.choice import backend_of
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Verdict
from kvmnet_tui.change.plan import Plan, Probe, if_left
from kvmnet_tui.change.preflight import findings
from kvmnet_tui.change.wish_records import wish_record
from kvmnet_tui.change.wishes import BackendName, CreateBond, CreateBridge, Wish, top_device
from kvmnet_tui.change.words import wish_title
from kvmnet_tui.i18n import _

DEFAULT_WINDOW = 120.0
LONGEST_WINDOW = 3600  # seconds: who has not come back by then does not come back
SPARE_SECONDS = 45.0
PATIENCE_SECONDS = 20.0
MOVING_SECONDS = 0.02
NM_SECONDS = 1.0


class PlanError(Exception):
    """Why there can be no plan, in one translated sentence; `details` are further reasons."""

    def __init__(self, sentence: str, details: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details


def make_plan(wish: Wish, facts: HostFacts, *, window: float = 0.0, identifier: str = "") -> Plan:
    """The plan of a wish; `window` in seconds, 0 for the usual. Raises PlanError."""
    blocked = [one for one in findings(wish, facts) if one.verdict is Verdict.BLOCKED]
    if blocked:
        raise PlanError(blocked[0].text, tuple(one.text for one in blocked[1:]))
    if not 0 <= window <= LONGEST_WINDOW:
        told = _("The time to confirm is at most {count} s.")
        raise PlanError(told.format(count=LONGEST_WINDOW))
    backend = backend_of(wish, facts).backend
    interruption = _interruption(wish, facts)
    layout = layout_of(wish, facts)
    uplinks = _uplinks(layout, facts) if backend.name is BackendName.NM else ()
    watched = tuple(dict.fromkeys((*kernel.touched(wish, facts), *uplinks)))
    made = tuple(one.name for one in layout.made)
    lease = hand_over(layout, backend.dhcp(facts), partial(backend.is_leased, facts=facts))
    restored = kernel.rollback(wish, facts)
    if backend.name is BackendName.NM:
        restored = if_left(restored)
    return Plan(
        id=identifier,
        title=wish_title(wish),
        backend=backend.name.value,
        window_seconds=window_of(window, interruption),
        expected_interruption_seconds=interruption,
        watched=watched,
        own_links=made,
        snapshot={},
        trial=(*backend.trial(wish, facts), *lease.ask),
        commit=(*backend.commit(wish, facts), *lease.end, *backend.settle(made, layout.removed)),
        rollback=(*lease.call_off, *backend.rollback(wish, facts), *restored),
        probes=tuple(_probes(wish, facts)),
        patience_seconds=PATIENCE_SECONDS + 2 * interruption,
        files=backend.files(wish, facts),
        affected=tuple(_affected(watched, facts)),
        by_hand=backend.by_hand(wish, facts),
        wish=wish_record(wish),
        leased=lease.leased,
        uplinks=uplinks,
    )


def window_of(wanted: float, interruption: float) -> float:
    """How long a change is tried: never too short for the interruption and somebody's login."""
    return max(wanted or DEFAULT_WINDOW, shortest_window(interruption))


def shortest_window(interruption: float) -> float:
    """The least seconds that are left to somebody who wants to confirm."""
    return 2 * interruption + SPARE_SECONDS


def _interruption(wish: Wish, facts: HostFacts) -> float:
    """How long the host is expected to be silent, in seconds."""
    backend = backend_of(wish, facts).backend
    bridge = getattr(wish, "bridge", None)
    listening = 0.0
    if isinstance(wish, (CreateBridge, CreateBond)) and bridge is not None and bridge.stp:
        listening = 2.0 * float(bridge.delay)
    return listening + (NM_SECONDS if backend.name.value == "nm" else MOVING_SECONDS)


def _probes(wish: Wish, facts: HostFacts) -> Iterator[Probe]:
    """What worked before and must work afterwards."""
    layout = layout_of(wish, facts)
    takers = {source: taker for taker, source in layout.takers}
    after = top_device(wish) if isinstance(wish, (CreateBridge, CreateBond)) else ""
    for one in layout.joined:
        yield Probe("carrier", one.link)
        yield Probe("mii" if one.controller_kind is Kind.BOND else "forwarding", one.link)
        if kernel.bond_mode(one, layout, facts) == kernel.LACP:
            yield Probe("lacp", one.link)
    for route in facts.routes:
        via = route.words[route.words.index("via") + 1] if "via" in route.words else ""
        if via and route.words[0] in ("default", "::/0"):
            for kind in ("gateway", "ping"):
                yield Probe(kind, route.device, via, takers.get(route.device, ""))
    if facts.session.client:
        device = facts.session.device
        yield Probe("session", device, facts.session.client, takers.get(device, after))
    for server in facts.nameservers:
        yield Probe("dns", target=server)
    watched = kernel.touched(wish, facts)
    for guest in facts.guests:
        if guest.bridge and guest.tap not in watched:
            yield Probe("plugged", guest.tap, guest.bridge)


def _uplinks(layout: Layout, facts: HostFacts) -> tuple[str, ...]:
    """The links that get other profiles of NetworkManager's, members of those among them."""
    changed = (*(one.link for one in layout.joined), *(one.link for one in layout.freed))
    members = (port.name for link in changed for port in facts.ports_of(link))
    names = dict.fromkeys((*changed, *members, *layout.removed))
    return tuple(name for name in names if facts.owner(name).name == "NetworkManager")


def _affected(watched: tuple[str, ...], facts: HostFacts) -> Iterator[str]:
    """Who notices: the session, guests on what is touched, addresses."""
    if facts.session.device in watched:
        yield _("this SSH session from {client}").format(client=facts.session.client)
    for guest in facts.guests:
        if guest.bridge in watched:
            yield _("guest {guest} ({tap})").format(guest=guest.guest, tap=guest.tap)
    for name in watched:
        link = facts.links.get(name)
        for address in link.addresses if link else ():
            if address.scope == "global":
                yield _("address {address} of {link}").format(address=address.cidr, link=name)


def with_id(plan: Plan, identifier: str) -> Plan:
    """The plan under an id."""
    return dataclasses.replace(plan, id=identifier)
