"""Who is hit when a network stops, and how a change to it is put into effect. Pure."""

from kvmnet_tui.i18n import _
from kvmnet_tui.model.plugs import Use, link_names, loose_taps, plug_of_tap, uses_of_network
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml import XmlProblem
from kvmnet_tui.netxml.network_fields import OWN_BRIDGE_MODES
from kvmnet_tui.netxml.network_plan import EditPlan, edit_plan, xml_diff
from kvmnet_tui.present.cells import plain
from kvmnet_tui.present.table import Cell, Section, Severity
from kvmnet_tui.present.text import clean, clean_block


def impact_lines(state: HostState, network: Network) -> tuple[str, ...]:
    """A line for each NIC that uses the network or its bridge, those of running guests first."""
    uses = sorted(uses_of_network(state, network), key=lambda use: not use.guest.is_active)
    if not uses:
        return (_("No guest is plugged into it."),)
    lines = tuple(_use_line(state, use) for use in uses)
    if unplugs_when_it_stops(network):
        return lines
    return (*lines, _("Running guests stay plugged in: the network has no bridge of its own."))


def unplugs_when_it_stops(network: Network) -> bool:
    """Whether the bridge goes with the network; the host's own, and macvtaps, stay."""
    return network.forward_mode in OWN_BRIDGE_MODES


def impact_question(state: HostState, network: Network) -> tuple[str, ...]:
    """The same below a question, with what they are said above them."""
    lines = impact_lines(state, network)
    is_used = any(True for _use in uses_of_network(state, network))
    return (_("These NICs are plugged into it:"), *lines) if is_used else lines


def _use_line(state: HostState, use: Use) -> str:
    guest, nic, coming = use
    addresses = ", ".join(one.address for one in state.address_book.addresses_of(nic.mac))
    what = " ".join(filter(None, (nic.device, nic.mac, "" if coming else addresses)))
    text = _("{guest} (not running): {nic}")
    if coming:
        text = _("{guest} (from its next start): {nic}")
    elif guest.is_active:
        text = _("{guest} (running): {nic}")
    return text.format(guest=clean(guest.name), nic=clean(what))


def plan_section(plan: EditPlan, network: Network) -> Section:
    """Part by part: what is changed, by which call, and when it has an effect."""
    at_once = _("at once, and stored") if network.active else _("from the next start")
    later = _("after a restart") if network.active else _("from the next start")
    by_update, by_define = "virNetworkUpdate", "virNetworkDefineXML"
    updates = [
        (Cell(f"{one.command} {one.section}"), plain(by_update), Cell(at_once, Severity.OK))
        for one in plan.updates
    ]
    severity = Severity.WARNING if network.active else Severity.OK
    redefined = [
        (Cell(f"<{tag}>"), plain(by_define), Cell(later, severity)) for tag in plan.redefined
    ]
    header = (_("What"), _("How"), _("When"))
    return Section(_("How it is done"), (), header, (*updates, *redefined))


def difference(network: Network) -> Section:
    """How the running network differs from what is stored, as a diff."""
    plan = _difference_plan(network)
    if plan.is_empty:
        return Section("", text=_("It runs as it is stored."))
    live, stored = clean_block(network.xml), clean_block(network.persistent_xml)
    diff = xml_diff(live, stored, (_("running"), _("stored")))
    return Section(_("Running now, and stored for the next start"), text=diff, language="diff")


def waits_for_restart(network: Network) -> bool:
    """Whether a running network is not (yet) what is stored."""
    return network.active and network.persistent and not _difference_plan(network).is_empty


def _difference_plan(network: Network) -> EditPlan:
    if network.xml == network.persistent_xml:
        return EditPlan()
    try:
        return edit_plan(network.xml, network.persistent_xml)
    except XmlProblem:
        return EditPlan()


def loose_lines(state: HostState, taps: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A line for each of these taps, or each that is loose: whose it is and where it belongs."""
    names = taps or link_names(state, loose_taps(state))
    return tuple(_loose_line(state, name) for name in names)


def _loose_line(state: HostState, tap: str) -> str:
    plug = plug_of_tap(state, tap)
    if plug is None:
        return _("{tap}: no running guest says that it is its own.").format(tap=tap)
    text = _("{tap} of {guest}, into {source}")
    return text.format(tap=tap, guest=clean(plug.guest.name), source=clean(plug.nic.source))
