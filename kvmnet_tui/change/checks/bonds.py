"""Checks of a bond's members and of the driver's options."""

import ipaddress
import re
from collections.abc import Iterator, Mapping

from kvmnet_tui.change.backends.wished import carrier_of
from kvmnet_tui.change.checks.links import check_port
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding, blocked, warning
from kvmnet_tui.change.wishes import BondSpec
from kvmnet_tui.i18n import _

MODES = (
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
)
WITH_PRIMARY = frozenset({"active-backup", "balance-tlb", "balance-alb"})
HASHED = frozenset({"802.3ad", "balance-xor", "balance-tlb"})
HASHES = ("layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4", "vlan+srcmac")
LACP_RATES = ("slow", "fast")
MAC_POLICIES = ("none", "active", "follow")
_NO_ARP = frozenset({"802.3ad", "balance-tlb", "balance-alb"})
_NUMBER = r"\d{1,9}"
_SWITCH = r"[01]"

# What `ip link add type bond` takes besides what has a question of its own, and which values.
OPTIONS: Mapping[str, str] = {
    "ad_actor_sys_prio": _NUMBER,
    "ad_select": "stable|bandwidth|count",
    "ad_user_port_key": _NUMBER,
    "all_slaves_active": _SWITCH,
    "arp_all_targets": "any|all",
    "arp_interval": _NUMBER,
    "arp_ip_target": r"[0-9.,]{7,255}",
    "arp_validate": "none|active|backup|all|filter|filter_active|filter_backup",
    "fail_over_mac": "|".join(MAC_POLICIES),
    "lacp_active": "on|off",
    "lacp_rate": "|".join(LACP_RATES),
    "lp_interval": _NUMBER,
    "min_links": _NUMBER,
    "missed_max": _NUMBER,
    "num_grat_arp": _NUMBER,
    "num_unsol_na": _NUMBER,
    "packets_per_slave": _NUMBER,
    "peer_notify_delay": _NUMBER,
    "primary_reselect": "always|better|failure",
    "resend_igmp": _NUMBER,
    "tlb_dynamic_lb": _SWITCH,
    "use_carrier": _SWITCH,
    "xmit_hash_policy": "|".join(map(re.escape, HASHES)),
}
_MODES_OF = {
    "lacp_rate": frozenset({"802.3ad"}),
    "lacp_active": frozenset({"802.3ad"}),
    "ad_select": frozenset({"802.3ad"}),
    "ad_actor_sys_prio": frozenset({"802.3ad"}),
    "ad_user_port_key": frozenset({"802.3ad"}),
    "min_links": frozenset({"802.3ad"}),
    "xmit_hash_policy": HASHED,
    "fail_over_mac": frozenset({"active-backup"}),
    "primary_reselect": WITH_PRIMARY,
    "packets_per_slave": frozenset({"balance-rr"}),
    "tlb_dynamic_lb": frozenset({"balance-tlb"}),
}


# --- members ----------------------------------------------------------------------------------


def check_members(bond: BondSpec, facts: HostFacts) -> Iterator[Finding]:
    """Whether the links can be members, and whether one can be proved before the other moves."""
    if not bond.members:
        yield blocked(_("Choose the members."), "members")
        return
    if len(set(bond.members)) < len(bond.members):
        yield blocked(_("A link can be a member only once."), "members")
    if len(bond.members) == 1:
        yield warning(_("With one member nothing can take over."), "members")
    for name in bond.members:
        yield from check_port(name, "members", facts, kind="bond")
    known = [facts.links[name] for name in bond.members if name in facts.links]
    if len(known) < len(bond.members) or len(known) < 2:
        return
    source = carrier_of(bond.members, facts)
    idle = [link for link in known if link.name != source]
    # What is down has no carrier to show: the trial brings it up, and waits for one.
    could = any(link.has_carrier or not link.is_up for link in idle)
    if facts.links[source].has_carrier and not could:
        told = _("None of {members} has a carrier: plug a cable in, so that one can be proved"
                 " before {source} moves.")  # fmt: skip
        names = ", ".join(link.name for link in idle)
        yield blocked(told.format(members=names, source=source), "members")
    if len({link.mtu for link in known}) > 1:
        yield warning(_("The members' MTUs differ: the bond takes its own for all."), "members")


def check_lost_addresses(
    members: tuple[str, ...], source: str, facts: HostFacts
) -> Iterator[Finding]:
    """Addresses of members that the bond does not take over."""
    for name in members:
        addresses = [one.cidr for one in facts.links[name].addresses if one.scope == "global"]
        if name != source and addresses:
            told = _("{link} loses its address {addresses}: the bond takes that of {source}.")
            said = told.format(link=name, addresses=", ".join(addresses), source=source)
            yield warning(said, "members")


# --- the driver's options ---------------------------------------------------------------------


def check_options(bond: BondSpec) -> Iterator[Finding]:
    """How failures are noticed, what the switch must know, and options the driver has not."""
    options = dict(bond.options)
    if bond.mode not in MODES:
        told = _("There is no mode {mode}: there are {modes}, or 0 to 6.")
        yield blocked(told.format(mode=bond.mode, modes=", ".join(MODES)), "mode")
    if bond.miimon <= 0 and "arp_interval" not in options:
        yield blocked(_("Without miimon the bond never notices a failure: 100 is usual."), "miimon")
    yield from _delays(bond)
    if bond.mode == "802.3ad":
        yield warning(
            _("The switch ports must be set up for LACP, or only one member works."), "mode"
        )
    if bond.mode in ("balance-rr", "balance-xor", "broadcast"):
        yield warning(_("The switch ports must be one static channel group."), "mode")
    yield from _primary(bond)
    for name, value in bond.options:
        yield from _option(name, value, bond)
    yield from _arp_monitor(bond, options)


def _delays(bond: BondSpec) -> Iterator[Finding]:
    for name in ("updelay", "downdelay"):
        delay = getattr(bond, name)
        if delay < 0 or (delay and not bond.miimon):
            yield blocked(_("A delay needs miimon, and is no less than 0."), name)
        elif delay and delay % bond.miimon:
            yield warning(_("The driver rounds delays down to multiples of miimon."), name)


def _primary(bond: BondSpec) -> Iterator[Finding]:
    if bond.primary and bond.primary not in bond.members:
        yield blocked(_("The primary must be a member."), "primary")
    elif bond.primary and bond.mode not in WITH_PRIMARY:
        yield blocked(_("The mode {mode} has no primary.").format(mode=bond.mode), "primary")


def _option(name: str, value: str, bond: BondSpec) -> Iterator[Finding]:
    pattern = OPTIONS.get(name)
    if pattern is None:
        told = _("The bonding driver has no option {name} to set here: there are {names}.")
        yield blocked(told.format(name=name, names=", ".join(OPTIONS)), "options")
    elif not re.fullmatch(pattern, value):
        told = _("{value} is no value of {name}.")
        yield blocked(told.format(value=value, name=name), "options")
    elif bond.mode not in _MODES_OF.get(name, MODES):
        told = _("{name} does nothing in mode {mode}.")
        yield blocked(told.format(name=name, mode=bond.mode), "options")
    elif name == "fail_over_mac" and value == "active":
        told = _("The bond's MAC is the active member's: it changes with every failover, and DHCP"
                 " and port security notice.")  # fmt: skip
        yield warning(told, "fail_over_mac")


def _arp_monitor(bond: BondSpec, options: Mapping[str, str]) -> Iterator[Finding]:
    if "arp_interval" not in options:
        return
    targets = [one for one in options.get("arp_ip_target", "").split(",") if one]
    if not targets or not all(map(_is_ipv4, targets)):
        yield blocked(_("arp_interval needs arp_ip_target=IP."), "options")
    if bond.mode in _NO_ARP:
        told = _("{name} does nothing in mode {mode}.")
        yield blocked(told.format(name="arp_interval", mode=bond.mode), "options")
    if bond.miimon > 0:
        yield blocked(_("Either miimon or arp_interval: set miimon to 0."), "miimon")


def _is_ipv4(word: str) -> bool:
    try:
        ipaddress.IPv4Address(word)
    except ValueError:
        return False
    return True
