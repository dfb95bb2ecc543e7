"""`kvmnet-tui network VERB`: what `virsh net-*` does, and the wizards' work, without a screen."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from kvmnet_tui.commands import network_texts as texts
from kvmnet_tui.commands.network_arguments import add_arguments
from kvmnet_tui.commands.shop import (
    DONE,
    REFUSED,
    Shop,
    confirmed,
    finish,
    print_json,
    print_lines,
    print_text,
    refuse,
    tell,
)
from kvmnet_tui.controller import Controller
from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState, SourceName
from kvmnet_tui.model.virt import Network
from kvmnet_tui.requests import Outcome, Request, RequestError
from kvmnet_tui.requests import networks as ask
from kvmnet_tui.requests.networks import NetworkRef

__all__ = ["add_arguments", "run"]

Said = argparse.Namespace
LIBVIRT = (SourceName.LIBVIRT,)
BOTH = (SourceName.LIBVIRT, SourceName.KERNEL)


def run(said: Said, shop: Shop) -> int:
    """Do what was said; the exit status."""
    try:
        if said.verb in _LOOKS:
            return _LOOKS[said.verb](said, shop)
        if said.verb == "edit":
            return finish(lambda: shop.use(lambda controller: _edit(controller, said), LIBVIRT))
        return shop.use(lambda controller: _change(controller, said), BOTH)
    except RequestError as error:
        return refuse(error)


def _network(state: HostState, name: str) -> Network:
    """The network of that name or UUID; raises RequestError."""
    uuid = state.topology.network_by_name.get(name, name)
    network = state.networks.get(uuid)
    if network is None:
        raise RequestError(_("There is no network {name}.").format(name=name))
    return network


def _ref(network: Network) -> NetworkRef:
    return NetworkRef(network.uuid, network.name)


# What only looks.


def _list(said: Said, shop: Shop) -> int:
    return _show(shop, "", said)


def _info(said: Said, shop: Shop) -> int:
    return _show(shop, _network(shop.state(LIBVIRT), said.name).name, said)


def _show(shop: Shop, name: str, said: Said) -> int:
    from kvmnet_tui.show import Request as Show  # noqa: PLC0415 - each verb loads what it uses
    from kvmnet_tui.show import ShowError, show  # noqa: PLC0415

    try:
        return show(shop.make_controller, Show("networks", name, said.as_json))
    except ShowError as error:
        raise RequestError(str(error)) from error


def _dumpxml(said: Said, shop: Shop) -> int:
    network = _network(shop.state(LIBVIRT), said.name)
    if said.inactive and not network.persistent:
        text = _("Network {name} is transient: nothing of it is stored.")
        raise RequestError(text.format(name=network.name))
    print_text(network.persistent_xml if said.inactive else network.xml)
    return DONE


def _diff(said: Said, shop: Shop) -> int:
    from kvmnet_tui.present.network_impact import difference  # noqa: PLC0415

    print_text(difference(_network(shop.state(LIBVIRT), said.name)).text)
    return DONE


def _print_name(said: Said, shop: Shop) -> int:
    print_lines((_network(shop.state(LIBVIRT), said.name).name,))
    return DONE


def _print_uuid(said: Said, shop: Shop) -> int:
    print_lines((_network(shop.state(LIBVIRT), said.name).uuid,))
    return DONE


def _leases(said: Said, shop: Shop) -> int:
    from kvmnet_tui.present.network_leases import lease_lines, lease_records  # noqa: PLC0415

    state = shop.state(LIBVIRT)
    network = _network(state, said.name)
    if said.as_json:
        print_json(lease_records(state, network))
    else:
        print_lines(lease_lines(state, network))
    return DONE


def _functions(said: Said, shop: Shop) -> int:
    from kvmnet_tui.present.sriov import sriov_lines, sriov_records  # noqa: PLC0415

    state = shop.use(texts.with_functions, BOTH)
    if said.as_json:
        print_json(sriov_records(state))
    else:
        print_lines(sriov_lines(state))
    return DONE


_LOOKS: Mapping[str, Callable[[Said, Shop], int]] = {
    "list": _list,
    "info": _info,
    "dumpxml": _dumpxml,
    "diff": _diff,
    "name": _print_name,
    "uuid": _print_uuid,
    "leases": _leases,
    "functions": _functions,
}


# What changes something.


async def _change(controller: Controller, said: Said) -> int:
    """Build the request, show it or have it done."""
    state = controller.state
    if said.verb in ("new", "set"):
        state = await texts.with_routes(controller)
    request = _BUILD[said.verb](state, said)
    if said.dry_run:
        return _print_trial(state, request, said)
    if not _may(state, request, said):
        return REFUSED
    tell(await controller.perform(request), as_json=said.as_json)
    return DONE


def _print_trial(state: HostState, request: Request, said: Said) -> int:
    from kvmnet_tui.commands.network_trial import trial  # noqa: PLC0415 - seldom used

    found = trial(state, request)
    if said.as_json:
        print_json(found.record)
    else:
        print_text(found.text)
    return DONE


def _may(state: HostState, request: Request, said: Said) -> bool:
    """Whether nobody is hit, or the user knows who is."""
    if not isinstance(request, (ask.StopNetwork, ask.RestartNetwork, ask.UndefineNetwork)):
        return True
    network = state.networks[request.network.uuid]
    hit = texts.running_guests(state, network)
    if said.yes or (not hit and not isinstance(request, ask.UndefineNetwork)):
        return True
    from kvmnet_tui.present.network_impact import impact_lines  # noqa: PLC0415

    return confirmed(_("{what}?").format(what=request.title), impact_lines(state, network))


def _lives(kind: Callable[[NetworkRef], Request]) -> Callable[[HostState, Said], Request]:
    return lambda state, said: kind(_ref(_network(state, said.name)))


def _build_autostart(state: HostState, said: Said) -> Request:
    return ask.SetNetworkAutostart(_ref(_network(state, said.name)), not said.off)


def _build_new(state: HostState, said: Said) -> Request:
    return texts.new_network(state, said.name, said.mode, said.values, said)


def _build_set(state: HostState, said: Said) -> Request:
    return texts.changed_network(state, _network(state, said.name), said.values)


def _build_define(state: HostState, said: Said) -> Request:
    """Define what is not there; of what is, `virsh net-define` changes all that the file says."""
    xml, name = texts.read_document(said.file)
    uuid = state.topology.network_by_name.get(name)
    if uuid is None:
        return ask.DefineNetwork(name, xml, said.start, said.autostart)
    if said.start or said.autostart:
        text = _("There is a network {name} already: --start and --autostart are for new ones.")
        raise RequestError(text.format(name=name))
    network = state.networks[uuid]
    whole = texts.with_identity(xml, network)
    if not network.persistent:
        return ask.DefineNetwork(name, whole)
    return ask.EditNetwork(_ref(network), network.persistent_xml, whole)


def _build_create(_state: HostState, said: Said) -> Request:
    xml, name = texts.read_document(said.file)
    return ask.CreateNetwork(name, xml)


def _build_update(state: HostState, said: Said) -> Request:
    network = _network(state, said.name)
    xml = texts.read_element(said.xml)
    both = said.live == said.config  # both or neither was said
    live = network.active if both and not said.live else said.live
    config = network.persistent if both and not said.config else said.config
    parent = said.parent_index
    word = said.command_word
    return ask.UpdateNetwork(_ref(network), word, said.section, xml, parent, live, config)


def _build_rename(state: HostState, said: Said) -> Request:
    return ask.RenameNetwork(_ref(_network(state, said.name)), said.new_name)


def _build_pin(state: HostState, said: Said) -> Request:
    return texts.pin(_network(state, said.name), said)


def _build_unpin(state: HostState, said: Said) -> Request:
    return ask.UnpinLease(_ref(_network(state, said.name)), said.address)


def _build_repair(_state: HostState, said: Said) -> Request:
    return ask.RepairTaps(tuple(said.taps))


_BUILD: Mapping[str, Callable[[HostState, Said], Request]] = {
    "start": _lives(ask.StartNetwork),
    "stop": _lives(ask.StopNetwork),
    "restart": _lives(ask.RestartNetwork),
    "undefine": _lives(ask.UndefineNetwork),
    "autostart": _build_autostart,
    "new": _build_new,
    "set": _build_set,
    "define": _build_define,
    "create": _build_create,
    "update": _build_update,
    "rename": _build_rename,
    "pin": _build_pin,
    "unpin": _build_unpin,
    "repair": _build_repair,
}


async def _edit(controller: Controller, said: Said) -> Outcome:
    """`virsh net-edit`, with what was typed kept when it is refused."""
    network = _network(controller.state, said.name)
    if not network.persistent:
        text = _("Network {name} is transient: nothing of it is stored.")
        raise RequestError(text.format(name=network.name))

    async def attempt(xml: str) -> Outcome:
        request = ask.EditNetwork(_ref(network), network.persistent_xml, xml)
        return await controller.perform(request)

    edited: Any = await texts.edited_until_accepted(network, attempt)
    if edited is None:
        return Outcome(_("Network {name} is as it was.").format(name=network.name))
    outcome: Outcome = edited
    return outcome
