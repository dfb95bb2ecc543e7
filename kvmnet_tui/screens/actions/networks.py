"""What can be done with virtual networks."""

from collections.abc import Awaitable, Callable, Hashable

from kvmnet_tui.forms.form import Option
from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.plugs import loose_taps
from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.model.virt import Network
from kvmnet_tui.requests import Request
from kvmnet_tui.requests.networks import (
    EditNetwork,
    NetworkRef,
    PinLease,
    RepairTaps,
    RestartNetwork,
    SetNetworkAutostart,
    StartNetwork,
    StopNetwork,
    UndefineNetwork,
    UnpinLease,
)
from kvmnet_tui.screens.actions import Action
from kvmnet_tui.screens.desk import Desk

Key = Hashable | None
WhyNot = Callable[[HostState, Key], str]


def _network(state: HostState, key: Key) -> Network | None:
    return state.networks.get(key) if isinstance(key, str) else None


def _ref(network: Network) -> NetworkRef:
    return NetworkRef(network.uuid, network.name)


def _no_libvirt(state: HostState, _key: Key = None) -> str:
    if state.source(SourceName.LIBVIRT).phase is not Phase.LIVE:
        return _("libvirt is not connected.")
    return ""


def _needs_network(state: HostState, key: Key) -> str:
    if _network(state, key) is None:
        return _no_libvirt(state) or _("There is no network under the cursor.")
    return _no_libvirt(state)


def _needs(condition: Callable[[Network], str]) -> WhyNot:
    """Why not, for what a network must be like; `condition` says what it is instead."""

    def why_not(state: HostState, key: Key) -> str:
        network = _network(state, key)
        return _needs_network(state, key) or (condition(network) if network else "")

    return why_not


def _is_active(network: Network) -> str:
    return _("It is active already.") if network.active else ""


def _is_inactive(network: Network) -> str:
    return "" if network.active else _("It is not active.")


def _is_transient(network: Network) -> str:
    return "" if network.persistent else _("It is transient: nothing of it is stored.")


def _cannot_be_renamed(network: Network) -> str:
    if network.active:
        return _("It is active: libvirt renames stopped networks only.")
    return _is_transient(network)


def _hands_out_nothing(network: Network) -> str:
    if not network.leases and "<host " not in network.xml:
        return _("It has no leases and no pins.")
    return ""


def _does_not_differ(network: Network) -> str:
    if not network.active or not network.persistent:
        return _is_inactive(network) or _is_transient(network)
    return ""


def _nothing_loose(state: HostState, _key: Key) -> str:
    return _no_libvirt(state) or ("" if loose_taps(state) else _("No tap is loose."))


async def _new(desk: Desk, _key: Key) -> None:
    from kvmnet_tui.forms.network_form import NewNetworkForm  # noqa: PLC0415 - when it is wanted

    await desk.run_form(NewNetworkForm(), again=True)


async def _edit(desk: Desk, key: Key) -> None:
    from kvmnet_tui.forms.network_form import EditNetworkForm  # noqa: PLC0415

    network = _network(desk.state, key)
    if network is not None:
        outcome = await desk.run_form(EditNetworkForm(network), again=True)
        if outcome is not None and (outcome.record or {}).get("restart"):
            await _offer_restart(desk, network)


async def _edit_xml(desk: Desk, key: Key) -> None:
    from kvmnet_tui.forms.network_form import NewNetworkForm  # noqa: PLC0415

    network = _network(desk.state, key)
    if network is None:
        return
    base, text = network.persistent_xml, network.persistent_xml
    while True:
        title = _("Change network {name}").format(name=network.name)
        edited = await desk.edit_text(title, text, NewNetworkForm().check_text)
        if edited is None or edited == base:
            return
        outcome = await desk.perform(EditNetwork(_ref(network), base, edited))
        if outcome is not None:
            break
        text = edited  # what libvirt refused is not lost
    if (outcome.record or {}).get("restart"):
        await _offer_restart(desk, network)


async def _offer_restart(desk: Desk, network: Network) -> None:
    text = _("Restart network {name} now, so that all of it has its effect?")
    if await _sure(desk, network, text, _("restart")):
        await desk.perform(RestartNetwork(_ref(network)))


async def _sure(desk: Desk, network: Network, text: str, word: str, *, more: str = "") -> bool:
    """Ask, naming every NIC that is hit; `more` is said below them."""
    from kvmnet_tui.present.network_impact import impact_question  # noqa: PLC0415
    from kvmnet_tui.screens.dialogs import Question  # noqa: PLC0415

    lines = impact_question(desk.state, network)
    if more:
        lines = (*lines, more)
    question = Question(text.format(name=network.name), lines, word, danger=True)
    return await desk.confirm(question)


def _asks_nothing(
    request: Callable[[Network], Request],
) -> Callable[[Desk, Key], Awaitable[None]]:
    async def start(desk: Desk, key: Key) -> None:
        network = _network(desk.state, key)
        if network is not None:
            await desk.perform(request(network))

    return start


async def _stop(desk: Desk, key: Key) -> None:
    network = _network(desk.state, key)
    if network is None:
        return
    gone = "" if network.persistent else _("It is transient: it will be gone.")
    text = _("Stop network {name}?")
    if await _sure(desk, network, text, _("stop"), more=gone):
        await desk.perform(StopNetwork(_ref(network)))


async def _restart(desk: Desk, key: Key) -> None:
    network = _network(desk.state, key)
    if network is None:
        return
    text = _("Restart network {name}?")
    if await _sure(desk, network, text, _("restart"), more=_while_it_restarts(network)):
        await desk.perform(RestartNetwork(_ref(network)))


def _while_it_restarts(network: Network) -> str:
    from kvmnet_tui.present.network_impact import unplugs_when_it_stops  # noqa: PLC0415

    if not unplugs_when_it_stops(network):
        return ""
    return _("Running guests are unplugged for a moment and plugged back in.")


async def _remove(desk: Desk, key: Key) -> None:
    network = _network(desk.state, key)
    if network is None:
        return
    text = _("Remove network {name} for good?")
    if await _sure(desk, network, text, _("remove")):
        await desk.perform(UndefineNetwork(_ref(network)))


async def _rename(desk: Desk, key: Key) -> None:
    from kvmnet_tui.forms.network_names import RenameForm  # noqa: PLC0415

    network = _network(desk.state, key)
    if network is not None:
        await desk.run_form(RenameForm(network), again=True)


async def _leases(desk: Desk, key: Key) -> None:
    from kvmnet_tui.present.network_leases import lease_choices  # noqa: PLC0415

    network = _network(desk.state, key)
    if network is None:
        return
    choices = lease_choices(desk.state, network)
    options = [Option(str(at), one.label, one.hint, one.why_not) for at, one in enumerate(choices)]
    chosen = await desk.choose(_("Pin or unpin in {name}").format(name=network.name), options)
    if chosen is None:
        return
    lease = choices[int(chosen)]
    if lease.is_pin:
        await desk.perform(UnpinLease(_ref(network), lease.address))
    else:
        pin = PinLease(_ref(network), lease.address, lease.mac, lease.duid, lease.hostname)
        await desk.perform(pin)


async def _difference(desk: Desk, key: Key) -> None:
    from kvmnet_tui.present.network_impact import difference  # noqa: PLC0415

    network = _network(desk.state, key)
    if network is not None:
        await desk.show_text(network.name, (difference(network),))


async def _functions(desk: Desk, _key: Key) -> None:
    from kvmnet_tui.present.sriov import sriov_sections  # noqa: PLC0415

    await desk.show_text("SR-IOV", sriov_sections(desk.state))


async def _repair(desk: Desk, _key: Key) -> None:
    from kvmnet_tui.present.network_impact import loose_lines  # noqa: PLC0415
    from kvmnet_tui.screens.dialogs import Question  # noqa: PLC0415

    question = Question(
        _("Plug these taps back in?"), loose_lines(desk.state), _("plug in"), danger=False
    )
    if await desk.confirm(question):
        await desk.perform(RepairTaps())


ACTIONS = (
    Action("n", N_("new network"), _new, _no_libvirt, in_footer=True),
    Action("e", N_("change"), _edit, _needs(_is_transient), in_footer=True),
    Action("E", N_("change as XML"), _edit_xml, _needs(_is_transient)),
    Action(
        "u",
        N_("start"),
        _asks_nothing(lambda network: StartNetwork(_ref(network))),
        _needs(_is_active),
    ),
    Action("d", N_("stop"), _stop, _needs(_is_inactive)),
    Action("R", N_("restart, guests plugged back in"), _restart, _needs(_is_inactive)),
    Action(
        "A",
        N_("with the host, or not"),
        _asks_nothing(lambda one: SetNetworkAutostart(_ref(one), not one.autostart)),
        _needs(_is_transient),
    ),
    Action("L", N_("leases: pin, unpin"), _leases, _needs(_hands_out_nothing)),
    Action("w", N_("what waits for a restart"), _difference, _needs(_does_not_differ), False),
    Action("f", N_("fix loose taps"), _repair, _nothing_loose),
    Action("v", N_("SR-IOV: who uses which function"), _functions, changes=False),
    Action("m", N_("rename"), _rename, _needs(_cannot_be_renamed)),
    Action("x", N_("remove"), _remove, _needs_network),
)
