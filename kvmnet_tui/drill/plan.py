"""Whether a drill may be done, and everything it needs to be done with. Pure."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from kvmnet_tui.drill.surroundings import Surroundings
from kvmnet_tui.i18n import _
from kvmnet_tui.model.bond_health import LACP_MODE, NO_MAC, SINGLE_ACTIVE_MODES, usable_members
from kvmnet_tui.model.bond_reports import bond_of
from kvmnet_tui.model.bonds import Bond, Member
from kvmnet_tui.model.drill import DrillTarget, How
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import HostState
from kvmnet_tui.requests.bonds import RunDrill

PULL_SECONDS = 180.0  # to go to the rack
LACP_SECONDS = 100.0  # a slow partner says something every 30 s; three times and a little
MOST_TARGETS = 8
INTERVALS_MS = (1, 1000)


@dataclass(frozen=True, slots=True)
class DrillPlan:
    """A drill that may begin. `device` is what the probes leave through: the bond or one above it.

    `patience` is how long an answer is waited for after the carrier went, `back_patience` until
    the member carries again, both in seconds.
    """

    bond: Bond
    member: str
    how: How
    device: str
    bridge: str
    mac: str
    source: str
    targets: tuple[DrillTarget, ...]
    interval_ms: int
    patience: float
    back_patience: float
    give_back: bool
    baseline_seconds: float
    settle_seconds: float

    @property
    def restore_seconds(self) -> float:
        """After which the member is brought up, whatever happens."""
        return self.patience + self.settle_seconds + 10.0


def refusals(state: HostState, around: Surroundings, request: RunDrill) -> tuple[str, ...]:
    """Why this drill must not be done, each a sentence; empty when it may."""
    bond = bond_of(state, request.bond)
    if bond is None:
        return (_("There is no bond called {name}.").format(name=request.bond),)
    return tuple(_reasons(state, around, request, bond))


def _reasons(
    state: HostState, around: Surroundings, request: RunDrill, bond: Bond
) -> Iterator[str]:
    if not around.may_change:
        yield _("A drill needs root: it sets a link down and sends raw packets.")
    if state.drill is not None and state.drill.is_running:
        yield _("Another drill is under way on {bond}.").format(bond=state.drill.bond)
    member = drilled_member(bond, request)
    if member is None:
        yield _no_member(bond, request)
        return
    if not bond.is_monitored:
        yield _(
            "Neither MII nor ARP monitoring is on: {bond} would never notice that {member} is gone."
        ).format(bond=bond.name, member=member.name)
    others = _others(bond, member)
    if not others:
        yield _nobody_left(state, around, bond, member)
    else:
        yield from _lacp_reasons(bond, member, others)
        yield from _deaf(state, around, bond, others)
    yield from _target_reasons(state, around, request, bond)


def drilled_member(bond: Bond, request: RunDrill) -> Member | None:
    """The member to be taken away: the one asked for, else the active one, else the first."""
    usable = {one.name: one for one in usable_members(bond)}
    if request.member:
        return usable.get(request.member)
    first = next(iter(usable.values()), None)
    return usable.get(bond.active_member, first)


def _no_member(bond: Bond, request: RunDrill) -> str:
    if not request.member:
        return _("No member of {bond} is up.").format(bond=bond.name)
    if all(one.name != request.member for one in bond.members):
        return _("{member} is no member of {bond}.").format(member=request.member, bond=bond.name)
    return _("{member} is down already.").format(member=request.member)


def _others(bond: Bond, member: Member) -> tuple[Member, ...]:
    """Who could carry the traffic; `going down` is a member about to fail."""
    return tuple(one for one in bond.members if one.name != member.name and one.mii_status == "up")


def _nobody_left(state: HostState, around: Surroundings, bond: Bond, member: Member) -> str:
    names = {"bond": bond.name, "member": member.name}
    if _carries_session(state, around, bond):
        return _(
            "This session runs over {bond} and no member beside {member} is up: it would be cut."
        ).format(**names)
    if _is_way_out(state, around, bond):
        return _(
            "{bond} is this host's only way out and no member beside {member} is up: "
            "it would be cut."
        ).format(**names)
    return _("No member of {bond} beside {member} is up: nothing could take over.").format(**names)


def _lacp_reasons(bond: Bond, member: Member, others: tuple[Member, ...]) -> Iterator[str]:
    if bond.mode != LACP_MODE or bond.lacp is None:
        return
    together = [one for one in others if one.aggregator_id == member.aggregator_id]
    minimum = bond.lacp.min_links or 0
    if bond.lacp.partner_mac == NO_MAC and not together:
        yield _("No LACP partner answers and no member shares {member}'s aggregator.").format(
            member=member.name
        )
    if len(together) < minimum:
        yield _(
            "Without {member} fewer than {count} links are left (min_links): {bond} would go down."
        ).format(member=member.name, count=minimum, bond=bond.name)


def _deaf(
    state: HostState, around: Surroundings, bond: Bond, others: tuple[Member, ...]
) -> Iterator[str]:
    """A standby that never heard a thing may be plugged into nothing."""
    if not (_carries_session(state, around, bond) or _is_way_out(state, around, bond)):
        return
    counters = []
    for one in others:
        link = state.link_named(one.name)
        counters.append(state.counters.get(link.index) if link else None)
    if all(one is not None and one.rx_packets == 0 for one in counters):
        yield _(
            "{members} never received a packet: it may be plugged into nothing, and this host "
            "hangs on {bond}."
        ).format(members=", ".join(one.name for one in others), bond=bond.name)


def _target_reasons(
    state: HostState, around: Surroundings, request: RunDrill, bond: Bond
) -> Iterator[str]:
    for address in request.targets:
        if not _is_address(address):
            yield _("{address} is no IP address.").format(address=address)
            return
    low, high = INTERVALS_MS
    if not low <= request.interval_ms <= high:
        yield _("Probes are sent every {low} to {high} ms.").format(low=low, high=high)
    targets = targets_of(state, around, request, bond)
    if not targets:
        yield _("There is no gateway behind {bond}: name an address to probe.").format(
            bond=bond.name
        )
    if len(targets) > MOST_TARGETS:
        yield _("At most {count} addresses can be probed at once.").format(count=MOST_TARGETS)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def make_plan(state: HostState, around: Surroundings, request: RunDrill) -> DrillPlan:
    """The drill; only for a request that is not refused."""
    bond = bond_of(state, request.bond)
    member = drilled_member(bond, request) if bond else None
    if bond is None or member is None:
        raise ValueError(request)
    device = device_above(state, around, bond.name)
    pull = PULL_SECONDS if request.how is How.PULL else 0.0
    return DrillPlan(
        bond,
        member.name,
        request.how,
        device.name,
        device.name if device.kind == "bridge" else "",
        device.mac,
        _own_address(device),
        targets_of(state, around, request, bond),
        request.interval_ms,
        5.0 + 3 * detection_seconds(bond),
        pull + _back_seconds(bond),
        request.give_back,
        request.baseline_seconds,
        request.settle_seconds,
    )


def detection_seconds(bond: Bond) -> float:
    """The longest that the driver should take until it calls a member down."""
    if bond.miimon_ms:
        return (bond.miimon_ms + bond.down_delay_ms) / 1000
    return bond.arp_interval_ms * ((bond.arp_missed_max or 2) + 1) / 1000


def _back_seconds(bond: Bond) -> float:
    waits = (bond.up_delay_ms + 2 * max(bond.miimon_ms, bond.arp_interval_ms)) / 1000
    return 5.0 + waits + (LACP_SECONDS if bond.mode == LACP_MODE else 0.0)


def device_above(state: HostState, around: Surroundings, bond: str) -> Link:
    """What the probes leave through: of the bond and all above it, who has the default route, else
    who has an address, else the bridge, else the bond itself.
    """
    every = _above(state, bond)
    ranked = sorted(
        every,
        key=lambda link: (
            link.name not in around.gateways,
            not _own_address(link),
            link.kind != "bridge",
        ),
    )
    return ranked[0] if ranked else Link(0, bond, "bond", 0)


def _above(state: HostState, bond: str) -> list[Link]:
    """The bond, its bridge, VLANs on either, and their bridges."""
    link = state.link_named(bond)
    found: dict[int, Link] = {}
    waiting = [link.index] if link else []
    while waiting:
        one = state.links.get(waiting.pop(0))
        if one is None or one.index in found:
            continue
        found[one.index] = one
        waiting += [one.master, *state.topology.uppers.get(one.index, ())]
    return list(found.values())


def _own_address(link: Link) -> str:
    return next((one.ip for one in link.addresses if not one.is_ipv6), "")


def _carries_session(state: HostState, around: Surroundings, bond: str | Bond) -> bool:
    name = bond.name if isinstance(bond, Bond) else bond
    session = around.session_address
    return bool(session) and any(
        address.ip == session for link in _above(state, name) for address in link.addresses
    )


def _is_way_out(state: HostState, around: Surroundings, bond: Bond) -> bool:
    """Whether every default route there is leaves through the bond."""
    names = {link.name for link in _above(state, bond.name)}
    return bool(around.gateways) and set(around.gateways) <= names


def targets_of(
    state: HostState, around: Surroundings, request: RunDrill, bond: Bond
) -> tuple[DrillTarget, ...]:
    """The gateway by ARP, since some drop pings; others by ping, or by ARP without an address."""
    device = device_above(state, around, bond.name)
    gateways = around.gateways.get(device.name, ())
    chosen = {
        address: DrillTarget(address, "icmp" if ":" in address else "arp", "gateway")
        for address in gateways[:1]
    }
    for address in request.targets:
        plain = str(ipaddress.ip_address(address)) if _is_address(address) else address
        pings = ":" in plain or _own_address(device)
        chosen.setdefault(plain, DrillTarget(plain, "icmp" if pings else "arp"))
    return tuple(chosen.values())


def shares_traffic(bond: Bond) -> bool:
    """Whether all members carry traffic at once: then none takes over, the others go on."""
    return bond.mode not in SINGLE_ACTIVE_MODES
