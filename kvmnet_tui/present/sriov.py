"""SR-IOV: the cards, their virtual functions, and who uses each. Pure."""

from collections.abc import Iterator

from kvmnet_tui.i18n import _
from kvmnet_tui.model.sriov import PhysicalFunction, VirtualFunction
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.cells import or_dash, plain
from kvmnet_tui.present.table import Cell, Field, Section, Severity
from kvmnet_tui.present.text import aligned


def sriov_sections(state: HostState) -> tuple[Section, ...]:
    """A section for each card; one sentence where there is none."""
    if not state.sriov:
        return (Section("", text=_("No network card of this host has SR-IOV.")),)
    return tuple(_section(state, card) for card in state.sriov)


def _section(state: HostState, card: PhysicalFunction) -> Section:
    of_total = _("{count} of {total}").format(count=len(card.functions), total=card.total)
    fields = (
        Field(_("PCI address"), plain(card.address)),
        Field(_("Driver"), or_dash(card.driver)),
        Field(_("Functions"), Cell(of_total)),
    )
    header = (_("Function"), _("PCI address"), _("Link"), _("Driver"), _("Used by"))
    rows = tuple(_row(state, card, function) for function in card.functions)
    none = _("It has none now: write a number to {file}.").format(
        file=f"/sys/class/net/{card.link}/device/sriov_numvfs"
    )
    return Section(card.link, fields, header if rows else (), rows, "" if rows else none)


def _row(state: HostState, card: PhysicalFunction, one: VirtualFunction) -> tuple[Cell, ...]:
    users = ", ".join(users_of(state, card, one))
    return (
        Cell(str(one.number)),
        plain(one.address),
        or_dash(one.link),
        or_dash(one.driver),
        plain(users) if users else Cell(_("free"), Severity.OK),
    )


def users_of(state: HostState, card: PhysicalFunction, one: VirtualFunction) -> Iterator[str]:
    """Guests that have the function, networks whose pool it is in, and the host itself."""
    for guest in state.guests.values():
        for nic in guest.nics:
            if nic.source in (one.address, one.link) and nic.source:
                text = _("guest {name}") if guest.is_active else _("guest {name} (not running)")
                yield text.format(name=guest.name)
    for network in state.networks.values():
        if {one.address, card.link} & set(network.forward_devices):
            yield _("pool of network {name}").format(name=network.name)
    link = state.link_named(one.link) if one.link else None
    if link is not None and (link.addresses or link.master):
        yield _("the host")


def sriov_records(state: HostState) -> list[dict[str, object]]:
    """The cards and their functions for JSON."""
    return [
        {
            "link": card.link,
            "address": card.address,
            "driver": card.driver or None,
            "total": card.total,
            "functions": [
                {
                    "number": one.number,
                    "address": one.address,
                    "link": one.link or None,
                    "driver": one.driver or None,
                    "used_by": list(users_of(state, card, one)),
                }
                for one in card.functions
            ],
        }
        for card in state.sriov
    ]


def sriov_lines(state: HostState) -> list[str]:
    """The same as lines of a table, or the sentence that there are none."""
    if not state.sriov:
        return [_("No network card of this host has SR-IOV.")]
    header = (_("Card"), _("Function"), _("PCI address"), _("Link"), _("Driver"), _("Used by"))
    rows = [
        (card.link, *(cell.text for cell in _row(state, card, one)))
        for card in state.sriov
        for one in card.functions
    ]
    return aligned([header, *rows])
