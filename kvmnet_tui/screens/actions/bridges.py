"""What can be done on the Bridges screen."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.screens.actions import Action
from kvmnet_tui.screens.actions.hosting import (
    NEW_BOND,
    NEW_BRIDGE,
    link_name,
    read_facts,
    try_form,
    why_no_change,
)

if TYPE_CHECKING:
    from kvmnet_tui.screens.desk import Desk


def bridge_name(state: HostState, key: Hashable | None) -> str:
    """The bridge that the row belongs to, "" for loose taps."""
    link = state.links.get(getattr(key, "bridge", 0))
    return link.name if link else ""


def _why_no_bridge(state: HostState, key: Hashable | None) -> str:
    name = bridge_name(state, key)
    if not name:
        return _("This row is in no bridge.")
    if state.topology.network_by_bridge.get(name) and _is_libvirts(state, name):
        return _("This bridge is libvirt's: change its network instead.")
    return why_no_change(state, key)


def _is_libvirts(state: HostState, bridge: str) -> bool:
    """Whether a network made the bridge; one with forward mode `bridge` only uses it."""
    network = state.networks.get(state.topology.network_by_bridge.get(bridge, ""))
    return network is not None and network.forward_mode != "bridge"


def _why_no_port(state: HostState, key: Hashable | None) -> str:
    if len(getattr(key, "path", ())) < 2:
        return _("Put the cursor on a port.")
    return _why_no_bridge(state, key)


async def _add_port(desk: "Desk", key: Hashable | None) -> None:
    from kvmnet_tui.forms.host_ports import ADD_PORT, MoveForm  # noqa: PLC0415

    facts = await read_facts(desk)
    if facts is not None:
        await try_form(desk, MoveForm(facts, ADD_PORT, bridge_name(desk.state, key)))


async def _remove_port(desk: "Desk", key: Hashable | None) -> None:
    from kvmnet_tui.forms.host_ports import REMOVE_PORT, MoveForm  # noqa: PLC0415

    facts = await read_facts(desk)
    if facts is not None:
        bridge, port = bridge_name(desk.state, key), link_name(desk.state, key)
        await try_form(desk, MoveForm(facts, REMOVE_PORT, bridge, port))


async def _remove_bridge(desk: "Desk", key: Hashable | None) -> None:
    from kvmnet_tui.forms.host_removal import DeleteBridgeForm  # noqa: PLC0415

    facts = await read_facts(desk)
    if facts is not None:
        await try_form(desk, DeleteBridgeForm(facts, bridge_name(desk.state, key)))


ACTIONS = (
    NEW_BRIDGE,
    NEW_BOND,
    Action("i", N_("put a port in"), _add_port, _why_no_bridge),
    Action("o", N_("take a port out"), _remove_port, _why_no_port),
    Action("d", N_("remove the bridge"), _remove_bridge, _why_no_bridge),
)
