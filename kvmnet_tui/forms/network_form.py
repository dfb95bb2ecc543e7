"""The wizards that make a network and that change one. Pure."""

from collections.abc import Iterator
from typing import Any

from kvmnet_tui.forms.form import Finding, Step, Values
from kvmnet_tui.forms.network_checks import interface_of, network_findings
from kvmnet_tui.forms.network_fields import network_steps
from kvmnet_tui.forms.network_subnets import (
    dhcp_range,
    free_bridge,
    free_ipv4,
    free_ipv6,
    free_name,
)
from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml import XmlProblem
from kvmnet_tui.netxml.network_fields import (
    BRIDGE_MODES,
    EMPTY,
    OWN_BRIDGE_MODES,
    VALUES,
    values_of,
    written,
)
from kvmnet_tui.netxml.network_plan import EditPlan, edit_plan, xml_diff
from kvmnet_tui.netxml.schema import schema_problem
from kvmnet_tui.present.network_impact import impact_lines, plan_section
from kvmnet_tui.present.table import Cell, Section, Severity
from kvmnet_tui.requests import Request
from kvmnet_tui.requests.networks import CreateNetwork, DefineNetwork, EditNetwork, NetworkRef


def network_text(values: Values, findings: tuple[Finding, ...] = ()) -> str:
    """The XML that the answers come to; answers that are wrong are not in it."""
    wrong = {one.field for one in findings if one.severity is Severity.ERROR}
    plain = {
        name: _stripped(values[name]) for name in VALUES if name in values and name not in wrong
    }
    if "ipv4" in wrong:
        wrong.add("dhcp4")
    return written(values["xml"], {k: v for k, v in plain.items() if k not in wrong})


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


class _NetworkForm:
    """What both wizards share; `_old` is the network that is changed."""

    def _old(self, _state: HostState) -> Network | None:
        return None

    def findings(self, state: HostState, values: Values) -> tuple[Finding, ...]:
        """What is wrong with the fields, then with the whole as libvirt's schema has it."""
        old = self._old(state)
        found = network_findings(state, values, old)
        if not any(one.severity is Severity.ERROR for one in found):
            problem = self._schema_problem(values)
            if problem:
                found += (Finding(Severity.ERROR, problem),)
        return found

    def _schema_problem(self, values: Values) -> str:
        base = values["xml"]
        # What libvirt itself wrote is right, whatever an older schema here may say.
        if base != EMPTY and not values["edited"] and schema_problem(base) is not None:
            return ""
        problem = schema_problem(network_text(values))
        return str(problem) if problem else ""

    def text(self, state: HostState, values: Values) -> str:
        """The XML, to be edited by hand."""
        return network_text(values, network_findings(state, values, self._old(state)))

    def check_text(self, text: str) -> tuple[str, int] | None:
        """What is wrong with a text edited by hand."""
        problem = schema_problem(text)
        if problem is not None:
            return problem.reason or str(problem), problem.line
        return None


class NewNetworkForm(_NetworkForm):
    """Makes a network of any forward mode; of a bridge that is there where one is named."""

    def __init__(self, bridge: str = "") -> None:
        self._bridge = bridge

    @property
    def title(self) -> str:
        """What it makes."""
        return _("New network")

    def initial(self, state: HostState) -> Values:
        """A NAT network in a free subnet, on a free bridge."""
        values = {name: value.none for name, value in VALUES.items()}
        values |= {
            "name": free_name(state),
            "mode": "nat",
            "more": False,
            "xml": EMPTY,
            "edited": False,
            "stored": True,
            "start": True,
            "autostart": True,
            "managed": True,
        }
        if self._bridge:
            return {**values, **_proposed(state, "host-bridge"), **self._of_bridge()}
        proposed = _proposed(state, "nat")
        return {**values, **proposed, "proposed": {"dhcp4": proposed["dhcp4"]}}

    def _of_bridge(self) -> dict[str, Any]:
        name = f"host-{self._bridge}"
        return {"mode": "host-bridge", "bridge": self._bridge, "name": name, "proposed": {}}

    def steps(self, state: HostState, values: Values) -> tuple[Step, ...]:
        """What is asked in this mode."""
        return network_steps(state, values, new=True)

    def changed(self, state: HostState, values: Values, name: str) -> Values:
        """Another mode or subnet brings other proposals, where nothing else was typed."""
        answers = dict(values)
        if name == "mode":
            answers |= _of_mode(state, values)
        elif name in ("ipv4", "ipv6"):
            answers |= _range_after(values, name)
        elif name == "nat_ipv6" and values["nat_ipv6"] and not values["ipv6"]:
            answers["ipv6"] = free_ipv6(state)
        elif name == "pf" and values["pf"]:
            answers["functions"] = ()
        elif name == "functions" and values["functions"]:
            answers["pf"] = ""
        return answers

    def preview(self, state: HostState, values: Values) -> tuple[Section, ...]:
        """The XML."""
        return (Section("", text=self.text(state, values), language="xml"),)

    def edited(self, _state: HostState, values: Values, text: str) -> Values:
        """The answers that a text edited by hand amounts to; what no answer says stays in it."""
        return {**values, **values_of(text), "xml": text, "edited": True}

    def request(self, _state: HostState, values: Values) -> Request:
        """Define it, or create it for as long as it runs."""
        name, xml = values["name"].strip(), network_text(values)
        if not values["stored"]:
            return CreateNetwork(name, xml)
        return DefineNetwork(name, xml, start=values["start"], autostart=values["autostart"])


def _proposed(state: HostState, mode: str) -> dict[str, Any]:
    """What goes with a mode: a free bridge and subnet for those that have their own."""
    if mode not in OWN_BRIDGE_MODES:
        return dict.fromkeys(("ipv4", "dhcp4", "ipv6", "dhcp6"), "") | {"bridge": ""}
    ipv4 = free_ipv4(state)
    return {"bridge": free_bridge(state), "delay": "0", "ipv4": ipv4, "dhcp4": dhcp_range(ipv4)}


def _of_mode(state: HostState, values: Values) -> dict[str, Any]:
    mode = values["mode"]
    proposed = _proposed(state, mode)
    if mode in OWN_BRIDGE_MODES:  # what was typed stays
        if values["ipv4"] or values["ipv6"]:
            return {} if values["bridge"] else {"bridge": proposed["bridge"]}
        return {**proposed, "proposed": {"dhcp4": proposed["dhcp4"]}}
    if mode in BRIDGE_MODES:
        steps = network_steps(state, values, new=True)
        options = [one for step in steps for one in step.fields if one.name == "bridge"]
        first = next((each.value for one in options for each in one.options), "")
        return {**proposed, "bridge": first}
    if mode == "hostdev":
        first = state.sriov[0].link if state.sriov and state.sriov[0].functions else ""
        return {**proposed, "pf": first, "functions": ()}
    return proposed


def _range_after(values: Values, name: str) -> dict[str, Any]:
    """The DHCP range follows the subnet as long as it is the one that was proposed."""
    field, version = ("dhcp4", 4) if name == "ipv4" else ("dhcp6", 6)
    try:
        interface_of(values[name], version)
    except ValueError:
        return {}
    if values[field] != values["proposed"].get(field):
        return {}
    range_now = dhcp_range(values[name])
    return {field: range_now, "proposed": {**values["proposed"], field: range_now}}


class EditNetworkForm(_NetworkForm):
    """Changes a stored network and leaves alone what was not touched."""

    def __init__(self, network: Network) -> None:
        self._uuid = network.uuid
        self._name = network.name
        self._base = network.persistent_xml

    @property
    def title(self) -> str:
        """What it changes."""
        return _("Change network {name}").format(name=self._name)

    def _old(self, state: HostState) -> Network | None:
        return state.networks.get(self._uuid)

    def initial(self, _state: HostState) -> Values:
        """The network as it is stored."""
        values = values_of(self._base)
        about = {"xml": self._base, "edited": False, "more": True}
        return {**values, **about, "proposed": {"dhcp4": dhcp_range(values["ipv4"])}}

    def steps(self, state: HostState, values: Values) -> tuple[Step, ...]:
        """Everything that there is in its mode."""
        return network_steps(state, values, new=False)

    def changed(self, state: HostState, values: Values, name: str) -> Values:
        """The range follows the subnet; a mode with a bridge of its own needs one."""
        if name in ("ipv4", "ipv6"):
            return {**values, **_range_after(values, name)}
        if name == "mode":
            return {**values, **_of_mode(state, values)}
        return values

    def findings(self, state: HostState, values: Values) -> tuple[Finding, ...]:
        """As ever, and what will have to wait for a restart."""
        found = super().findings(state, values)
        if self._old(state) is None:
            gone = _("Network {name} is gone.").format(name=self._name)
            return (*found, Finding(Severity.ERROR, gone))
        if any(one.severity is Severity.ERROR for one in found):
            return found
        return (*found, *self._about_plan(state, self._plan(values)))

    def _about_plan(self, state: HostState, plan: EditPlan) -> Iterator[Finding]:
        network = self._old(state)
        if plan.is_empty:
            yield Finding(Severity.PLAIN, _("Nothing is changed yet."))
        elif plan.redefined and network is not None and network.active:
            text = _("This waits for the network's restart: {elements}.")
            said = text.format(elements=", ".join(plan.redefined))
            yield Finding(Severity.WARNING, said)

    def _plan(self, values: Values) -> EditPlan:
        try:
            return edit_plan(self._base, network_text(values))
        except XmlProblem:
            return EditPlan()

    def preview(self, state: HostState, values: Values) -> tuple[Section, ...]:
        """How each part of the change is put into effect, who is plugged in, and the difference."""
        network = self._old(state)
        if network is None:
            return ()
        text = self.text(state, values)
        diff = xml_diff(self._base, text, (_("stored"), _("changed")))
        plan = self._plan(values)
        sections = [] if plan.is_empty else [plan_section(plan, network)]
        if plan.redefined and network.active:
            rows = tuple((Cell(line),) for line in impact_lines(state, network))
            sections.append(Section(_("Plugged in while it restarts"), rows=rows))
        shown = Section("", text=diff or _("Nothing is changed yet."), language="diff")
        return (*sections, shown)

    def edited(self, _state: HostState, values: Values, text: str) -> Values:
        """As of a new network."""
        return {**values, **values_of(text), "xml": text, "edited": True}

    def request(self, _state: HostState, values: Values) -> Request:
        """The change, against the text it began with."""
        ref = NetworkRef(self._uuid, self._name)
        return EditNetwork(ref, self._base, network_text(values))
