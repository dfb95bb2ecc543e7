"""Performs changes to guests' NICs: add, change, detach; nothing is left half done unsaid."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from kvmnet_tui.i18n import _
from kvmnet_tui.model.macs import mac_conflict
from kvmnet_tui.model.nic_settings import LIVE_SETTINGS, NicSource, SourceKind
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Nic
from kvmnet_tui.netxml import XmlProblem, parse_interface
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.requests import Context, Outcome, Performers, RequestError
from kvmnet_tui.requests.nic_sentences import conflict_sentence, named_settings, plug_text
from kvmnet_tui.requests.nics import AddNic, ChangeNic, DetachNic, NicName, SeeNicChoices, When
from kvmnet_tui.sources.netlink.reading import read_forwarding
from kvmnet_tui.sources.virt.perform import nic_choices
from kvmnet_tui.sources.virt.perform import nic_handles as handles
from kvmnet_tui.sources.virt.perform.nic_handles import Edit, Extent

if TYPE_CHECKING:
    from kvmnet_tui.sources.virt.caller import Call, VirtCaller

DETACH_CALL_SECONDS = 60.0


def performers(caller: "VirtCaller") -> Performers:
    """Who performs what."""
    return {
        AddNic: partial(_add, caller),
        ChangeNic: partial(_change, caller),
        DetachNic: partial(_detach, caller),
        SeeNicChoices: partial(nic_choices.see, caller),
    }


# Adding.


async def _add(caller: "VirtCaller", request: AddNic, context: Context) -> Outcome:
    settings = _understood(request.xml)
    await _refuse_taken(context.state, settings.mac)
    _refuse_vanished(context.state, settings.source, is_live=request.when.is_live)

    def attach(virt: Any) -> tuple[Extent, str]:
        guest = handles.find_guest(virt, request.guest, request.guest_name)
        extent = handles.extent_of(guest, request.when)
        had = {nic.mac for nic in handles.stored_nics(guest)} if extent.stored else set()
        handles.attach(virt, guest, request.xml, extent)
        if settings.mac or not extent.stored:
            return extent, settings.mac
        new = [nic.mac for nic in handles.stored_nics(guest) if nic.mac not in had]
        return extent, new[0] if new else ""

    extent, mac = await caller.call(attach)
    caller.notice_guest(request.guest)
    sentence = _added(request, extent, mac)
    record = {"guest": request.guest_name, "mac": mac, **_where(extent)}
    return Outcome(sentence, tuple(_less(extent, request.guest_name)), record)


def _understood(xml: str) -> Any:
    try:
        return parse_settings(xml)
    except XmlProblem as problem:
        raise RequestError(str(problem)) from problem


async def _refuse_taken(state: HostState, mac: str, besides: str = "") -> None:
    """Ask the kernel for every bridge's table now: it knows MACs from outside of this host."""
    if not mac or mac == besides:
        return
    bridges = [link.index for link in state.links.values() if link.kind == "bridge"]
    tables = await read_forwarding(bridges)
    entries = [entry for table in tables.values() for entry in table]
    conflict = mac_conflict(state, mac, entries)
    if conflict is not None:
        raise RequestError(conflict_sentence(mac, conflict))


def _refuse_vanished(state: HostState, source: NicSource, *, is_live: bool) -> None:
    """Say what libvirt would say later, and less clearly."""
    if source.kind is SourceKind.NETWORK:
        uuid = state.topology.network_by_name.get(source.name, "")
        network = state.networks.get(uuid)
        if network is None:
            text = _("There is no network {name} any more.")
            raise RequestError(text.format(name=source.name))
        if is_live and not network.active:
            text = _("Network {name} is not active: start it first.")
            raise RequestError(text.format(name=source.name))


def _added(request: AddNic, extent: Extent, mac: str) -> str:
    words = {
        (True, True): _("NIC {mac} was plugged into {guest} and stored."),
        (True, False): _("NIC {mac} was plugged into {guest} until it is shut off."),
        (False, True): _("NIC {mac} was stored: {guest} has it from its next start on."),
    }
    text = words[extent.live, extent.stored]
    return text.format(mac=mac or "?", guest=request.guest_name)


def _less(extent: Extent, guest: str) -> Iterator[str]:
    if not extent.is_less:
        return
    if extent.stored:
        text = _("{guest} is shut off: the change holds from its next start on.")
    else:
        text = _("{guest} is transient: the change holds until it is shut off.")
    yield text.format(guest=guest)


def _where(extent: Extent) -> dict[str, bool]:
    return {"live": extent.live, "stored": extent.stored}


# Changing.


async def _change(caller: "VirtCaller", request: ChangeNic, context: Context) -> Outcome:
    wanted = dict(request.settings)
    if "mac" in wanted:
        await _refuse_taken(context.state, wanted["mac"], request.nic.mac.lower())
    if "source" in wanted:
        _refuse_vanished(context.state, wanted["source"], is_live=request.when.is_live)
    async with caller.opened() as call:
        plan = await call(lambda virt: _planned(virt, request))
        await _apply(call, request, plan)
    caller.notice_guest(request.nic.guest)
    lines = [*_less(plan.extent, request.nic.guest_name), *_said(request, plan)]
    record = {
        "guest": request.nic.guest_name,
        "mac": request.nic.mac,
        "live": plan.live.is_change,
        "stored": plan.stored.is_change,
        "at_next_start": sorted(plan.later),
    }
    return Outcome(_changed(request, plan), tuple(lines), record)


class _Plan:
    """What is to be changed where; `later` are the settings that wait for the next start."""

    def __init__(self, request: ChangeNic, extent: Extent, live: Nic | None, stored: Nic | None):
        wanted = dict(request.settings)
        nothing = Edit("", "")
        self.extent = extent
        self.live_nic, self.stored_nic = live, stored
        self.live = handles.live_edit(live, wanted) if live else nothing
        self.stored = handles.edited(stored, wanted) if stored else nothing
        waits = extent.live or (request.when is When.BOTH and live is not None)
        self.later = wanted.keys() - LIVE_SETTINGS if waits else set()


def _planned(virt: Any, request: ChangeNic) -> _Plan:
    guest = handles.find_guest(virt, request.nic.guest, request.nic.guest_name)
    extent = handles.extent_of(guest, request.when)
    waiting = dict(request.settings).keys() - LIVE_SETTINGS
    if not extent.stored and waiting:
        text = _("This cannot change while {guest} runs, only at its next start: {settings}.")
        raise RequestError(text.format(guest=guest.name(), settings=named_settings(waiting)))
    live = stored = None
    if guest.isActive():
        live = _maybe(lambda: handles.pick(handles.live_nics(guest), request.nic))
    if extent.live and live is None:
        extent = extent._replace(live=False)
        if not extent.stored:
            live = handles.pick(handles.live_nics(guest), request.nic)
    if extent.stored:
        stored = handles.stored_pick(guest, request.nic, live)
    return _Plan(request, extent, live if extent.live else None, stored)


def _maybe(find: Callable[[], Nic]) -> Nic | None:
    try:
        return find()
    except RequestError:
        return None


async def _apply(call: "Call", request: ChangeNic, plan: _Plan) -> None:
    """The stored document first: it is the part that can be taken back without anyone noticing."""
    if plan.stored.is_change:
        await call(lambda virt: _store(virt, request.nic, plan.stored_nic, plan.stored))
    if not plan.live.is_change:
        return
    try:
        await call(lambda virt: _update(virt, request.nic, plan.live.after))
    except RequestError as refusal:
        if not plan.stored.is_change:
            raise
        raise await _taken_back(call, request, plan, refusal) from refusal


def _store(virt: Any, name: NicName, nic: Nic | None, edit: Edit) -> None:
    guest = handles.find_guest(virt, name.guest, name.guest_name)
    assert nic is not None  # noqa: S101 - there is an edit of it
    handles.store(virt, guest, edit, nic)


def _update(virt: Any, name: NicName, xml: str) -> None:
    guest = handles.find_guest(virt, name.guest, name.guest_name)
    handles.update_live(guest, xml)


async def _taken_back(
    call: "Call", request: ChangeNic, plan: _Plan, refusal: RequestError
) -> RequestError:
    """The running guest refused: put the stored document back, and say how things stand."""
    back = Edit(plan.stored.after, plan.stored.before)
    try:
        nic = parse_interface(plan.stored.after)
        await call(lambda virt: _store_again(virt, request.nic, nic, back))
    except (RequestError, XmlProblem) as error:
        text = _("The running guest was not changed, but its stored configuration was: {reason}")
        return RequestError(refusal.sentence, (*refusal.details, text.format(reason=error)))
    text = _("Nothing was changed: the stored configuration is as it was.")
    return RequestError(refusal.sentence, (*refusal.details, text))


def _store_again(virt: Any, name: NicName, nic: Nic, edit: Edit) -> None:
    guest = handles.find_guest(virt, name.guest, name.guest_name)
    now = handles.pick(
        handles.stored_nics(guest), NicName(name.guest, name.guest_name, nic.mac, nic.slot)
    )
    handles.store(virt, guest, edit, now)


def _changed(request: ChangeNic, plan: _Plan) -> str:
    name = {"mac": request.nic.mac, "guest": request.nic.guest_name}
    if not plan.live.is_change and not plan.stored.is_change:
        return _("NIC {mac} of {guest} is set like that already.").format(**name)
    if plan.live.is_change and plan.stored.is_change:
        return _("NIC {mac} of {guest} was changed, now and in its configuration.").format(**name)
    if plan.live.is_change:
        return _("NIC {mac} of {guest} was changed until the guest is shut off.").format(**name)
    return _("NIC {mac} of {guest} is changed from the next start on.").format(**name)


def _said(request: ChangeNic, plan: _Plan) -> Iterator[str]:
    wanted = dict(request.settings)
    if "source" in wanted:
        text = _("It is plugged into {plug}.")
        yield text.format(plug=plug_text(wanted["source"]))
    if plan.later and plan.live.is_change:
        text = _("At the next start only: {settings}.")
        yield text.format(settings=named_settings(plan.later))


# Detaching.


async def _detach(caller: "VirtCaller", request: DetachNic, context: Context) -> Outcome:
    name = request.nic
    async with caller.opened() as call:
        extent = await call(lambda virt: _detach_extent(virt, request))
        if extent.live:
            context.tell(_("Waiting for {guest} to give the NIC up").format(guest=name.guest_name))
            await call(lambda virt: _ask_for_it(virt, name), DETACH_CALL_SECONDS)
            caller.notice_guest(name.guest)
            await _consent(call, request, context, extent)
        if extent.stored:
            await _drop_stored(call, request, extent)
    caller.notice_guest(name.guest)
    words = {
        (True, True): _("NIC {mac} of {guest} is unplugged, and gone from its configuration."),
        (True, False): _("NIC {mac} of {guest} is unplugged until the next start."),
        (False, True): _("NIC {mac} is gone from {guest} from its next start on."),
    }
    text = words[extent.live, extent.stored]
    sentence = text.format(mac=name.mac, guest=name.guest_name)
    lines = tuple(_less(extent, name.guest_name))
    record = {"guest": name.guest_name, "mac": name.mac, **_where(extent)}
    return Outcome(sentence, lines, record)


def _detach_extent(virt: Any, request: DetachNic) -> Extent:
    """Where the NIC is to be taken away; raises RequestError when it is in neither place."""
    name = request.nic
    guest = handles.find_guest(virt, name.guest, name.guest_name)
    extent = handles.extent_of(guest, request.when)
    live = _maybe(lambda: handles.pick(handles.live_nics(guest), name)) if extent.live else None
    stored = None
    if extent.stored:
        stored = _maybe(lambda: handles.stored_pick(guest, name, live))
    if live is None and stored is None:
        handles.pick((), name)
    return Extent(live is not None, stored is not None, extent.is_less)


def _ask_for_it(virt: Any, name: NicName) -> None:
    guest = handles.find_guest(virt, name.guest, name.guest_name)
    nic = handles.pick(handles.live_nics(guest), name)
    handles.detach_live(guest, nic)


async def _consent(call: "Call", request: DetachNic, context: Context, extent: Extent) -> None:
    name = request.nic

    def is_gone(state: HostState) -> bool:
        guest = state.guests.get(name.guest)
        return guest is None or all(
            nic.mac.lower() != name.mac.lower() or (name.slot and nic.slot != name.slot)
            for nic in guest.nics
        )

    if await context.until(is_gone, request.seconds):
        return
    if await call(lambda virt: _is_unplugged(virt, name)):
        return
    text = _("{guest} did not give the NIC up within {seconds} s: it is still plugged in.")
    lines = [_("The guest's system must agree; it may still do so later.")]
    if extent.stored:
        lines.append(_("Its stored configuration was not changed."))
    raise RequestError(
        text.format(guest=name.guest_name, seconds=round(request.seconds)), tuple(lines)
    )


def _is_unplugged(virt: Any, name: NicName) -> bool:
    guest = handles.find_guest(virt, name.guest, name.guest_name)
    if not guest.isActive():
        return True
    return _maybe(lambda: handles.pick(handles.live_nics(guest), name)) is None


async def _drop_stored(call: "Call", request: DetachNic, extent: Extent) -> None:
    def drop(virt: Any) -> None:
        guest = handles.find_guest(virt, request.nic.guest, request.nic.guest_name)
        nic = handles.pick(handles.stored_nics(guest), request.nic)
        handles.detach_stored(virt, guest, nic)

    try:
        await call(drop)
    except RequestError as error:
        if not extent.live:
            raise
        text = _("The NIC is unplugged, but comes back at the guest's next start.")
        raise RequestError(error.sentence, (*error.details, text)) from error
