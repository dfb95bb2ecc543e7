"""Questions and answers that the forms of the host's own networking share."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from kvmnet_tui.change.checks.host import only_root
from kvmnet_tui.change.facts import HostFacts, LinkFact
from kvmnet_tui.change.findings import Verdict
from kvmnet_tui.change.planner import LONGEST_WINDOW, PlanError, make_plan
from kvmnet_tui.change.preflight import findings as preflight
from kvmnet_tui.change.preview import command_lines, diff, fingerprint
from kvmnet_tui.change.requests import StartChange
from kvmnet_tui.change.wishes import Addressing, AddressMode, BackendName, BridgeSpec, Wish
from kvmnet_tui.forms.form import FieldKind, Finding, Form, FormField, Option, Step, Values
from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.cells import marked
from kvmnet_tui.present.changes import KEEPERS, keeper_word
from kvmnet_tui.present.table import Cell, Field, Section, Severity
from kvmnet_tui.requests import Request

_MODES = {
    AddressMode.INHERIT: (N_("take over"), N_("the uplink's addresses and routes, as they are")),
    AddressMode.DHCP: ("DHCP", N_("with the uplink's MAC: the lease stays the same")),
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
    if not link.is_up:
        parts.append(_("down"))
    elif not link.has_carrier:
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


def no_nics() -> str:
    """Why there is nothing to choose from."""
    return _("There is no free NIC: each is in a bridge or bond already. Take one out there first.")


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
            "The address moves to the new device at once, together with the MAC: sessions, the"
            " DHCP reservation and the switch's port security survive."
        ),
        (
            FormField("address", _("Address"), FieldKind.CHOICE, modes),
            *(static if values["address"] == AddressMode.STATIC.value else ()),
            FormField(
                "ipv6",
                _("IPv6"),
                FieldKind.TOGGLE,
                hint=_("off: none at all there"),
            ),
        ),
    )


KEEPING_VALUES: Values = {"backend": BackendName.AUTO.value, "window": DEFAULT_WINDOW}


def keeping_step() -> Step:
    """Who keeps it, and how long it is tried."""
    automatic = Option(BackendName.AUTO.value, _("whoever manages the link now"))
    backends = (automatic, *(Option(name, _(label)) for name, label in KEEPERS.items()))
    return Step(
        _("Trial and keeping"),
        _(
            "It is first tried where a reboot forgets it. Unless you confirm in time it is taken"
            " back by itself; only then is anything written to /etc."
        ),
        (
            FormField("backend", _("Kept by"), FieldKind.CHOICE, backends),
            FormField("window", _("Seconds to confirm"), hint=_("45 to 3600; 120 is usual")),
        ),
    )


BRIDGE_VALUES: Values = {
    "stp": False,
    "delay": "0",
    "vlan_filtering": False,
    "mtu": "",
    "mac": "",
}


def device_fields() -> tuple[FormField, ...]:
    """What any device has of its own."""
    return (
        FormField("mtu", "MTU", placeholder=_("the uplink's"), hint=_("68 to 65535 bytes")),
        FormField("mac", "MAC", placeholder=_("the uplink's"),
                  hint=_("such as 52:54:00:12:34:56; the uplink's keeps its DHCP lease")),
    )  # fmt: skip


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
        FormField(
            "vlan_filtering",
            _("VLAN filtering"),
            FieldKind.TOGGLE,
            hint=_("the bridge keeps VLANs apart, port by port"),
        ),
        *device_fields(),
    )


def with_delay(values: Values, name: str) -> Values:
    """With spanning tree a bridge listens first: the kernel's own delay is proposed."""
    if name == "stp":
        return {**values, "delay": "15" if values["stp"] else "0"}
    return values


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


def window_findings(wish: Wish, facts: HostFacts, window: int) -> Iterator[Finding]:
    """A time to confirm that is too long, or made longer."""
    if window > LONGEST_WINDOW:
        told = _("The time to confirm is at most {count} s.").format(count=LONGEST_WINDOW)
        yield Finding(Severity.ERROR, told, "window")
        return
    try:
        given = make_plan(wish, facts, window=window).window_seconds
    except PlanError:
        return
    if 0 < window < given:
        told = _("It becomes {seconds} s: a new login takes its time.")
        yield Finding(Severity.WARNING, told.format(seconds=round(given)), "window")


def wish_findings(wish: Wish, facts: HostFacts, field_of: Mapping[str, str]) -> tuple[Finding, ...]:
    """The pre-flight of a wish, beside the fields that its lines are about where there is one.

    What is fine is left to the preview.
    """
    return tuple(
        Finding(SEVERITIES[one.verdict], one.text, field_of.get(one.about, ""))
        for one in preflight(wish, facts)
        if one.verdict is not Verdict.OK
    )


# What would be done.


def plan_sections(wish: Wish, facts: HostFacts, window: int) -> tuple[Section, ...]:
    """The whole plan: pre-flight, times, who is affected, files, commands, undo."""
    lines = preflight(wish, facts)
    rows = tuple((marked(one.text, SEVERITIES[one.verdict]),) for one in lines)
    checks = Section(_("Pre-flight"), rows=rows)
    try:
        plan = make_plan(wish, facts, window=window)
    except PlanError:
        return (checks,)  # what is in the way stands there
    seconds = _("about {seconds} s").format(seconds=f"{plan.expected_interruption_seconds:g}")
    fields = (
        Field(_("Interruption"), Cell(seconds)),
        Field(
            _("Taken back after"), Cell(_("{seconds} s").format(seconds=round(plan.window_seconds)))
        ),
        Field(_("Kept by"), Cell(keeper_word(plan.backend))),
        *(Field(_("Affected"), Cell(one)) for one in plan.affected),
    )
    return (
        Section(plan.title, fields),
        checks,
        Section(_("Files"), text=diff(plan) or _("none: a reboot forgets it"), language="diff"),
        Section(_("Commands"), text="\n".join(command_lines(plan))),
        Section(_("Undo by hand"), text="\n".join(plan.by_hand)),
    )


class WishForm(Form):
    """What the wizards of the host's own network share; each says which wish its answers make.

    `NUMBERS` are the fields that hold one, `FIELDS` the field that each part of a wish is asked in.
    """

    NUMBERS: tuple[str, ...] = ("window",)
    FIELDS: Mapping[str, str] = MappingProxyType({})

    def __init__(self, facts: HostFacts) -> None:
        self._facts = facts

    def look_again(self, facts: HostFacts) -> None:
        """Go on with the host as it is by now."""
        self._facts = facts

    def wish(self, values: Values) -> Wish:
        """What the answers amount to."""
        raise NotImplementedError

    def changed(self, _state: HostState, values: Values, _name: str) -> Values:
        """Nothing follows from anything."""
        return values

    def findings(self, _state: HostState, values: Values) -> tuple[Finding, ...]:
        """What the pre-flight says, and numbers that are none."""
        wish = self.wish(values)
        rights = () if self._facts.may_change else (Finding(Severity.ERROR, only_root()),)
        return (
            *rights,
            *number_findings(values, *self.NUMBERS),
            *window_findings(wish, self._facts, number(values["window"])),
            *wish_findings(wish, self._facts, {**self.FIELDS, "backend": "backend"}),
        )

    def preview(self, _state: HostState, values: Values) -> tuple[Section, ...]:
        """The whole plan."""
        return plan_sections(self.wish(values), self._facts, number(values["window"]))

    def request(self, _state: HostState, values: Values) -> Request:
        """Start the trial of what the preview shows."""
        wish, window = self.wish(values), number(values["window"])
        plan = make_plan(wish, self._facts, window=window)
        return StartChange(wish, window, fingerprint(plan))
