"""Who is hit when a network stops, and how a change to it is put into effect. Pure."""

from kvmnet_tui.i18n import _
from kvmnet_tui.model.plugs import Plug, plugs_of_network
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml.network_plan import EditPlan
from kvmnet_tui.present.table import Cell, Section, Severity
from kvmnet_tui.present.text import clean


def impact_lines(state: HostState, network: Network) -> tuple[str, ...]:
    """A line for each NIC that is plugged into the network or its bridge, running ones first."""
    plugs = sorted(plugs_of_network(state, network), key=lambda plug: not plug.guest.is_active)
    if not plugs:
        return (_("No guest is plugged into it."),)
    return tuple(_plug_line(state, plug) for plug in plugs)


def _plug_line(state: HostState, plug: Plug) -> str:
    guest, nic = plug
    addresses = ", ".join(one.address for one in state.address_book.addresses_of(nic.mac))
    what = " ".join(filter(None, (nic.device, nic.mac, addresses)))
    text = _("{guest} (running): {nic}") if guest.is_active else _("{guest} (not running): {nic}")
    return text.format(guest=clean(guest.name), nic=clean(what))


def plan_section(plan: EditPlan, network: Network) -> Section:
    """Part by part: what is changed, by which call, and when it has an effect."""
    at_once = _("at once, and stored") if network.active else _("from the next start")
    later = _("after a restart") if network.active else _("from the next start")
    updates = [
        (Cell(f"{one.command} {one.section}"), Cell("net-update"), Cell(at_once, Severity.OK))
        for one in plan.updates
    ]
    severity = Severity.WARNING if network.active else Severity.OK
    redefined = [
        (Cell(f"<{tag}>"), Cell("net-define"), Cell(later, severity)) for tag in plan.redefined
    ]
    header = (_("What"), _("How"), _("When"))
    return Section(_("How it is done"), (), header, (*updates, *redefined))
