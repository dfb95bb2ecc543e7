"""What can be done on the Changes screen."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.changes import change_of
from kvmnet_tui.screens.actions import Action
from kvmnet_tui.screens.actions.hosting import NEW_BOND, NEW_BRIDGE, show_trial, why_no_change

if TYPE_CHECKING:
    from kvmnet_tui.screens.desk import Desk


def _why_no_row(state: HostState, key: Hashable | None) -> str:
    return "" if change_of(state, key) else _("There is no change under the cursor.")


def _why_no_undo(state: HostState, key: Hashable | None) -> str:
    change = change_of(state, key)
    if change is None:
        return _("There is no change under the cursor.")
    if not change.can_undo:
        return _("Only a change that was kept can be undone.")
    return why_no_change(state, key)


async def _follow(desk: "Desk", key: Hashable | None) -> None:
    await show_trial(desk, str(key))


async def _undo(desk: "Desk", key: Hashable | None) -> None:
    from kvmnet_tui.change.requests import UndoChange  # noqa: PLC0415 - with the first undo only
    from kvmnet_tui.screens.dialogs import Question  # noqa: PLC0415

    change = change_of(desk.state, key)
    if change is None:
        return
    question = Question(
        _("Undo “{title}”?").format(title=change.title),
        (_("It is tried like any change, and taken back unless you confirm."),),
        _("undo"),
    )
    if await desk.confirm(question):
        outcome = await desk.perform(UndoChange(change.id), quietly=True)
        if outcome is not None:
            await show_trial(desk, outcome.record)


ACTIONS = (
    NEW_BRIDGE,
    NEW_BOND,
    Action("t", N_("follow"), _follow, _why_no_row, changes=False, in_footer=True),
    Action("u", N_("undo"), _undo, _why_no_undo, in_footer=True),
)
