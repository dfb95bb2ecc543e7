"""What can be done on the Bonds screen."""

# ruff: noqa: PLC0415 - the footer imports this module; what an action needs comes with its start

from collections.abc import Hashable
from typing import TYPE_CHECKING

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.screens.actions import Action
from kvmnet_tui.screens.actions.bonding import BOND_ACTIONS

if TYPE_CHECKING:
    from kvmnet_tui.model.drill import DrillReport
    from kvmnet_tui.screens.desk import Desk


def _bond(key: Hashable | None) -> str:
    return str(getattr(key, "bond", ""))


async def _drill(desk: "Desk", key: Hashable | None) -> None:
    from kvmnet_tui.drill.surroundings import read_surroundings
    from kvmnet_tui.forms.drill import DrillForm
    from kvmnet_tui.requests.bonds import RunDrill
    from kvmnet_tui.screens.drill import DrillScreen
    from kvmnet_tui.sources.threads import call_in_thread

    around = await call_in_thread("surroundings", read_surroundings)
    form = DrillForm(_bond(key), around, str(getattr(key, "member", "")))
    request = await desk.form(form)
    if isinstance(request, RunDrill):
        await desk.push(DrillScreen(request, desk.state))


def _why_no_drill(state: HostState, key: Hashable | None) -> str:
    if not _bond(key):
        return _("Put the cursor on a bond or a member.")
    if state.drill is not None and state.drill.is_running:
        return _("Another drill is under way on {bond}.").format(bond=state.drill.bond)
    return ""


async def _reports() -> "tuple[DrillReport, ...]":
    from kvmnet_tui.history.store import History, state_folder
    from kvmnet_tui.sources.threads import call_in_thread

    return await call_in_thread("reports", History(state_folder()).reports)


def _is_elsewhere(desk: "Desk") -> bool:
    """Whether the screens show another host than the one whose history is kept here."""
    return desk.settings.lab or desk.settings.replay


async def _history(desk: "Desk", key: Hashable | None) -> None:
    from kvmnet_tui.present.drill_report import drills_table
    from kvmnet_tui.present.failovers import failovers_table

    name = _bond(key)
    reports = () if _is_elsewhere(desk) else await _reports()
    failovers = [one for one in desk.state.failovers if name in ("", one.bond)]
    drills = [one for one in reports if name in ("", one.bond)]
    title = _("History of {bond}").format(bond=name) if name else _("History")
    await desk.show_text(title, (failovers_table(failovers[::-1]), drills_table(drills[::-1])))


async def _last_drill(desk: "Desk", key: Hashable | None) -> None:
    from kvmnet_tui.present.drill_report import report_sections

    reports = () if _is_elsewhere(desk) else await _reports()
    own = [one for one in reports if one.bond == _bond(key)]
    if not own:
        desk.flash(_("No drill of {bond} is kept.").format(bond=_bond(key)))
        return
    await desk.show_text(own[-1].name, report_sections(own[-1]))


async def _bell(desk: "Desk", _key: Hashable | None) -> None:
    desk.flash(_("Failovers ring now.") if desk.toggle_bell() else _("Failovers no longer ring."))


def _why_no_bond(_state: HostState, key: Hashable | None) -> str:
    return "" if _bond(key) else _("Put the cursor on a bond or a member.")


ACTIONS = (
    *BOND_ACTIONS,
    Action("t", N_("failover drill"), _drill, _why_no_drill, in_footer=True),
    Action("f", N_("failovers and drills kept"), _history, changes=False),
    Action("o", N_("report of the last drill"), _last_drill, _why_no_bond, changes=False),
    Action("b", N_("bell at failovers on or off"), _bell, changes=False),
)
