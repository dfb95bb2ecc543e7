"""What is asked about a NIC: steps, fields and options, from what the host has. Pure."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from kvmnet_tui.forms.form import FieldKind, FormField, Option, Step, Values
from kvmnet_tui.forms.nic_answers import MACVTAP_MODES, asked_settings
from kvmnet_tui.i18n import _
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.nic_settings import SourceKind
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Network
from kvmnet_tui.present.plugs import network_of_bridge
from kvmnet_tui.requests.nics import NicChoices, When

_NOT_FOR_MACVTAP = frozenset({"bridge", "loopback", "macvtap", "tun"})


def plug_step(state: HostState, values: Values, choices: NicChoices) -> Step:
    """What the NIC is plugged into."""
    kind = SourceKind(values["kind"])
    fields = [FormField("kind", _("Plug into"), FieldKind.CHOICE, kind_options(kind))]
    fields += _of_kind(state, values, choices, kind)
    return Step(_("Source"), _("What the NIC's cable leads to."), tuple(fields))


def kind_options(current: SourceKind) -> tuple[Option, ...]:
    """Every kind of source that can be chosen."""
    options = [
        Option("network", _("Network"), _("libvirt's: NAT, routed, isolated, a pool...")),
        Option("bridge", _("Bridge"), _("the host's: the guest is on its wire")),
        Option("direct", _("macvtap"), _("onto a link, never reaches this host")),
        Option("hostdev", _("SR-IOV function"), _("a card's virtual function for the guest alone")),
        Option("ovs", _("Open vSwitch"), _("a bridge of Open vSwitch")),
        Option("user", _("User"), _("QEMU's own NAT, nobody reaches in")),
    ]
    if current is SourceKind.OTHER:
        options.append(Option("other", _("As it is"), _("a kind that is kept and not changed")))
    return tuple(options)


def _of_kind(
    state: HostState, values: Values, choices: NicChoices, kind: SourceKind
) -> Iterator[FormField]:
    if kind is SourceKind.NETWORK:
        yield FormField("network", _("Network"), FieldKind.CHOICE, network_options(state))
        groups = portgroups(state, values["network"])
        if groups or values["portgroup"]:
            options = tuple(Option(name, name or _("none")) for name in ("", *groups))
            yield FormField("portgroup", _("Port group"), FieldKind.CHOICE, options)
    elif kind is SourceKind.BRIDGE:
        yield FormField("bridge", _("Bridge"), FieldKind.CHOICE, bridge_options(state))
    elif kind is SourceKind.DIRECT:
        yield FormField("device", _("Link"), FieldKind.CHOICE, device_options(state))
        modes = tuple(Option(mode, mode, _mode_hint(mode)) for mode in MACVTAP_MODES)
        yield FormField("mode", _("Mode"), FieldKind.CHOICE, modes)
    elif kind is SourceKind.HOSTDEV:
        yield _function_field(choices)
    elif kind is SourceKind.OVS:
        options = ovs_options(state)
        field = FieldKind.CHOICE if options else FieldKind.TEXT
        yield FormField("ovs", _("Open vSwitch bridge"), field, options)


def _function_field(choices: NicChoices) -> FormField:
    label = _("PCI address")
    if choices.functions:
        options = tuple(Option(at, at, product) for at, product in choices.functions)
        return FormField("function", label, FieldKind.CHOICE, options)
    hint = _("libvirt lists no virtual function here; lspci -D shows the addresses.")
    return FormField("function", label, hint=hint, placeholder="0000:3b:02.1")


def _mode_hint(mode: str) -> str:
    return {
        "bridge": _("guests on this link reach each other directly"),
        "vepa": _("all goes to the switch, which may send it back"),
        "private": _("guests on this link do not reach each other"),
        "passthrough": _("the whole link for this guest alone"),
    }[mode]


def network_options(state: HostState) -> tuple[Option, ...]:
    """The networks by name, those that are not active marked."""
    networks = sorted(state.networks.values(), key=lambda network: natural_key(network.name))
    return tuple(Option(one.name, one.name, _network_hint(one)) for one in networks)


def _network_hint(network: Network) -> str:
    parts = [network.forward_mode, *network.addresses]
    if not network.active:
        parts.append(_("not active"))
    return ", ".join(parts)


def portgroups(state: HostState, name: str) -> tuple[str, ...]:
    """The port groups of a network."""
    network = state.networks.get(state.topology.network_by_name.get(name, ""))
    if network is None or "portgroup" not in network.xml:
        return ()
    try:
        root = ET.fromstring(network.xml)  # noqa: S314 - libvirt's own document
    except ET.ParseError:
        return ()
    return tuple(one.get("name", "") for one in root.findall("portgroup"))


def bridge_options(state: HostState) -> tuple[Option, ...]:
    """The host's bridges, with the network that made them."""
    return tuple(
        Option(link.name, link.name, _bridge_hint(state, link))
        for link in _links(state)
        if link.kind == "bridge"
    )


def _bridge_hint(state: HostState, link: Link) -> str:
    network = network_of_bridge(state, link.name)
    addresses = ", ".join(address.cidr for address in link.addresses if address.scope == "global")
    if network is not None and network.forward_mode != "bridge":
        return _("made by network {name}").format(name=network.name)
    return addresses


def device_options(state: HostState) -> tuple[Option, ...]:
    """The links that a macvtap may stand on."""
    return tuple(
        Option(link.name, link.name, link.kind, _why_no_macvtap(state, link))
        for link in _links(state)
        if link.kind not in _NOT_FOR_MACVTAP
    )


def _why_no_macvtap(state: HostState, link: Link) -> str:
    master = state.links.get(link.master)
    if master is None:
        return ""
    return _("it belongs to {name}").format(name=master.name)


def ovs_options(state: HostState) -> tuple[Option, ...]:
    """Open vSwitch's bridges, where its kernel module shows them."""
    links = (link for link in _links(state) if link.kind == "openvswitch")
    return tuple(Option(link.name, link.name) for link in links if link.name != "ovs-system")


def _links(state: HostState) -> list[Link]:
    return sorted(state.links.values(), key=lambda link: natural_key(link.name))


def card_step(values: Values, choices: NicChoices) -> Step:
    """What the guest sees: the card."""
    asked = asked_settings(SourceKind(values["kind"]), values["model"])
    models = choices.models
    if values["model"] not in models:
        models = (values["model"], *models)
    told = _("The emulator's own list.") if choices.is_asked else _("The usual ones.")
    options = tuple(Option(one, one or _("libvirt's choice"), _model_hint(one)) for one in models)
    fields = (
        FormField("model", _("Model"), FieldKind.CHOICE, options, told),
        FormField("mac", _("MAC"), hint=_("Proposed from QEMU's range; nobody here has it.")),
        FormField("link", _("Cable plugged in"), FieldKind.TOGGLE),
        FormField("mtu", _("MTU"), hint=_("Empty: as the network or bridge has it.")),
        FormField("queues", _("Queues"), hint=_("Up to one for each of the guest's processors.")),
        FormField("boot_order", _("Boot order"), hint=_("1 boots first; empty: not from here.")),
    )
    intro = _("What the guest finds in its slot.")
    return Step(_("Card"), intro, tuple(one for one in fields if one.name in asked))


def _model_hint(model: str) -> str:
    return {
        "virtio": _("fastest, with virtio drivers"),
        "e1000e": _("Intel PCIe, newer systems"),
        "e1000": _("Intel PCI, nearly all systems"),
        "rtl8139": _("100 Mbit/s, very old systems"),
    }.get(model, "")


def rules_step(values: Values, choices: NicChoices) -> Step:
    """What the host lets through; no step where nothing of it applies."""
    asked = asked_settings(SourceKind(values["kind"]), values["model"])
    filters = tuple(Option(one, one or _("none")) for one in ("", *choices.filters))
    if values["filter"] not in ("", *choices.filters):
        filters = (*filters, Option(values["filter"], values["filter"]))
    limit = _("Average, peak, burst in KiB/s and KiB, such as 1000,2000,512; empty: none.")
    fields = (
        FormField("inbound", _("Limit in"), hint=limit),
        FormField("outbound", _("Limit out"), hint=limit),
        FormField("vlans", _("VLANs"), hint=_("One is an access port's, several are a trunk.")),
        FormField(
            "isolated",
            _("Isolated"),
            FieldKind.TOGGLE,
            hint=_("Does not reach other isolated ports of the bridge."),
        ),
        FormField(
            "filter",
            _("Filter"),
            FieldKind.CHOICE,
            filters,
            _("clean-traffic keeps the guest from using other addresses than its own."),
        ),
        FormField(
            "trusts_guest",
            _("Trust receive filters"),
            FieldKind.TOGGLE,
            hint=_("The guest may change its MAC and multicast filters by itself."),
        ),
    )
    intro = _("What the host lets through.")
    return Step(_("Limits and rules"), intro, tuple(one for one in fields if one.name in asked))


def when_step(guest: Guest) -> Step | None:
    """When it shall hold; None where there is no choice."""
    if not (guest.is_active and guest.persistent):
        return None
    intro = _("{guest} is running.").format(guest=guest.name)
    fields = (FormField("when", _("When"), FieldKind.CHOICE, when_options()),)
    return Step(_("When"), intro, fields)


def when_options() -> tuple[Option, ...]:
    """When a change of a running guest may hold."""
    words = {
        When.BOTH: (_("Now and at every start"), _("in the running guest, and stored")),
        When.NOW: (_("Now only"), _("until the guest is shut off")),
        When.NEXT_START: (_("From the next start on"), _("stored, nothing happens now")),
    }
    return tuple(Option(when.value, label, hint) for when, (label, hint) in words.items())


def when_of(guest: Guest | None, values: Values) -> When:
    """What was chosen, or all there is."""
    if guest is None or (guest.is_active and guest.persistent):
        return When(values["when"])
    return When.NOW if guest.is_active else When.NEXT_START
