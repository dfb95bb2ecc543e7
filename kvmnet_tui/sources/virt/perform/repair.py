"""Repairs taps that others unplugged, as far as can be told where they belong."""

from collections.abc import Iterable

from kvmnet_tui.i18n import _
from kvmnet_tui.model.plugs import link_names, loose_taps, network_of_bridge, plug_of_tap
from kvmnet_tui.model.state import HostState
from kvmnet_tui.requests import Context, Outcome, RequestError
from kvmnet_tui.requests.networks import RepairTaps
from kvmnet_tui.sources.virt.perform.replug import LostPlug, Replugger, tap_records


class TapRepair:
    """Finds out where loose taps belong and plugs them in."""

    def __init__(self, replugger: Replugger) -> None:
        self._replugger = replugger

    async def repair(self, request: RepairTaps, context: Context) -> Outcome:
        """Plug in the taps that were asked for, or every one that is loose."""
        loose = link_names(context.state, loose_taps(context.state))
        wanted = request.taps or loose
        not_loose = [tap for tap in wanted if tap not in loose]
        if not_loose:
            text = _("{tap} is not loose: there is nothing to repair.")
            raise RequestError(text.format(tap=not_loose[0]))
        if not wanted:
            return Outcome(_("No tap is loose."), (), {"taps": []})
        plugs = [home_of(context.state, tap) for tap in wanted]
        homes = tuple(filter(None, plugs))
        lines = await self._replugger.plug(homes, context)
        homeless = tuple(_homeless(context.state, wanted, plugs))
        if not any(plugs):
            raise RequestError(_("It cannot be told where these taps belong."), homeless)
        sentence = _("The taps are plugged in again.")
        return Outcome(sentence, (*lines, *homeless), {"taps": tap_records(homes)})


def home_of(state: HostState, tap: str) -> LostPlug | None:
    """Where a loose tap belongs, None when that cannot be told."""
    plug = plug_of_tap(state, tap)
    if plug is None:
        return None
    guest, nic = plug
    if nic.type == "bridge" and not nic.network:
        network = network_of_bridge(state, nic.source)
        bridge = nic.source
    else:
        uuid = state.topology.network_by_name.get(nic.network or nic.source, "")
        network = state.networks.get(uuid)
        bridge = network.bridge if network and network.active else ""
    if state.link_named(bridge) is None:
        return None
    name = network.name if network and network.active else ""
    return LostPlug(tap, guest.uuid, guest.name, bridge, name)


def _homeless(
    state: HostState, taps: Iterable[str], plugs: Iterable[LostPlug | None]
) -> Iterable[str]:
    for tap, plug in zip(taps, plugs, strict=True):
        if plug is None and plug_of_tap(state, tap) is None:
            yield _("{tap}: no running guest says that it is its own.").format(tap=tap)
        elif plug is None:
            yield _("{tap}: the bridge it belongs in is not there.").format(tap=tap)
