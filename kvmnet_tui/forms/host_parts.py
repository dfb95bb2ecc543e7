"""Questions and answers that the forms of the host's own networking share."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from kvmnet_tui.change.facts import HostFacts, LinkFact
from kvmnet_tui.change.findings import Finding as Checked
from kvmnet_tui.change.findings import Verdict
from kvmnet_tui.change.planner import PlanError, make_plan
from kvmnet_tui.change.preflight import findings as preflight
from kvmnet_tui.change.preview import command_lines, diff
from kvmnet_tui.change.requests import StartChange
from kvmnet_tui.change.wishes import Addressing, AddressMode, BackendName, BridgeSpec, Wish
from kvmnet_tui.forms.form import FieldKind, Finding, FormField, Option, Step, Values
from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.table import Cell, Field, Section, Severity
from kvmnet_tui.requests import Request

_BACKENDS = {
    BackendName.AUTO: N_("whoever manages the uplink now"),
    BackendName.NM: "NetworkManager",
    BackendName.IFCFG: N_("ifcfg files"),
    BackendName.IFUPDOWN: "ifupdown",
    BackendName.RUNTIME: N_("nobody: a reboot forgets it"),
}
_MODES = {
    AddressMode.INHERIT: (N_("take over"), N_("the uplink's addresses and routes, as they are")),
    AddressMode.DHCP: ("DHCP", N_("with the uplink's MAC, so that the lease stays the same")),
    AddressMode.STATIC: (N_("static"), N_("other addresses than now")),
    AddressMode.NONE: (N_("none"), N_("the host itself has no address there")),
}
SEVERITIES = {
    Verdict.OK: Severity.OK,
    Verdict.WARNING: Severity.WARNING,
    Verdict.BLOCKED: Severity.ERROR,
}
DEFAULT_WINDOW = "120"


# What is asked.


def nic_options(facts: HostFacts, names: Iterable[str]) -> tuple[Option, ...]:
    """Links to choose from, each with its addresses and who manages it."""
    return tuple(Option(name, name, _about(facts, facts.links[name])) for name in names)


def _about(facts: HostFacts, link: LinkFact) -> str:
    addresses = ", ".join(address.cidr for address in link.addresses if address.scope == "global")
    parts = [addresses or _("no address"), facts.owner(link.name).name]
    if facts.session.device == link.name:
        parts.append(_("carries this SSH session"))
    if not link.has_carrier:
        parts.append(_("no carrier"))
    return ", ".join(parts)


def free_nics(facts: HostFacts) -> list[str]:
    """NICs, bonds and VLANs that are nobody's port or member yet, those with addresses first."""
    kinds = {"", "bond", "vlan", "veth", "dummy", "team"}
    names = [
        link.name
        for link in facts.links.values()
        if link.kind in kinds and not link.master and link.name != "lo"
    ]
    return sorted(names, key=lambda name: (not facts.links[name].addresses, name))


def unused_name(facts: HostFacts, prefix: str, first: int) -> str:
    """The first of `prefix`N that no link has."""
    number = first
    while f"{prefix}{number}" in facts.links:
        number += 1
    return f"{prefix}{number}"


ADDRESS_VALUES: Values = {
    "address": AddressMode.INHERIT.value,
    "addresses": "",
    "gateways": "",
    "dns": "",
    "ipv6": True,
}


def address_step(values: Values) -> Step:
    """Where the address comes from."""
    static = (
        FormField(
            "addresses",
            _("Addresses"),
            hint=_("with prefix, such as 192.168.200.200/24; several with commas"),
        ),
        FormField("gateways", _("Gateway"), hint=_("the way out, if any")),
        FormField("dns", _("Name servers"), hint=_("several with commas")),
    )
    modes = tuple(Option(mode.value, _(label), _(hint)) for mode, (label, hint) in _MODES.items())
    return Step(
        _("Address"),
        _(
            "The address moves to the new device within milliseconds, together with the MAC:"
            " sessions, the DHCP reservation and the switch's port security survive."
        ),
        (
            FormField("address", _("Address"), FieldKind.CHOICE, modes),
            *(static if values["address"] == AddressMode.STATIC.value else ()),
            FormField("ipv6", _("IPv6"), FieldKind.TOGGLE),
        ),
    )


KEEPING_VALUES: Values = {"backend": BackendName.AUTO.value, "window": DEFAULT_WINDOW}


def keeping_step() -> Step:
    """Who keeps it, and how long it is tried."""
    backends = tuple(Option(one.value, _(label)) for one, label in _BACKENDS.items())
    return Step(
        _("Trial and keeping"),
        _(
            "It is first tried where a reboot forgets it. Unless you confirm in time it is taken"
            " back by itself; only then is anything written to /etc."
        ),
        (
            FormField("backend", _("Kept by"), FieldKind.CHOICE, backends),
            FormField("window", _("Seconds to confirm"), hint=_("120 is usual")),
        ),
    )


BRIDGE_VALUES: Values = {
    "stp": False,
    "delay": "0",
    "vlan_filtering": False,
    "mtu": "",
    "mac": "",
}


def bridge_fields(values: Values) -> tuple[FormField, ...]:
    """A bridge's own options."""
    delay = (
        FormField("delay", _("Forward delay"), hint=_("seconds; ports are silent twice as long")),
    )
    return (
        FormField(
            "stp", _("Spanning tree"), FieldKind.TOGGLE, hint=_("only where loops can come to be")
        ),
        *(delay if values["stp"] else ()),
        FormField("vlan_filtering", _("VLAN filtering"), FieldKind.TOGGLE),
        FormField("mtu", "MTU", placeholder=_("the uplink's")),
        FormField("mac", "MAC", placeholder=_("the uplink's")),
    )


# What was answered.


def addressing_of(values: Values) -> Addressing:
    """The answers of `address_step`."""
    mode = AddressMode(values["address"])
    is_static = mode is AddressMode.STATIC
    return Addressing(
        mode,
        addresses=listed(values["addresses"]) if is_static else (),
        gateways=listed(values["gateways"]) if is_static else (),
        dns=listed(values["dns"]) if is_static else (),
        ipv6=values["ipv6"],
    )


def bridge_of(values: Values, name: str) -> BridgeSpec:
    """The answers of `bridge_fields`."""
    return BridgeSpec(
        name,
        stp=values["stp"],
        delay=number(values["delay"]) if values["stp"] else 0,
        mac=values["mac"].strip().lower(),
        mtu=number(values["mtu"]),
        vlan_filtering=values["vlan_filtering"],
    )


def listed(text: str) -> tuple[str, ...]:
    """Words between commas and spaces."""
    return tuple(text.replace(",", " ").split())


def number(text: str) -> int:
    """A number, 0 where there is none (`number_findings` says so)."""
    return int(text) if text.strip().isdecimal() else 0


# What is wrong with it.


def number_findings(values: Values, *names: str) -> list[Finding]:
    """Numbers that are none; empty is fine."""
    return [
        Finding(Severity.ERROR, _("This must be a whole number."), name)
        for name in names
        if values[name].strip() and not values[name].strip().isdecimal()
    ]


def address_findings(values: Values) -> list[Finding]:
    """Static addresses that are none."""
    if values["address"] != AddressMode.STATIC.value:
        return []
    found = []
    if not listed(values["addresses"]):
        found.append(Finding(Severity.ERROR, _("An address is missing."), "addresses"))
    for word in listed(values["addresses"]):
        if "/" not in word or not _is(ipaddress.ip_interface, word):
            told = _("{word} is no address with prefix.").format(word=word)
            found.append(Finding(Severity.ERROR, told, "addresses"))
    for name in ("gateways", "dns"):
        for word in listed(values[name]):
            if not _is(ipaddress.ip_address, word):
                told = _("{word} is no address.").format(word=word)
                found.append(Finding(Severity.ERROR, told, name))
    return found


def _is(kind: object, word: str) -> bool:
    try:
        kind(word)  # type: ignore[operator]
    except ValueError:
        return False
    return True


def checked_findings(checks: Sequence[Checked], field_of: Mapping[str, str]) -> tuple[Finding, ...]:
    """The pre-flight's lines, beside the fields that they are about where there is one."""
    return tuple(
        Finding(SEVERITIES[one.verdict], one.text, field_of.get(one.about, "")) for one in checks
    )


def wish_findings(wish: Wish, facts: HostFacts, field_of: Mapping[str, str]) -> tuple[Finding, ...]:
    """The pre-flight of a wish; what is fine is left to the preview."""
    checks = [one for one in preflight(wish, facts) if one.verdict is not Verdict.OK]
    return checked_findings(checks, field_of)


# What would be done.


def plan_sections(wish: Wish, facts: HostFacts, window: int) -> tuple[Section, ...]:
    """The whole plan: pre-flight, times, who is affected, files, commands, undo."""
    lines = preflight(wish, facts)
    rows = tuple((Cell(one.text, SEVERITIES[one.verdict]),) for one in lines)
    checks = Section(_("Pre-flight"), rows=rows)
    try:
        plan = make_plan(wish, facts, window=window)
    except PlanError as error:
        return (checks, Section("", rows=((Cell(error.sentence, Severity.ERROR),),)))
    seconds = _("about {seconds} s").format(seconds=f"{plan.expected_interruption_seconds:g}")
    fields = (
        Field(_("Interruption"), Cell(seconds)),
        Field(
            _("Taken back after"), Cell(_("{seconds} s").format(seconds=round(plan.window_seconds)))
        ),
        Field(_("Kept by"), Cell(plan.backend)),
        *(Field(_("Affected"), Cell(one)) for one in plan.affected),
    )
    return (
        Section(plan.title, fields),
        checks,
        Section(_("Files"), text=diff(plan) or _("none: a reboot forgets it"), language="diff"),
        Section(_("Commands"), text="\n".join(command_lines(plan))),
        Section(_("Undo by hand"), text="\n".join(plan.by_hand)),
    )


class WishForm:
    """What the wizards of the host's own network share; each says which wish its answers make.

    `NUMBERS` are the fields that hold one, `FIELDS` the field that each part of a wish is asked in.
    """

    NUMBERS: tuple[str, ...] = ("window",)
    FIELDS: Mapping[str, str] = MappingProxyType({})

    def __init__(self, facts: HostFacts) -> None:
        self._facts = facts

    def wish(self, values: Values) -> Wish:
        """What the answers amount to."""
        raise NotImplementedError

    def changed(self, _state: HostState, values: Values, _name: str) -> Values:
        """Nothing follows from anything."""
        return values

    def findings(self, _state: HostState, values: Values) -> tuple[Finding, ...]:
        """What the pre-flight says, and numbers and addresses that are none."""
        own = number_findings(values, *self.NUMBERS)
        if "address" in values:
            own += address_findings(values)
        return (*own, *wish_findings(self.wish(values), self._facts, self.FIELDS))

    def preview(self, _state: HostState, values: Values) -> tuple[Section, ...]:
        """The whole plan."""
        return plan_sections(self.wish(values), self._facts, number(values["window"]))

    def request(self, _state: HostState, values: Values) -> Request:
        """Start the trial."""
        return StartChange(self.wish(values), number(values["window"]))
