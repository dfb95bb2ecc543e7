"""Performs what can be asked about virtual networks."""

from functools import partial
from pathlib import Path
from typing import Any

import libvirt

from kvmnet_tui.i18n import _
from kvmnet_tui.model.plugs import referring_guests, uses_of_network
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml import XmlProblem
from kvmnet_tui.netxml.network_fields import OWN_BRIDGE_MODES, written
from kvmnet_tui.requests import Context, Outcome, Performers, RequestError
from kvmnet_tui.requests import networks as ask
from kvmnet_tui.requests.networks import NetworkRef
from kvmnet_tui.sources.virt.address import is_local_daemon
from kvmnet_tui.sources.virt.caller import VirtCaller
from kvmnet_tui.sources.virt.perform import network_edits
from kvmnet_tui.sources.virt.perform.changelog import ChangeLog
from kvmnet_tui.sources.virt.perform.handles import create, define, find, stored_xml, words_of
from kvmnet_tui.sources.virt.perform.repair import TapRepair
from kvmnet_tui.sources.virt.perform.replug import LostPlug, Replugger, plugs_of, tap_records

SEEN_SECONDS = 10.0


def performers(caller: VirtCaller, log: Path | None = None) -> Performers:
    """Who performs the requests of `requests.networks`; diffs are logged to `log`."""
    replugger = Replugger(caller, sees_kernel=is_local_daemon(caller.uri))
    lives = Lives(caller, replugger)
    definitions = Definitions(caller, ChangeLog(log))
    edits = network_edits.Edits(caller, ChangeLog(log))
    return {
        ask.StartNetwork: lives.start,
        ask.StopNetwork: lives.stop,
        ask.RestartNetwork: lives.restart,
        ask.SetNetworkAutostart: lives.autostart,
        ask.DefineNetwork: definitions.define,
        ask.CreateNetwork: definitions.create,
        ask.UndefineNetwork: definitions.undefine,
        ask.RenameNetwork: definitions.rename,
        ask.EditNetwork: edits.edit,
        ask.UpdateNetwork: edits.update,
        ask.PinLease: edits.pin,
        ask.UnpinLease: edits.unpin,
        ask.RepairTaps: TapRepair(replugger).repair,
    }


class Lives:
    """Starts, stops and restarts networks."""

    def __init__(self, caller: VirtCaller, replugger: Replugger) -> None:
        self._caller = caller
        self._replugger = replugger

    async def start(self, request: ask.StartNetwork, context: Context) -> Outcome:
        """Start, and plug in the taps that were left when it stopped."""
        ref = request.network
        await self._caller.call(partial(_start, ref=ref))
        await _until_active(context, ref.uuid, active=True)
        plugs = _plugs(context.state, ref)
        lines = await self._replugger.plug(plugs, context)
        sentence = _("Network {name} is active.").format(name=ref.name)
        record = {"name": ref.name, "active": True, "taps": tap_records(plugs)}
        return Outcome(sentence, lines, record)

    async def stop(self, request: ask.StopNetwork, context: Context) -> Outcome:
        """Stop; who is unplugged by it is named."""
        ref = request.network
        unplugged = _unplugged(context.state, ref)
        await self._caller.call(partial(_stop, ref=ref))
        await _until_active(context, ref.uuid, active=False)
        sentence = _("Network {name} is stopped.").format(name=ref.name)
        record = {"name": ref.name, "active": False, "unplugged": unplugged}
        return Outcome(sentence, _hit(unplugged), record)

    async def restart(self, request: ask.RestartNetwork, context: Context) -> Outcome:
        """Stop, start, plug the guests back in, and see to it that they are."""
        ref = request.network
        plugs = _plugs(context.state, ref)
        bridge = _bridge_index(context.state, ref)
        context.tell(_("Restarting {name}.").format(name=ref.name))
        problem = await self._caller.call(partial(_restart, ref=ref))
        if bridge:
            # It was away for a moment only: the picture may never have shown it.
            await context.until(
                lambda state: _bridge_index(state, ref) not in (0, bridge), SEEN_SECONDS
            )
        await _until_active(context, ref.uuid, active=True)
        plugs = _moved(context.state, ref, plugs)
        lines = await self._replugger.plug(plugs, context)
        if problem:
            text = _("Network {name} cannot start as it is stored; it runs again as it was.")
            raise RequestError(text.format(name=ref.name), (problem, *lines))
        sentence = _("Network {name} was restarted.").format(name=ref.name)
        record = {"name": ref.name, "active": True, "taps": tap_records(plugs)}
        return Outcome(sentence, lines, record)

    async def autostart(self, request: ask.SetNetworkAutostart, context: Context) -> Outcome:
        """Start with the host, or not."""
        ref, on = request.network, request.on
        await self._caller.call(partial(_set_autostart, ref=ref, on=on))
        self._caller.notice_network(ref.uuid, ref.name)
        await context.until(lambda state: _starts_with_host(state, ref) == on, SEEN_SECONDS)
        text = (
            _("Network {name} starts with the host.")
            if on
            else _("Network {name} does not start with the host.")
        )
        return Outcome(text.format(name=ref.name), (), {"name": ref.name, "autostart": on})


class Definitions:
    """Defines, creates, undefines and renames networks."""

    def __init__(self, caller: VirtCaller, log: ChangeLog) -> None:
        self._caller = caller
        self._log = log

    async def define(self, request: ask.DefineNetwork, context: Context) -> Outcome:
        """Define; when it is to start and cannot, nothing of it is left."""
        uuid = await self._caller.call(partial(_define_new, request=request))
        self._caller.notice_network(uuid, request.name)  # autostart has no event
        await _until_there(context, uuid)
        lines = _logged(self._log, request.title, request.xml)
        text = (
            _("Network {name} is defined and active.")
            if request.start
            else _("Network {name} is defined.")
        )
        if request.start:
            await _until_active(context, uuid, active=True)
        return Outcome(text.format(name=request.name), lines, {"uuid": uuid, "name": request.name})

    async def create(self, request: ask.CreateNetwork, context: Context) -> Outcome:
        """Start a network that libvirt forgets when it stops."""
        uuid = await self._caller.call(partial(_create_new, request=request))
        await _until_active(context, uuid, active=True)
        text = _("Network {name} is active until it is stopped.")
        record = {"uuid": uuid, "name": request.name}
        return Outcome(text.format(name=request.name), (), record)

    async def undefine(self, request: ask.UndefineNetwork, context: Context) -> Outcome:
        """Stop and forget; the text goes to the log."""
        ref = request.network
        unplugged = _unplugged(context.state, ref)
        xml = await self._caller.call(partial(_undefine, ref=ref))
        await context.until(lambda state: ref.uuid not in state.networks, SEEN_SECONDS)
        lines = _logged(self._log, request.title, xml) or (
            _("Its XML is kept in {file}.").format(file=self._log.file),
        )
        sentence = _("Network {name} is removed.").format(name=ref.name)
        record = {"name": ref.name, "removed": True, "unplugged": unplugged}
        return Outcome(sentence, (*_hit(unplugged), *lines), record)

    async def rename(self, request: ask.RenameNetwork, context: Context) -> Outcome:
        """Libvirt has no call for it: undefine and define again, or as it was."""
        ref, name = request.network, request.new_name
        network = _network(context.state, ref)
        users = referring_guests(context.state, network) if network else ()
        if users:
            text = _("Guests refer to {name} by its name: {guests}. Change their NICs first.")
            raise RequestError(text.format(name=ref.name, guests=", ".join(users)))
        await self._caller.call(partial(_rename, ref=ref, name=name))
        await context.until(lambda state: _name(state, ref.uuid) == name, SEEN_SECONDS)
        text = _("Network {name} is called {new} now.")
        sentence = text.format(name=ref.name, new=name)
        return Outcome(sentence, (), {"name": name, "uuid": ref.uuid})


def _logged(log: ChangeLog, title: str, text: str) -> tuple[str, ...]:
    problem = log.note(title, text)
    if not problem:
        return ()
    return (_("The change could not be logged: {reason}").format(reason=problem),)


def _start(virt: Any, ref: NetworkRef) -> None:
    network = find(virt, ref)
    if network.isActive():
        raise RequestError(_("Network {name} is active already.").format(name=ref.name))
    network.create()


def _set_autostart(virt: Any, ref: NetworkRef, *, on: bool) -> None:
    network = find(virt, ref)
    if not network.isPersistent():
        text = _("Network {name} is transient: nothing of it is stored.")
        raise RequestError(text.format(name=ref.name))
    network.setAutostart(int(on))


def _stop(virt: Any, ref: NetworkRef) -> None:
    network = find(virt, ref)
    if not network.isActive():
        raise RequestError(_("Network {name} is not active.").format(name=ref.name))
    network.destroy()


def _restart(virt: Any, ref: NetworkRef) -> str:
    """Restart; "" or why it had to be started as it was, instead of as it is stored."""
    network = find(virt, ref)
    if not network.isActive():
        raise RequestError(_("Network {name} is not active.").format(name=ref.name))
    running = str(network.XMLDesc(0))
    persistent = network.isPersistent()
    network.destroy()
    if not persistent:
        virt.networkCreateXML(running)
        return ""
    try:
        network.create()
    except libvirt.libvirtError as error:
        reason = words_of(error)
        _run_as_it_was(virt, ref, running, reason)
        return reason
    return ""


def _run_as_it_was(virt: Any, ref: NetworkRef, running: str, reason: str) -> None:
    try:
        virt.networkCreateXML(running)
    except libvirt.libvirtError as error:
        text = _("Network {name} is stopped and cannot be started again.")
        raise RequestError(text.format(name=ref.name), (reason, words_of(error))) from error


def _define_new(virt: Any, request: ask.DefineNetwork) -> str:
    """Define what is not there yet, or only as a transient network; its UUID."""
    _refuse_taken(virt, request.name, but_transient=True)
    network = define(virt, request.xml)
    ran_before = network.isActive()
    try:
        if request.start:
            network.create()
        if request.autostart:
            network.setAutostart(1)
    except libvirt.libvirtError as error:
        for undo in (network.undefine,) if ran_before else (network.destroy, network.undefine):
            try:
                undo()
            except libvirt.libvirtError:
                continue  # it never started
        text = _("Network {name} cannot start, and was removed again: {reason}")
        reason = words_of(error)
        raise RequestError(text.format(name=request.name, reason=reason)) from error
    return str(network.UUIDString())


def _create_new(virt: Any, request: ask.CreateNetwork) -> str:
    _refuse_taken(virt, request.name)
    return str(create(virt, request.xml).UUIDString())


def _refuse_taken(virt: Any, name: str, *, but_transient: bool = False) -> None:
    there = [each for each in virt.listAllNetworks(0) if each.name() == name]
    if any(each.isPersistent() or not but_transient for each in there):
        raise RequestError(_("There is a network {name} already.").format(name=name))


def _undefine(virt: Any, ref: NetworkRef) -> str:
    """Stop and undefine; the text that it had. A transient network is only stopped."""
    network = find(virt, ref)
    persistent = network.isPersistent()
    xml = stored_xml(network) if persistent else str(network.XMLDesc(0))
    if network.isActive():
        network.destroy()
    if persistent:
        network.undefine()
    return xml


def _rename(virt: Any, ref: NetworkRef, name: str) -> None:
    network = find(virt, ref)
    if network.isActive():
        text = _("Network {name} is active: libvirt renames stopped networks only.")
        raise RequestError(text.format(name=ref.name))
    _refuse_taken(virt, name)
    old, autostart = stored_xml(network), network.autostart()
    new = _with_name(old, name)
    network.undefine()
    try:
        renamed = define(virt, new)
    except libvirt.libvirtError as error:
        define(virt, old).setAutostart(autostart)
        text = _("Network {name} keeps its name: {reason}")
        raise RequestError(text.format(name=ref.name, reason=words_of(error))) from error
    renamed.setAutostart(autostart)


def _with_name(xml: str, name: str) -> str:
    try:
        return written(xml, {"name": name})
    except XmlProblem as problem:
        raise RequestError(str(problem)) from problem


def _network(state: HostState, ref: NetworkRef) -> Network | None:
    return state.networks.get(ref.uuid)


def _starts_with_host(state: HostState, ref: NetworkRef) -> bool:
    network = _network(state, ref)
    return network is not None and network.autostart


def _name(state: HostState, uuid: str) -> str:
    network = state.networks.get(uuid)
    return network.name if network else ""


def _plugs(state: HostState, ref: NetworkRef) -> tuple[LostPlug, ...]:
    network = _network(state, ref)
    return plugs_of(state, network) if network else ()


def _moved(state: HostState, ref: NetworkRef, plugs: tuple[LostPlug, ...]) -> tuple[LostPlug, ...]:
    """The plugs as they are to be now: a restart may have given the bridge another name."""
    network = _network(state, ref)
    bridge = network.bridge if network else ""
    return tuple(
        LostPlug(plug.tap, plug.guest, plug.guest_name, bridge or plug.bridge, plug.network)
        for plug in plugs
    )


def _bridge_index(state: HostState, ref: NetworkRef) -> int:
    """The link index of a network's own bridge; 0 where it has none, or none that is seen."""
    network = _network(state, ref)
    if network is None or network.forward_mode not in OWN_BRIDGE_MODES:
        return 0
    link = state.link_named(network.bridge)
    return link.index if link else 0


async def _until_active(context: Context, uuid: str, *, active: bool) -> None:
    """Wait until the picture shows it; when it does not in time, the call still succeeded."""

    def shows(state: HostState) -> bool:
        network = state.networks.get(uuid)
        return network.active == active if network else not active

    await context.until(shows, SEEN_SECONDS)


async def _until_there(context: Context, uuid: str) -> None:
    await context.until(lambda state: uuid in state.networks, SEEN_SECONDS)


def _unplugged(state: HostState, ref: NetworkRef) -> list[dict[str, str]]:
    """The running guests' NICs that lose their network: those in a bridge that goes with it."""
    network = _network(state, ref)
    if network is None or network.forward_mode not in OWN_BRIDGE_MODES:
        return []
    return [
        {"guest": guest.name, "nic": nic.device or nic.mac}
        for guest, nic, coming in uses_of_network(state, network)
        if guest.is_active and not coming
    ]


def _hit(unplugged: list[dict[str, str]]) -> tuple[str, ...]:
    """A line for each of them."""
    text = _("{guest}: NIC {nic} has no network now.")
    return tuple(text.format(**one) for one in unplugged)
