"""The wizards about guests' NICs: add one, change one, move one. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kvmnet_tui.forms.form import Finding, Step, Values
from kvmnet_tui.forms.nic_answers import (
    AnswerError,
    answers,
    asked_settings,
    settings_of,
    source_of,
)
from kvmnet_tui.forms.nic_findings import card_findings, guest_findings, plug_findings
from kvmnet_tui.forms.nic_steps import (
    bridge_options,
    card_step,
    device_options,
    network_options,
    plug_step,
    rules_step,
    when_of,
    when_step,
)
from kvmnet_tui.i18n import _
from kvmnet_tui.model.macs import propose_mac
from kvmnet_tui.model.nic_settings import (
    LIVE_SETTINGS,
    SETTINGS,
    NicSettings,
    NicSource,
    SourceKind,
    differences,
)
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Nic, twin_of
from kvmnet_tui.netxml.interface_edit import build_interface
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.netxml.interface_virsh import attach_command, inexpressible
from kvmnet_tui.present.nic_preview import change_sections
from kvmnet_tui.present.table import Section, Severity
from kvmnet_tui.requests.nic_sentences import named_settings
from kvmnet_tui.requests.nics import AddNic, ChangeNic, NicChoices, NicName, When

_NO_SOURCE = NicSettings(NicSource(SourceKind.USER))


@dataclass(frozen=True, slots=True)
class AddNicForm:
    """Plug a new NIC into a guest."""

    guest: str  # UUID
    guest_name: str
    choices: NicChoices
    was_running: bool

    @property
    def title(self) -> str:
        """What it makes."""
        return _("Add a NIC to {guest}").format(guest=self.guest_name)

    def initial(self, state: HostState) -> Values:
        """The first active network, the fastest model, a MAC that nobody has."""
        source = first_source(state)
        forwarding = {mac for mac, _bridge, _port in self.choices.forwarding}
        mac = propose_mac(state)
        while mac in forwarding:
            mac = propose_mac(state)
        settings = NicSettings(source, mac, self.choices.models[0])
        return {**answers(settings), **_first_plugs(state, source), "when": When.BOTH.value}

    def steps(self, state: HostState, values: Values) -> tuple[Step, ...]:
        """Source, card, limits, and when the guest runs: when."""
        steps = [
            plug_step(state, values, self.choices),
            card_step(values, self.choices),
            rules_step(values, self.choices),
        ]
        guest = state.guests.get(self.guest)
        when = when_step(guest) if guest else None
        return tuple(step for step in (*steps, when) if step and step.fields)

    def changed(self, _state: HostState, values: Values, name: str) -> Values:
        """Another network has other port groups."""
        return without_stale_group(values, name)

    def findings(self, state: HostState, values: Values) -> tuple[Finding, ...]:
        """All that is wrong, and what is worth knowing."""
        guest = state.guests.get(self.guest)
        when = when_of(guest, values)
        return (
            *guest_findings(state, self.guest, self.guest_name, self.was_running),
            *plug_findings(state, values, when),
            *card_findings(state, values, self.choices, "", guest),
        )

    def preview(self, state: HostState, values: Values) -> tuple[Section, ...]:
        """The <interface>, and the virsh command that does the same."""
        settings = _read(values)
        if settings is None:
            return ()
        when = when_of(state.guests.get(self.guest), values)
        command = attach_command(self.guest_name, settings, when.flags)
        missing = inexpressible(settings)
        sections = [
            Section("<interface>", text=build_interface(settings), language="xml"),
            Section(_("The same with virsh"), text=command),
        ]
        if missing:
            text = _("virsh attach-interface has no option for: {settings}.")
            told = (text.format(settings=named_settings(missing)), _("nic.xml has the XML above."))
            sections.append(Section(_("Why not shorter"), text="\n".join(told)))
        return tuple(sections)

    def request(self, state: HostState, values: Values) -> AddNic:
        """What to do."""
        settings = _read(values) or _NO_SOURCE
        when = when_of(state.guests.get(self.guest), values)
        return AddNic(self.guest, self.guest_name, build_interface(settings), when)


@dataclass(frozen=True, slots=True)
class ChangeNicForm:
    """Change a NIC; with `only_source` nothing but what it is plugged into."""

    nic: NicName
    choices: NicChoices
    was_running: bool
    only_source: bool = False

    @property
    def title(self) -> str:
        """What it changes."""
        text = (
            _("Move NIC {mac} of {guest}") if self.only_source else _("Change NIC {mac} of {guest}")
        )
        return text.format(mac=self.nic.mac, guest=self.nic.guest_name)

    def initial(self, state: HostState) -> Values:
        """As the NIC is now; what waits for the next start as it will be then."""
        old = self._old(state)
        given = answers(old)
        blanks = _first_plugs(state, old.source)
        return {**given, **blanks, "when": When.BOTH.value}

    def steps(self, state: HostState, values: Values) -> tuple[Step, ...]:
        """Source, card, limits, when; or source and when."""
        steps: list[Step | None] = [plug_step(state, values, self.choices)]
        if not self.only_source:
            steps += [card_step(values, self.choices), rules_step(values, self.choices)]
        guest = state.guests.get(self.nic.guest)
        steps.append(when_step(guest) if guest else None)
        return tuple(step for step in steps if step and step.fields)

    def changed(self, _state: HostState, values: Values, name: str) -> Values:
        """Another network has other port groups."""
        return without_stale_group(values, name)

    def findings(self, state: HostState, values: Values) -> tuple[Finding, ...]:
        """All that is wrong, and what only comes at the next start."""
        guest = state.guests.get(self.nic.guest)
        when = when_of(guest, values)
        found = [
            *guest_findings(state, self.nic.guest, self.nic.guest_name, self.was_running),
            *plug_findings(state, values, when),
        ]
        if not self.only_source:
            found += card_findings(state, values, self.choices, self.nic.mac, guest)
        if guest is not None and self._pair(state) == (None, None):
            text = _("{guest} has no NIC with the MAC {mac} any more.")
            told = text.format(guest=guest.name, mac=self.nic.mac)
            found.append(Finding(Severity.ERROR, told))
        return (*found, *self._about_time(state, values, when))

    def _about_time(self, state: HostState, values: Values, when: When) -> Iterator[Finding]:
        guest = state.guests.get(self.nic.guest)
        changes = self._changes(state, values)
        if guest is None or not guest.is_active or not when.is_live:
            return
        for name in changes.keys() - LIVE_SETTINGS:
            if when is When.NOW:
                text = _("This cannot change while the guest runs: choose its next start too.")
                yield Finding(Severity.ERROR, text, name)
            else:
                yield Finding(Severity.WARNING, _("This comes at the next start."), name)

    def preview(self, state: HostState, values: Values) -> tuple[Section, ...]:
        """What becomes of the live document and of the stored one, and the virsh commands."""
        guest = state.guests.get(self.nic.guest)
        live, stored = self._pair(state)
        if guest is None or not (live or stored) or _read(values, self._old(state)) is None:
            return ()
        when = when_of(guest, values)
        changes = self._changes(state, values)
        name = self.nic.guest_name
        return change_sections(name, changes, when, live, stored)

    def request(self, state: HostState, values: Values) -> ChangeNic:
        """What to do."""
        when = when_of(state.guests.get(self.nic.guest), values)
        return ChangeNic(self.nic, tuple(self._changes(state, values).items()), when)

    def _changes(self, state: HostState, values: Values) -> dict[str, Any]:
        """The settings that were answered otherwise than they are."""
        old = self._old(state)
        new = _read(values, old)
        if new is None:
            return {}
        asked = asked_settings(new.source.kind, values["model"]) | {"source"}
        if self.only_source:
            asked = frozenset({"source"})
        return {name: getattr(new, name) for name in differences(old, new) if name in asked}

    def _old(self, state: HostState) -> NicSettings:
        """Live settings where they can change live, those of the next start elsewhere."""
        live, stored = self._pair(state)
        nic = live or stored
        if nic is None:
            return _NO_SOURCE
        now = parse_settings(nic.xml)
        later = parse_settings(stored.xml) if stored else now
        return NicSettings(
            **{name: getattr(now if name in LIVE_SETTINGS else later, name) for name in SETTINGS}
        )

    def _pair(self, state: HostState) -> tuple[Nic | None, Nic | None]:
        """The NIC as it is in the running guest, and as it is stored."""
        return nic_pair(state.guests.get(self.nic.guest), self.nic)


def nic_pair(guest: Guest | None, name: NicName) -> tuple[Nic | None, Nic | None]:
    """The NIC as it is in the running guest, and as it is stored; None where it is not."""
    if guest is None:
        return None, None
    live = _picked(guest.nics, name) if guest.is_active else None
    if not guest.persistent:
        return live, None
    stored = twin_of(live, guest.next_nics) if live else _picked(guest.next_nics, name)
    return live, stored


def _picked(nics: tuple[Nic, ...], name: NicName) -> Nic | None:
    same = [nic for nic in nics if nic.mac.lower() == name.mac.lower()]
    same.sort(key=lambda nic: nic.slot != name.slot)
    return same[0] if same else None


def first_source(state: HostState) -> NicSource:
    """Where a NIC most likely belongs: the first active network, else a bridge, else QEMU's NAT."""
    active = [one.value for one in network_options(state) if _is_active(state, one.value)]
    if active:
        name = "default" if "default" in active else active[0]
        return NicSource(SourceKind.NETWORK, name)
    bridges = bridge_options(state)
    if bridges:
        return NicSource(SourceKind.BRIDGE, bridges[0].value)
    return NicSource(SourceKind.USER)


def _is_active(state: HostState, name: str) -> bool:
    network = state.networks.get(state.topology.network_by_name.get(name, ""))
    return network is not None and network.active


def _first_plugs(state: HostState, source: NicSource) -> dict[str, str]:
    """A proposal for each kind of source that was not chosen."""
    proposals = {
        SourceKind.NETWORK: ("network", network_options(state)),
        SourceKind.BRIDGE: ("bridge", bridge_options(state)),
        SourceKind.DIRECT: ("device", device_options(state)),
    }
    given = {}
    for kind, (name, options) in proposals.items():
        usable = [one.value for one in options if not one.why_not]
        if kind is not source.kind and usable:
            given[name] = "default" if "default" in usable else usable[0]
    return given


def without_stale_group(values: Values, name: str) -> Values:
    """Another network has other port groups."""
    return {**values, "portgroup": ""} if name in {"network", "kind"} else values


def _read(values: Values, old: NicSettings = _NO_SOURCE) -> NicSettings | None:
    try:
        source_of(values)
        return settings_of(values, old)
    except (AnswerError, ValueError):
        return None
