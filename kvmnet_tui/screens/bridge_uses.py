"""What a new bridge is for: a libvirt network on it, and guests' NICs moved to it."""

from typing import TYPE_CHECKING

from kvmnet_tui.i18n import _
from kvmnet_tui.model.nic_settings import NicSource, SourceKind
from kvmnet_tui.requests.nics import ChangeNic, When

if TYPE_CHECKING:
    from kvmnet_tui.screens.desk import Desk


async def define_network(desk: "Desk", bridge: str) -> None:
    """The network wizard, with the bridge chosen already."""
    from kvmnet_tui.forms.network_form import NewNetworkForm  # noqa: PLC0415 - seldom used

    await desk.run_form(NewNetworkForm(bridge), again=True)


async def move_nics(desk: "Desk", bridge: str) -> None:
    """Choose guests' NICs and move one after the other; the first refusal ends it."""
    from kvmnet_tui.forms.nic_moves import MoveNics, MoveNicsForm  # noqa: PLC0415

    request = await desk.form(MoveNicsForm(bridge))
    if not isinstance(request, MoveNics):
        return
    source = NicSource(SourceKind.BRIDGE, bridge)
    for nic in request.nics:
        guest = desk.state.guests.get(nic.guest)
        when = When.BOTH if guest is not None and guest.is_active else When.NEXT_START
        change = ChangeNic(nic, (("source", source),), when)
        if await desk.perform(change, quietly=True) is None:
            return
    desk.flash(_("{count} NICs moved to {bridge}.").format(count=len(request.nics), bridge=bridge))
