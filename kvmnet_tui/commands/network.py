"""`kvmnet-tui network VERB`: what `virsh net-*` does, and the wizards' work, without a screen."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from kvmnet_tui.commands import network_texts as texts
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

Said = argparse.Namespace
LIBVIRT = (SourceName.LIBVIRT,)
BOTH = (SourceName.LIBVIRT, SourceName.KERNEL)


def add_arguments(parser: argparse.ArgumentParser, options: argparse.ArgumentParser) -> None:
    """The verbs."""
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar=_("VERB"), title=_("what to do")
    )

    def verb(name: str, text: str, *arguments: Callable[..., None]) -> None:
        made = verbs.add_parser(
            name, parents=[options], allow_abbrev=False, help=text, description=text
        )
        for add in arguments:
            add(made)

    verb("list", _("print all networks"), _json)
    verb("info", _("print everything about one network"), _name, _json)
    verb("dumpxml", _("print a network's XML"), _name, _inactive)
    verb("diff", _("print how the running network differs from the stored one"), _name)
    verb("name", _("print the name of the network with this UUID"), _name)
    verb("uuid", _("print the UUID of the network with this name"), _name)
    verb("leases", _("print the DHCP leases and pins"), _name, _json)
    verb("functions", _("print SR-IOV cards and who uses their functions"), _json)
    verb("start", _("start a network"), _name, _trial)
    verb("stop", _("stop a network"), _name, _yes, _trial)
    verb("restart", _("restart a network and plug its guests back in"), _name, _yes, _trial)
    verb("autostart", _("start a network with the host, or not"), _name, _off, _trial)
    verb("new", _("make a network as the wizard does"), _new, _settings, _trial)
    verb("set", _("change some values of a network, all else stays"), _name, _values, _trial)
    verb("define", _("define a network from XML, or change one"), _file, _starts, _trial)
    verb("create", _("start a network that is gone when it stops, from XML"), _file, _trial)
    verb("edit", _("change a network's XML in $EDITOR"), _name)
    verb("update", _("update a part of a network, as virsh net-update"), _name, _update, _trial)
    verb("undefine", _("stop a network and remove it"), _name, _yes, _trial)
    verb("rename", _("give a stopped network another name"), _name, _new_name, _trial)
    verb("pin", _("give a MAC always the same address"), _name, _address, _pin, _trial)
    verb("unpin", _("take a pin away"), _name, _address, _trial)
    verb("repair", _("plug guests' taps that are in no bridge back in"), _taps, _trial)


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar=_("NETWORK"), help=_("its name or UUID"))


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", dest="as_json", action="store_true", help=_("print JSON"))


def _trial(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run", action="store_true", help=_("only print what would be done: XML or a diff")
    )
    _json(parser)


def _yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help=_("do not ask, whoever is hit"))


def _inactive(parser: argparse.ArgumentParser) -> None:
    help_text = _("the stored one, used from the next start")
    parser.add_argument("--inactive", action="store_true", help=help_text)


def _off(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--off", action="store_true", help=_("do not start it with the host"))


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar=_("NETWORK"), help=_("its name"))
    parser.add_argument("--mode", choices=texts.MODES, metavar="|".join(texts.MODES), default="nat",
                        help=_("how guests reach others"))  # fmt: skip
    _starts(parser)
    transient = _("it is gone when it stops")
    parser.add_argument("--transient", action="store_true", help=transient)


def _values(parser: argparse.ArgumentParser) -> None:
    listed = ", ".join(texts.VALUE_NAMES)
    parser.add_argument(
        "values",
        nargs="+",
        metavar=_("VALUE=TEXT"),
        help=_("any of {names}; lists have a ; between their lines").format(names=listed),
    )


def _settings(parser: argparse.ArgumentParser) -> None:
    listed = ", ".join(texts.VALUE_NAMES)
    parser.add_argument(
        "--set",
        dest="values",
        action="append",
        default=[],
        metavar=_("VALUE=TEXT"),
        help=_("any of {names}; lists have a ; between their lines").format(names=listed),
    )


def _starts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--start", action="store_true", help=_("start it now"))
    autostart = _("start it when the host starts")
    parser.add_argument("--autostart", action="store_true", help=autostart)


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar=_("FILE"), help=_("XML; - is the standard input"))


def _update(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("command_word", metavar=_("COMMAND"), help=_("add, add-first, add-last, modify or delete"))
    add("section", metavar=_("SECTION"), help=_("such as ip-dhcp-host, dns-host or portgroup"))
    add("xml", metavar=_("XML"), help=_("the element, or a file with it"))
    add("--parent-index", type=int, default=-1, metavar="N", help=_("which <ip>, from 0"))
    add("--live", action="store_true", help=_("only while it runs, unless --config is said too"))
    add("--config", action="store_true", help=_("only from the next start"))


def _new_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("new_name", metavar=_("NEW-NAME"), help=_("the name to give it"))


def _address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar=_("ADDRESS"), help=_("the address"))


def _pin(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--mac", default="", help=_("whose it is; else who has it leased now"))
    add("--duid", default="", help=_("whose it is, of IPv6"))
    add("--hostname", default="", help=_("the name it is given, too"))


def _taps(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("taps", nargs="*", metavar=_("TAP"), help=_("only these"))


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
        print_text(texts.trial_text(state, request))
        return DONE
    if not _may(state, request, said):
        return REFUSED
    tell(await controller.perform(request), as_json=said.as_json)
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

    print_lines(impact_lines(state, network))
    return confirmed(_("{what}?").format(what=request.title))


def _lives(kind: Callable[[NetworkRef], Request]) -> Callable[[HostState, Said], Request]:
    return lambda state, said: kind(_ref(_network(state, said.name)))


def _build_autostart(state: HostState, said: Said) -> Request:
    return ask.SetNetworkAutostart(_ref(_network(state, said.name)), not said.off)


def _build_new(state: HostState, said: Said) -> Request:
    return texts.new_network(state, said.name, said.mode, said.values, said)


def _build_set(state: HostState, said: Said) -> Request:
    return texts.changed_network(state, _network(state, said.name), said.values)


def _build_define(state: HostState, said: Said) -> Request:
    xml, name = texts.read_document(said.file)
    uuid = state.topology.network_by_name.get(name)
    if uuid is None:
        return ask.DefineNetwork(name, xml, said.start, said.autostart)
    network = state.networks[uuid]
    whole = texts.with_identity(xml, network)
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
