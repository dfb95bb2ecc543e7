"""Failovers, of this run and earlier ones, as a table."""

from collections.abc import Mapping, Sequence

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.failovers import Cause, Failover
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.cells import UNKNOWN, or_dash, plain
from kvmnet_tui.present.drill_report import ms_text
from kvmnet_tui.present.table import Cell, Section, Severity
from kvmnet_tui.present.units import date_time, duration_text, time_ms

_CAUSES: Mapping[Cause, str] = {
    Cause.CARRIER: N_("carrier lost"),
    Cause.SET_DOWN: N_("set down"),
    Cause.MONITOR: N_("given up by the monitor"),
    Cause.FAILBACK: N_("primary is back"),
    Cause.CHOICE: N_("chosen"),
}


def failovers_section(state: HostState, bond: str, most: int) -> tuple[Section, ...]:
    """The bond's last failovers, the newest first; no section when there were none."""
    own = [one for one in state.failovers if one.bond == bond][-most:]
    return (failovers_table(own[::-1], with_bond=False),) if own else ()


def failovers_table(failovers: Sequence[Failover], *, with_bond: bool = True) -> Section:
    """A line a failover."""
    header = (
        *((_("Bond"),) if with_bond else ()),
        _("When"),
        _("From"),
        _("To"),
        _("Why"),
        _("Noticed"),
        _("Moved"),
        _("Out for"),
    )
    rows = tuple(
        ((plain(one.bond), *_cells(one)) if with_bond else _cells(one)) for one in failovers
    )
    return Section(_("Failovers"), (), header, rows, "" if rows else _("none"))


def _cells(one: Failover) -> tuple[Cell, ...]:
    return (
        Cell(f"{date_time(one.at).partition(' ')[0]} {time_ms(one.at)}"),
        plain(one.member),
        or_dash(one.took_over),
        Cell(_(_CAUSES[one.cause])),
        _ms(one.detection_ms),
        _ms(one.total_ms),
        _out(one),
    )


def _ms(value: float | None) -> Cell:
    return UNKNOWN if value is None else Cell(ms_text(value))


def _out(one: Failover) -> Cell:
    if one.out_seconds is not None:
        return Cell(duration_text(one.out_seconds))
    if one.cause in {Cause.FAILBACK, Cause.CHOICE}:
        return UNKNOWN
    return Cell(_("still out"), Severity.WARNING)
