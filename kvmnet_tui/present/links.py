"""The Links table: every network interface of the kernel, and who manages it."""

from collections.abc import Hashable, Sequence
from typing import Any

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.links import Address, Link
from kvmnet_tui.model.state import HostState, SourceName
from kvmnet_tui.present.cells import (
    EMPTY,
    LIVE_NUMBERS,
    UNKNOWN,
    counter_fields,
    dim,
    error_cells,
    link_number,
    link_state,
    or_dash,
    plain,
    rate_cells,
    total_cells,
)
from kvmnet_tui.present.management import Management, management_of
from kvmnet_tui.present.sentences import full_status_sentence
from kvmnet_tui.present.table import Cell, Column, Field, Section, Severity


class LinksView:
    """One row a link, keyed by index."""

    name = "links"
    columns = (
        Column("name", N_("Name"), 15),
        Column("state", N_("State"), 12, live=True),
        Column("kind", N_("Kind"), 9, priority=1),
        Column("addresses", N_("Addresses"), 18, grow=3, priority=1),
        Column("rx", N_("RX"), 9, right=True, priority=2, live=True),
        Column("tx", N_("TX"), 9, right=True, priority=2, live=True),
        Column("managed", N_("Managed by"), 16, priority=3),
        Column("mac", N_("MAC"), 17, priority=4),
        Column("master", N_("Master"), 12, priority=5),
        Column("spark", N_("Traffic"), 8, priority=6, live=True),
        Column("errors", N_("Errors"), 6, right=True, priority=7, live=True),
        Column("drops", N_("Drops"), 6, right=True, priority=7, live=True),
        Column("mtu", N_("MTU"), 5, right=True, priority=8),
        Column("received", N_("Received"), 8, right=True, priority=9, live=True),
        Column("sent", N_("Sent"), 8, right=True, priority=9, live=True),
        Column("driver", N_("Driver"), 10, priority=10),
        Column("flags", N_("Flags"), 30, grow=1, priority=11),
    )

    def keys(self, state: HostState) -> Sequence[Hashable]:
        """Indexes in the natural order of the names, the loopback last."""
        links = sorted(
            state.links.values(),
            key=lambda link: (link.kind == "loopback", natural_key(link.name)),
        )
        return [link.index for link in links]

    def depends_on(self, state: HostState) -> object:
        """The links and their names."""
        return state.topology

    def cells(self, state: HostState, key: Hashable) -> tuple[Cell, ...]:
        """The row of one link."""
        link = _link(state, key)
        if link is None:
            return (EMPTY,) * len(self.columns)
        counters = state.counters.get(link.index)
        rx, tx, spark = rate_cells(state.rates.get(link.index))
        errors, drops = error_cells(counters)
        master = state.links.get(link.master)
        return (
            plain(link.name),
            link_state(link),
            plain(link.kind),
            or_dash(", ".join([one.cidr for one in link.addresses])),
            rx,
            tx,
            _managed(management_of(state, link)),
            dim(link.mac),
            plain(master.name) if master else UNKNOWN,
            spark,
            errors,
            drops,
            Cell(str(link.mtu)),
            *total_cells(counters),
            or_dash(link.driver),
            dim(",".join(link.flag_names)),
        )

    def sort_value(self, state: HostState, key: Hashable, column: str) -> Any:
        """Numbers by size, everything else as it reads."""
        link = _link(state, key)
        if column in LIVE_NUMBERS:
            return link_number(state, link, column)
        if column == "mtu":
            return link.mtu if link else 0
        if column == "name" or link is None:
            return natural_key(link.name if link else "")
        position = next(at for at, one in enumerate(self.columns) if one.key == column)
        return natural_key(self.cells(state, key)[position].text)

    def detail(self, state: HostState, key: Hashable) -> tuple[Section, ...]:
        """What `ip -d -s link` and `ip address` print, and who manages the link."""
        link = _link(state, key)
        if link is None:
            return ()
        return (
            Section(_("Link"), (*_identity(link), *_place(state, link))),
            _addresses(link),
            _management(management_of(state, link)),
            Section(_("Counters"), counter_fields(state.counters.get(link.index))),
        )

    def empty_reason(self, state: HostState) -> str:
        """Why there are no links: only when the kernel was not read."""
        status = state.source(SourceName.KERNEL)
        return full_status_sentence(SourceName.KERNEL, status) or _("There are no links here.")


def _link(state: HostState, key: Hashable) -> Link | None:
    return state.links.get(key) if isinstance(key, int) else None


def _managed(management: Management) -> Cell:
    if management.is_nobody:
        return Cell(_("nobody"), Severity.DIM)
    return plain(management.name)


def _identity(link: Link) -> tuple[Field, ...]:
    fields = [
        Field(_("Name"), plain(link.name)),
        Field(_("Index"), Cell(str(link.index))),
        Field(_("State"), link_state(link)),
        Field(_("Operational state"), plain(link.operstate)),
        Field(_("Flags"), plain(", ".join(link.flag_names))),
        Field(_("Kind"), plain(link.kind)),
        Field(_("Driver"), or_dash(link.driver)),
        Field(_("MAC"), or_dash(link.mac)),
    ]
    optional = (
        (_("Permanent MAC"), link.permanent_mac),
        (_("Alternative names"), ", ".join(link.altnames)),
        (_("Alias"), link.alias),
        (_("Parent device"), link.parent_device),
    )
    fields += [Field(label, plain(value)) for label, value in optional if value]
    fields.append(Field(_("MTU"), Cell(str(link.mtu))))
    fields.append(Field(_("Transmit queue"), Cell(str(link.queue_length))))
    fields.append(Field(_("Carrier changes"), Cell(str(link.carrier_changes))))
    return tuple(fields)


def _place(state: HostState, link: Link) -> tuple[Field, ...]:
    fields = []
    master = state.links.get(link.master)
    if master:
        fields.append(Field(_("Master"), plain(master.name)))
    if link.vlan_id is not None:
        fields.append(Field(_("VLAN"), Cell(str(link.vlan_id))))
    if link.lower_elsewhere:
        fields.append(Field(_("Stands on"), Cell(_("a link in another namespace"))))
    elif link.lower in state.links:
        fields.append(Field(_("Stands on"), plain(state.links[link.lower].name)))
    uppers = [state.links[one] for one in state.topology.uppers.get(link.index, ())]
    if uppers:
        fields.append(Field(_("Carries"), plain(", ".join(upper.name for upper in uppers))))
    return tuple(fields)


def _addresses(link: Link) -> Section:
    header = (_("Address"), _("Scope"), _("Remarks"))
    rows = tuple((plain(one.cidr), plain(one.scope), _remarks(one)) for one in link.addresses)
    return Section(_("Addresses"), (), header, rows, "" if rows else _("none"))


def _remarks(address: Address) -> Cell:
    if address.duplicate:
        return Cell(_("duplicate: another host uses it"), Severity.ERROR)
    if address.tentative:
        return Cell(_("tentative: still being checked"), Severity.WARNING)
    return Cell(_("dynamic")) if address.dynamic else EMPTY


def _management(management: Management) -> Section:
    if management.is_nobody:
        return Section(
            _("Managed by"), text=_("nobody: no service and no file configures this link")
        )
    fields = [Field(_("Managed by"), plain(management.name))]
    if management.evidence:
        fields.append(Field(_("Known from"), plain(management.evidence)))
    if management.config:
        fields.append(Field(_("Configured in"), plain(management.config)))
    return Section(_("Management"), tuple(fields))
