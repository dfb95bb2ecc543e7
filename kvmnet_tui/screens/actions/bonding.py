"""Bonds made, filled, emptied and removed: actions of the Bonds screen."""

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.screens.actions import Action
from kvmnet_tui.screens.actions.hosting import NEW_BOND, read_facts, try_form, why_no_change

if TYPE_CHECKING:
    from kvmnet_tui.screens.desk import Desk


def _bond(key: Hashable | None) -> str:
    return str(getattr(key, "bond", ""))


def _member(key: Hashable | None) -> str:
    return str(getattr(key, "member", ""))


def _why_no_bond(state: HostState, key: Hashable | None) -> str:
    return why_no_change(state, key) if _bond(key) else _("Put the cursor on a bond.")


def _why_no_member(state: HostState, key: Hashable | None) -> str:
    return why_no_change(state, key) if _member(key) else _("Put the cursor on a member.")


async def _add_member(desk: "Desk", key: Hashable | None) -> None:
    from kvmnet_tui.forms.host_ports import ADD_MEMBER, MoveForm  # noqa: PLC0415

    facts = await read_facts(desk)
    if facts is not None:
        await try_form(desk, MoveForm(facts, ADD_MEMBER, _bond(key)))


async def _remove_member(desk: "Desk", key: Hashable | None) -> None:
    from kvmnet_tui.forms.host_ports import REMOVE_MEMBER, MoveForm  # noqa: PLC0415

    facts = await read_facts(desk)
    if facts is not None:
        await try_form(desk, MoveForm(facts, REMOVE_MEMBER, _bond(key), _member(key)))


async def _remove_bond(desk: "Desk", key: Hashable | None) -> None:
    from kvmnet_tui.forms.host_removal import DeleteBondForm  # noqa: PLC0415

    facts = await read_facts(desk)
    if facts is not None:
        await try_form(desk, DeleteBondForm(facts, _bond(key)))


BOND_ACTIONS = (
    replace(NEW_BOND, key="n"),
    Action("i", N_("put a member in"), _add_member, _why_no_bond),
    Action("x", N_("take the member out"), _remove_member, _why_no_member),
    Action("d", N_("remove the bond"), _remove_bond, _why_no_bond),
)
