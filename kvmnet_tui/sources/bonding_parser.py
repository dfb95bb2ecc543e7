"""Reads the text of /proc/net/bonding/NAME (kernel: drivers/net/bonding/bond_procfs.c)."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kvmnet_tui.model.bonds import Bond, Lacp, LacpPort, Member

Fields = dict[str, Any]
Rule = Callable[[str], Fields]
Rules = Mapping[str, Rule]

MODES: Mapping[str, str] = {
    "load balancing (round-robin)": "balance-rr",
    "fault-tolerance (active-backup)": "active-backup",
    "load balancing (xor)": "balance-xor",
    "fault-tolerance (broadcast)": "broadcast",
    "IEEE 802.3ad Dynamic link aggregation": "802.3ad",
    "transmit load balancing": "balance-tlb",
    "adaptive load balancing": "balance-alb",
}

_BLANKS = " \t\r"
_MEMBER = "Slave Interface"
# A colon ends the key only before a blank or at the end: `NS IPv6 target/s (xx::xx form): fe80::1`.
_LINE = re.compile(r"(.+?):(?:[ \t]+(.*))?")
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_SPEED = re.compile(r"(-?[0-9]{1,20}) Mbps")
_FAIL_OVER_MAC = re.compile(r"(.*) \(fail_over_mac (.*)\)")
_PRIMARY = re.compile(r"(.*) \(primary_reselect (.*)\)")
_NO_AGGREGATOR = re.compile(r"bond .* has no active aggregator")
# SPEED_UNKNOWN is -1; kernels before 3.9 print it signed, unsigned or cut to 16 bits.
_UNKNOWN_SPEEDS = {-1, 0xFFFF, 0xFFFFFFFF}


class _NotUnderstoodError(ValueError):
    """A value that the key's rule cannot read: the line is kept as unknown."""


def parse_bond(name: str, text: str) -> Bond:
    """The bond that `text` describes. Never raises: what is not understood is kept as unknown."""
    blocks = _blocks(text)
    fields, unknown = _read(blocks[0], _BOND_RULES)
    lacp, unknown = _read(unknown, _LACP_RULES)
    return Bond(
        name=name,
        **fields,
        lacp=Lacp(**lacp) if lacp else None,
        members=tuple(_member(block) for block in blocks[1:]),
        unknown=tuple(unknown),
    )


def _blocks(text: str) -> list[list[str]]:
    """The lines about the bond, then those of each member, blank lines left out."""
    blocks: list[list[str]] = [[]]
    for line in text.split("\n"):
        if not line.strip(_BLANKS):
            continue
        if _key_and_value(line)[0] == _MEMBER:
            blocks.append([])
        blocks[-1].append(line.rstrip("\r"))
    return blocks


def _member(lines: list[str]) -> Member:
    own, actor, partner = _lacp_details(lines[1:])
    fields, unknown = _read(own, _MEMBER_RULES)
    actor_fields, actor_unknown = _read(actor, _PORT_RULES)
    partner_fields, partner_unknown = _read(partner, _PORT_RULES)
    return Member(
        name=_key_and_value(lines[0])[1],
        **fields,
        actor=LacpPort(**actor_fields) if actor_fields else None,
        partner=LacpPort(**partner_fields) if partner_fields else None,
        unknown=(*unknown, *actor_unknown, *partner_unknown),
    )


def _lacp_details(lines: list[str]) -> tuple[list[str], list[str], list[str]]:
    """A member's own lines, and those indented under `details actor` and `details partner`."""
    own: list[str] = []
    actor: list[str] = []
    partner: list[str] = []
    headings = {"details actor lacp pdu:": actor, "details partner lacp pdu:": partner}
    current = own
    for line in lines:
        if line in headings:
            current = headings[line]
        elif line[0] in _BLANKS:
            current.append(line)
        else:
            current = own
            own.append(line)
    return own, actor, partner


def _read(lines: Iterable[str], rules: Rules) -> tuple[Fields, list[str]]:
    """The fields that the rules find in the lines, and the lines that none understands."""
    fields: Fields = {}
    unknown: list[str] = []
    for line in lines:
        key, value = _key_and_value(line)
        try:
            fields.update(rules[key](value))
        except (KeyError, _NotUnderstoodError):
            unknown.append(line)
    return fields, unknown


def _key_and_value(line: str) -> tuple[str, str]:
    """Both sides of the colon; a line without one is all key."""
    stripped = line.strip(_BLANKS)
    if _NO_AGGREGATOR.fullmatch(stripped):
        return "no active aggregator", ""
    match = _LINE.fullmatch(stripped)
    return (match[1], match[2] or "") if match else (stripped, "")


def _integer(value: str) -> int:
    if not _INTEGER.fullmatch(value):
        raise _NotUnderstoodError(value)
    return int(value)


def _text(value: str) -> str:
    return value


def _on_or_off(value: str) -> bool:
    if value not in {"on", "off"}:
        raise _NotUnderstoodError(value)
    return value == "on"


def _aggregator(value: str) -> int | None:
    return None if value == "N/A" else _integer(value)


def _name_or_none(value: str) -> str:
    return "" if value == "None" else value


def _speed(value: str) -> int | None:
    if value == "Unknown":
        return None
    match = _SPEED.fullmatch(value)
    if match is None:
        raise _NotUnderstoodError(value)
    speed = int(match[1])
    return None if speed in _UNKNOWN_SPEEDS else speed


def _duplex(value: str) -> str | None:
    return None if value == "Unknown" else value


def _targets(value: str) -> tuple[str, ...]:
    return tuple(target.strip(_BLANKS) for target in value.split(",") if target.strip(_BLANKS))


def _mode(value: str) -> Fields:
    match = _FAIL_OVER_MAC.fullmatch(value)
    words, fail_over_mac = (match[1], match[2]) if match else (value, "")
    return {"mode": MODES.get(words, words), "fail_over_mac": fail_over_mac}


def _primary(value: str) -> Fields:
    match = _PRIMARY.fullmatch(value)
    if match:  # only a link is followed by its policy, be it called None
        return {"primary": match[1], "primary_reselect": match[2]}
    return {"primary": _name_or_none(value), "primary_reselect": ""}


def _nothing(value: str) -> Fields:
    """A heading: understood, and it says nothing by itself."""
    if value:
        raise _NotUnderstoodError(value)
    return {}


def _no_aggregator(_: str) -> Fields:
    return {"has_aggregator": False}


def _active_aggregator(value: str) -> Fields:
    return {"aggregator_id": _integer(value), "has_aggregator": True}


def _to(field: str, convert: Callable[[str], object]) -> Rule:
    return lambda value: {field: convert(value)}


_BOND_RULES: Rules = {
    "Ethernet Channel Bonding Driver": _to("driver_version", _text),
    "Bonding Mode": _mode,
    "Transmit Hash Policy": _to("hash_policy", _text),
    "Primary Slave": _primary,
    "Currently Active Slave": _to("active_member", _name_or_none),
    "MII Status": _to("mii_status", _text),
    "MII Polling Interval (ms)": _to("miimon_ms", _integer),
    "Up Delay (ms)": _to("up_delay_ms", _integer),
    "Down Delay (ms)": _to("down_delay_ms", _integer),
    "Peer Notification Delay (ms)": _to("peer_notification_delay_ms", _integer),
    "ARP Polling Interval (ms)": _to("arp_interval_ms", _integer),
    "ARP Missed Max": _to("arp_missed_max", _integer),
    "ARP IP target/s (n.n.n.n form)": _to("arp_targets", _targets),
    "NS IPv6 target/s (xx::xx form)": _to("ns_targets", _targets),
    "802.3ad info": _nothing,
    "Active Aggregator Info": _nothing,
}

_LACP_RULES: Rules = {
    "LACP active": _to("active", _on_or_off),
    "LACP rate": _to("rate", _text),
    "Min links": _to("min_links", _integer),
    "Aggregator selection policy (ad_select)": _to("aggregator_selection", _text),
    "System priority": _to("system_priority", _integer),
    "System MAC address": _to("system_mac", _text),
    "no active aggregator": _no_aggregator,
    "Aggregator ID": _active_aggregator,
    "Number of ports": _to("port_count", _integer),
    "Actor Key": _to("actor_key", _integer),
    "Partner Key": _to("partner_key", _integer),
    "Partner Mac Address": _to("partner_mac", _text),
}

_MEMBER_RULES: Rules = {
    "MII Status": _to("mii_status", _text),
    "Speed": _to("speed_mbps", _speed),
    "Duplex": _to("duplex", _duplex),
    "Link Failure Count": _to("link_failures", _integer),
    "Permanent HW addr": _to("permanent_mac", _text),
    "Slave queue ID": _to("queue_id", _integer),
    "Aggregator ID": _to("aggregator_id", _aggregator),
    "Actor Churn State": _to("actor_churn", _text),
    "Partner Churn State": _to("partner_churn", _text),
    "Actor Churned Count": _to("actor_churned", _integer),
    "Partner Churned Count": _to("partner_churned", _integer),
}

_PORT_RULES: Rules = {
    "system priority": _to("system_priority", _integer),
    "system mac address": _to("system_mac", _text),
    "port key": _to("key", _integer),
    "oper key": _to("key", _integer),
    "port priority": _to("port_priority", _integer),
    "port number": _to("port_number", _integer),
    "port state": _to("port_state", _integer),
}
