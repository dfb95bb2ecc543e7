"""What `network VERB --dry-run` prints: what would be done, or why it would be refused. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kvmnet_tui.forms.network_checks import name_findings
from kvmnet_tui.i18n import _
from kvmnet_tui.model.plugs import link_names, loose_taps, referring_guests
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml import XmlProblem
from kvmnet_tui.netxml.network_fields import written
from kvmnet_tui.netxml.network_pins import Pin, PinProblem, with_pin, without_pin
from kvmnet_tui.netxml.network_plan import element_problem, xml_diff
from kvmnet_tui.present.network_impact import impact_lines, loose_lines
from kvmnet_tui.requests import Request, RequestError
from kvmnet_tui.requests import networks as ask


class Trial(NamedTuple):
    """What is printed, and the same for --json."""

    text: str
    record: dict[str, Any]


def trial(state: HostState, request: Any) -> Trial:
    """What the request would do; raises RequestError when it would be refused."""
    why_not = _refusal(state, request)
    if why_not:
        raise RequestError(why_not)
    try:
        return _TRIALS[type(request)](state, request)
    except (PinProblem, XmlProblem) as problem:
        raise RequestError(str(problem)) from problem


def _refusal(state: HostState, request: Any) -> str:
    """Why it would be refused, as far as the picture tells; "" for nothing known."""
    if isinstance(request, ask.RepairTaps):
        loose = link_names(state, loose_taps(state))
        stuck = next((tap for tap in request.taps if tap not in loose), "")
        text = _("{tap} is not loose: there is nothing to repair.")
        return text.format(tap=stuck) if stuck else ""
    if isinstance(request, (ask.DefineNetwork, ask.CreateNetwork)):
        taken = request.name in state.topology.network_by_name
        is_kept = isinstance(request, ask.DefineNetwork) and not _is_stored(state, request.name)
        text = _("There is a network {name} already.")
        return text.format(name=request.name) if taken and not is_kept else ""
    return _refusal_of(state, request, state.networks[request.network.uuid])


def _is_stored(state: HostState, name: str) -> bool:
    network = state.networks.get(state.topology.network_by_name.get(name, ""))
    return network is not None and network.persistent


def _refusal_of(state: HostState, request: Any, network: Network) -> str:
    """The same of what is asked about one network."""
    text = ""
    if isinstance(request, ask.StartNetwork) and network.active:
        text = _("Network {name} is active already.")
    elif isinstance(request, (ask.StopNetwork, ask.RestartNetwork)) and not network.active:
        text = _("Network {name} is not active.")
    elif isinstance(request, ask.SetNetworkAutostart) and not network.persistent:
        text = _("Network {name} is transient: nothing of it is stored.")
    elif isinstance(request, ask.RenameNetwork):
        return _no_rename(state, request, network)
    elif isinstance(request, ask.PinLease):
        who = network.stranger_with(request.address, request.mac) if request.mac else ""
        text = _("{address} is leased to {who} now.") if who else ""
        return text.format(address=request.address, who=who)
    elif isinstance(request, ask.UpdateNetwork):
        return element_problem(request.command, request.section, request.xml)
    return text.format(name=network.name)


def _no_rename(state: HostState, request: ask.RenameNetwork, network: Network) -> str:
    if network.active:
        text = _("Network {name} is active: libvirt renames stopped networks only.")
        return text.format(name=network.name)
    users = referring_guests(state, network)
    if users:
        text = _("Guests refer to {name} by its name: {guests}. Change their NICs first.")
        return text.format(name=network.name, guests=", ".join(users))
    return next((finding.text for finding in name_findings(state, request.new_name)), "")


def _of_xml(_state: HostState, request: ask.DefineNetwork | ask.CreateNetwork) -> Trial:
    return Trial(request.xml, {"title": request.title, "xml": request.xml})


def _of_edit(_state: HostState, request: ask.EditNetwork) -> Trial:
    return _diff(request, request.base, request.xml)


def _of_rename(state: HostState, request: ask.RenameNetwork) -> Trial:
    old = _text_of(state, request)
    return _diff(request, old, written(old, {"name": request.new_name}))


def _of_pin(state: HostState, request: ask.PinLease) -> Trial:
    old = _text_of(state, request)
    pin = Pin(request.address, request.mac, request.duid, request.hostname)
    return _diff(request, old, with_pin(old, pin))


def _of_unpin(state: HostState, request: ask.UnpinLease) -> Trial:
    old = _text_of(state, request)
    return _diff(request, old, without_pin(old, request.address))


def _of_update(_state: HostState, request: ask.UpdateNetwork) -> Trial:
    text = f"{request.command} {request.section}\n{request.xml}"
    about = {"command": request.command, "section": request.section, "xml": request.xml}
    return Trial(text, {"title": request.title, **about})


def _of_repair(state: HostState, request: ask.RepairTaps) -> Trial:
    lines = loose_lines(state, request.taps)
    text = "\n".join(lines) or _("No tap is loose.")
    return Trial(text, {"title": request.title, "taps": list(lines)})


def _of_life(state: HostState, request: ask.StopNetwork) -> Trial:
    lines = impact_lines(state, state.networks[request.network.uuid])
    return Trial("\n".join((f"{request.title}:", *lines)), {"title": request.title, "hit": lines})


def _of_title(_state: HostState, request: Request) -> Trial:
    return Trial(request.title, {"title": request.title})


def _text_of(state: HostState, request: Any) -> str:
    network = state.networks[request.network.uuid]
    return network.persistent_xml or network.xml


def _diff(request: Request, old: str, new: str) -> Trial:
    diff = xml_diff(old, new, (_("stored"), _("changed")))
    return Trial(diff or _("Nothing is changed yet."), {"title": request.title, "diff": diff})


_TRIALS: Mapping[type[Request], Callable[[HostState, Any], Trial]] = {
    ask.StartNetwork: _of_title,
    ask.StopNetwork: _of_life,
    ask.RestartNetwork: _of_life,
    ask.UndefineNetwork: _of_life,
    ask.SetNetworkAutostart: _of_title,
    ask.DefineNetwork: _of_xml,
    ask.CreateNetwork: _of_xml,
    ask.RenameNetwork: _of_rename,
    ask.EditNetwork: _of_edit,
    ask.UpdateNetwork: _of_update,
    ask.PinLease: _of_pin,
    ask.UnpinLease: _of_unpin,
    ask.RepairTaps: _of_repair,
}
