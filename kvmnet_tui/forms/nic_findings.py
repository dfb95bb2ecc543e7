"""What is wrong with answers about a NIC, or worth knowing. Pure."""

from collections.abc import Iterator

from kvmnet_tui.forms.form import Finding, Values
from kvmnet_tui.forms.nic_answers import (
    PCI_ADDRESS,
    PLUG_FIELDS,
    READERS,
    AnswerError,
    asked_settings,
)
from kvmnet_tui.i18n import _
from kvmnet_tui.model.macs import MacConflict, MacHolder, mac_conflict, mac_fault, normal_mac
from kvmnet_tui.model.nic_settings import SourceKind
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest
from kvmnet_tui.netxml import XmlProblem
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.present.plugs import is_uplink, ports_of
from kvmnet_tui.present.table import Severity
from kvmnet_tui.requests.nic_sentences import conflict_sentence, fault_sentence
from kvmnet_tui.requests.nics import NicChoices, When

_LEAST_MTU_OF_IPV6 = 1280


def plug_findings(state: HostState, values: Values, when: When) -> Iterator[Finding]:
    """About the source: gone, stopped, down, or not what one may hope."""
    kind = SourceKind(values["kind"])
    if kind is SourceKind.NETWORK:
        yield from _of_network(state, values["network"], when)
    elif kind is SourceKind.BRIDGE:
        yield from _of_link(state, "bridge", values["bridge"], _("There is no bridge {name}."))
    elif kind is SourceKind.DIRECT:
        yield from _of_link(state, "device", values["device"], _("There is no link {name}."))
        yield from _of_macvtap(state, values["device"])
    elif kind is SourceKind.HOSTDEV and not PCI_ADDRESS.fullmatch(values["function"].strip()):
        yield _error(_("A PCI address is written 0000:3b:02.1."), "function")
    elif kind is SourceKind.OVS and not values["ovs"].strip():
        yield _error(_("Name the bridge of Open vSwitch."), "ovs")
    elif kind is SourceKind.USER:
        yield _warning(_("Nobody reaches the guest, and libvirt shows no address."), "kind")


def _of_network(state: HostState, name: str, when: When) -> Iterator[Finding]:
    network = state.networks.get(state.topology.network_by_name.get(name, ""))
    if network is None:
        text = _("There is no network {name} any more.") if name else _("Choose a network.")
        yield _error(text.format(name=name), "network")
    elif not network.active and when.is_live:
        text = _("Network {name} is not active: start it first, or choose the next start.")
        yield _error(text.format(name=name), "network")
    elif not network.active:
        text = _("Network {name} is not active: the guest does not start before it is.")
        yield _warning(text.format(name=name), "network")


def _of_link(state: HostState, field: str, name: str, missing: str) -> Iterator[Finding]:
    link = state.link_named(name) if name else None
    if link is None:
        text = missing if name else _("Choose one.")
        yield _error(text.format(name=name), field)
    elif not link.is_up:
        yield _warning(_("{name} is down: nothing passes.").format(name=name), field)


def _of_macvtap(state: HostState, name: str) -> Iterator[Finding]:
    link = state.link_named(name) if name else None
    master = state.links.get(link.master) if link else None
    if master is not None:
        text = _("{name} belongs to {master}: no macvtap can stand on it.")
        yield _error(text.format(name=name, master=master.name), "device")
    elif link is not None:
        text = _("Guest and host do not reach each other over a macvtap; others on the wire do.")
        yield _warning(text, "kind")


def card_findings(
    state: HostState, values: Values, choices: NicChoices, own_mac: str, guest: Guest | None
) -> Iterator[Finding]:
    """About the card: numbers that are none, a MAC that somebody has."""
    asked = asked_settings(SourceKind(values["kind"]), values["model"])
    for name in asked & READERS.keys():
        try:
            READERS[name](values[name])
        except AnswerError as error:
            yield _error(str(error), name)
    if "mac" in asked:
        yield from _of_mac(state, values["mac"], choices, own_mac)
    if "mtu" in asked and values["mtu"].strip().isdecimal():
        yield from _of_mtu(state, values, int(values["mtu"]))
    if "boot_order" in asked and guest is not None:
        yield from _of_boot_order(guest, values["boot_order"].strip(), own_mac)
    if "vlans" in asked and values["vlans"].strip():
        yield from _of_vlans(state, values)


def _of_mac(state: HostState, text: str, choices: NicChoices, own_mac: str) -> Iterator[Finding]:
    mac = normal_mac(text)
    fault = mac_fault(mac)
    if fault is not None:
        yield _error(fault_sentence(fault), "mac")
        return
    if mac == own_mac.lower():
        return
    conflict = mac_conflict(state, mac)
    if conflict is None:
        seen = next((one for one in choices.forwarding if one[0] == mac), None)
        conflict = MacConflict(MacHolder.FORWARDING, seen[1], seen[2]) if seen else None
    if conflict is not None:
        yield _error(conflict_sentence(mac, conflict), "mac")


def _of_mtu(state: HostState, values: Values, mtu: int) -> Iterator[Finding]:
    kind = SourceKind(values["kind"])
    name = values[PLUG_FIELDS[kind]] if kind in PLUG_FIELDS else ""
    if kind is SourceKind.NETWORK:
        network = state.networks.get(state.topology.network_by_name.get(name, ""))
        name = network.bridge if network else ""
    link = state.link_named(name) if name else None
    links = [link] if link else []
    if link is not None and link.kind == "bridge":
        ports = (state.links.get(index) for index in ports_of(state, link.index))
        links += [port for port in ports if port is not None and is_uplink(port)]
    for one in links:
        if one.mtu < mtu:
            text = _("{name} carries {mtu} bytes only: larger packets are lost there.")
            yield _warning(text.format(name=one.name, mtu=one.mtu), "mtu")
            return
    if mtu < _LEAST_MTU_OF_IPV6:
        yield _warning(_("IPv6 needs an MTU of 1280 at least."), "mtu")


def _of_boot_order(guest: Guest, order: str, own_mac: str) -> Iterator[Finding]:
    if not order.isdecimal():
        return
    for nic in guest.next_nics:
        try:
            taken = parse_settings(nic.xml).boot_order if nic.xml else None
        except XmlProblem:
            continue
        if taken == int(order) and nic.mac.lower() != own_mac.lower():
            text = _("The guest's NIC {mac} has this place in the boot order.")
            yield _error(text.format(mac=nic.mac), "boot_order")


def _of_vlans(state: HostState, values: Values) -> Iterator[Finding]:
    kind = SourceKind(values["kind"])
    name = values["bridge"] if kind is SourceKind.BRIDGE else ""
    if kind is SourceKind.NETWORK:
        network = state.networks.get(state.topology.network_by_name.get(values["network"], ""))
        if network is not None and network.forward_mode in {"nat", "route", "open", "isolated"}:
            name = network.bridge
    link = state.link_named(name) if name else None
    if link is not None and link.kind == "bridge":
        text = _("On a Linux bridge libvirt before 11.0 refuses VLAN tags.")
        yield _warning(text, "vlans")


def guest_findings(state: HostState, uuid: str, name: str, was_running: bool) -> Iterator[Finding]:
    """About the guest: gone, shut off or started while the form was filled in."""
    guest = state.guests.get(uuid)
    if guest is None:
        yield _error(_("Guest {guest} is no longer there.").format(guest=name), "")
    elif was_running and not guest.is_active:
        text = _("{guest} was shut off meanwhile: the change holds from its next start on.")
        yield _warning(text.format(guest=name), "")
    elif not was_running and guest.is_active:
        text = _("{guest} was started meanwhile: choose when the change shall hold.")
        yield _warning(text.format(guest=name), "")


def _error(text: str, field: str) -> Finding:
    return Finding(Severity.ERROR, text, field)


def _warning(text: str, field: str) -> Finding:
    return Finding(Severity.WARNING, text, field)
