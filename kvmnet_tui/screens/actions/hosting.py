"""What can be done about the host's own networking, shared by several screens' actions."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.screens.actions import Action

if TYPE_CHECKING:
    from kvmnet_tui.change.facts import HostFacts
    from kvmnet_tui.forms.host_parts import WishForm
    from kvmnet_tui.model.links import Link
    from kvmnet_tui.screens.desk import Desk


def why_no_change(state: HostState, _key: Hashable | None) -> str:
    """One change at a time."""
    change = state.change_under_way
    if change is None:
        return ""
    told = _("A change is under way ({title}): press T to see it.")
    return told.format(title=change.title)


async def read_facts(desk: "Desk") -> "HostFacts | None":
    """What a plan depends on, read now; None when it could not be read."""
    from kvmnet_tui.change.requests import ReadFacts  # noqa: PLC0415 - not before it is needed

    outcome = await desk.perform(ReadFacts(), quietly=True)
    return None if outcome is None else outcome.record


async def try_form(desk: "Desk", form: "WishForm") -> None:
    """Have a form filled in, start its trial and show that; what is refused is to be mended."""

    async def look_again() -> None:
        facts = await read_facts(desk)
        if facts is not None:
            form.look_again(facts)

    outcome = await desk.run_form(form, quietly=True, again=True, look_again=look_again)
    if outcome is not None:
        await show_trial(desk, outcome.record)


async def show_trial(desk: "Desk", change: str) -> None:
    """Show a change until the user leaves it."""
    from kvmnet_tui.screens.trial import TrialScreen  # noqa: PLC0415

    await desk.push(TrialScreen(desk, change))


def link_under(state: HostState, key: Hashable | None) -> "Link | None":
    """The link that a row is about: rows are an index, a name, or know their `link`."""
    index = getattr(key, "link", key)
    if isinstance(index, int):
        return state.links.get(index)
    return state.link_named(str(getattr(key, "member", "") or getattr(key, "bond", "")))


def link_name(state: HostState, key: Hashable | None) -> str:
    """Its name, "" when the row is about none."""
    link = link_under(state, key)
    return link.name if link else ""


async def new_bridge(desk: "Desk", key: Hashable | None) -> None:
    """The wizard for a bridge on the link under the cursor."""
    from kvmnet_tui.forms.host_bridge import BridgeForm  # noqa: PLC0415

    facts = await read_facts(desk)
    if facts is not None:
        await try_form(desk, BridgeForm(facts, link_name(desk.state, key)))


async def new_bond(desk: "Desk", key: Hashable | None) -> None:
    """The wizard for a bond with the link under the cursor."""
    from kvmnet_tui.forms.host_bond import BondForm  # noqa: PLC0415

    facts = await read_facts(desk)
    if facts is not None:
        await try_form(desk, BondForm(facts, (link_name(desk.state, key),)))


NEW_BRIDGE = Action("n", N_("new bridge"), new_bridge, why_no_change, in_footer=True)
NEW_BOND = Action("b", N_("new bond"), new_bond, why_no_change)
