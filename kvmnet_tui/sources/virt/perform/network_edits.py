"""Performs changes to a network's text: edits, single updates, pinned leases."""

from collections.abc import Callable
from functools import partial
from typing import Any

import libvirt

from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.netxml import XmlProblem
from kvmnet_tui.netxml.network_fields import values_of
from kvmnet_tui.netxml.network_pins import Pin, PinProblem, pin_update, unpin_update
from kvmnet_tui.netxml.network_plan import (
    EditPlan,
    Update,
    differs,
    edit_plan,
    element_problem,
    xml_diff,
)
from kvmnet_tui.requests import Context, Outcome, RequestError
from kvmnet_tui.requests import networks as ask
from kvmnet_tui.requests.networks import NetworkRef
from kvmnet_tui.sources.virt.caller import VirtCaller
from kvmnet_tui.sources.virt.perform.changelog import ChangeLog
from kvmnet_tui.sources.virt.perform.handles import (
    COMMANDS,
    CONFIG,
    LIVE,
    SECTIONS,
    define,
    find,
    stored_xml,
    update,
    words_of,
)

SEEN_SECONDS = 10.0


class Edits:
    """Changes what networks say; every change is logged as a diff."""

    def __init__(self, caller: VirtCaller, log: ChangeLog) -> None:
        self._caller = caller
        self._log = log

    async def edit(self, request: ask.EditNetwork, context: Context) -> Outcome:
        """Updates where libvirt takes them, a new definition for the rest."""
        ref = request.network
        _name_stays(request)
        before, after, notes = await self._caller.call(partial(_edit, request=request))
        if before == after:
            record = {"name": ref.name, "diff": "", "restart": _waits(context.state, ref.uuid)}
            return Outcome(_("Network {name} is as it was.").format(name=ref.name), (), record)
        diff = self._note(request.title, before, after)
        await self._shown(context, ref, after)
        text = (
            _("Network {name} is changed; some of it waits for the network's restart.")
            if _waits(context.state, ref.uuid)
            else _("Network {name} is changed.")
        )
        record = {"name": ref.name, "diff": diff, "restart": _waits(context.state, ref.uuid)}
        return Outcome(text.format(name=ref.name), (*notes, *diff.splitlines()), record)

    async def update(self, request: ask.UpdateNetwork, context: Context) -> Outcome:
        """One update, as virsh would have it done."""
        ref = request.network
        before, after = await self._caller.call(partial(_update, request=request))
        diff = self._note(request.title, before, after)
        await self._shown(context, ref, after)
        text = _("Network {name} is updated.")
        record = {"name": ref.name, "diff": diff}
        return Outcome(text.format(name=ref.name), tuple(diff.splitlines()), record)

    async def pin(self, request: ask.PinLease, context: Context) -> Outcome:
        """Add a static host, unless something stands against it."""
        ref = request.network
        _refuse_leased(context.state, request)
        before, after = await self._caller.call(partial(_pin, request=request))
        diff = self._note(request.title, before, after)
        await self._shown(context, ref, after)
        text = _("{address} is pinned to {who}.")
        said = text.format(address=request.address, who=request.mac or request.duid)
        return Outcome(said, tuple(diff.splitlines()), {"name": ref.name, "diff": diff})

    async def unpin(self, request: ask.UnpinLease, context: Context) -> Outcome:
        """Take a static host out."""
        ref = request.network
        before, after = await self._caller.call(partial(_unpin, request=request))
        diff = self._note(request.title, before, after)
        await self._shown(context, ref, after)
        text = _("{address} is pinned no more.")
        said = text.format(address=request.address)
        return Outcome(said, tuple(diff.splitlines()), {"name": ref.name, "diff": diff})

    async def _shown(self, context: Context, ref: NetworkRef, xml: str) -> None:
        """Wait until the picture has the new text."""

        def shows(state: HostState) -> bool:
            network = state.networks.get(ref.uuid)
            return network is not None and xml in (network.persistent_xml, network.xml)

        self._caller.notice_network(ref.uuid, ref.name)
        await context.until(shows, SEEN_SECONDS)

    def _note(self, title: str, before: str, after: str) -> str:
        diff = xml_diff(before, after, (_("before"), _("after")))
        problem = self._log.note(title, diff)
        if problem:
            diff += "\n" + _("The change could not be logged: {reason}").format(reason=problem)
        return diff


def _name_stays(request: ask.EditNetwork) -> None:
    try:
        name = values_of(request.xml)["name"]
    except XmlProblem as problem:
        raise RequestError(str(problem)) from problem
    if name != request.network.name:
        text = _("An edit does not rename: the XML says {new} instead of {name}.")
        raise RequestError(text.format(new=name, name=request.network.name))


def _edit(virt: Any, request: ask.EditNetwork) -> tuple[str, str, tuple[str, ...]]:
    """Do it: the stored text before and after, and what is to be said about it."""
    network = find(virt, request.network)
    if not network.isPersistent():
        raise RequestError(_("A transient network has no stored text to edit: see update."))
    before = stored_xml(network)
    if not edit_plan(before, request.base).is_empty:
        text = _("Network {name} was changed by somebody else meanwhile; nothing was done.")
        raise RequestError(text.format(name=request.network.name))
    plan = edit_plan(before, request.xml)
    if plan.is_empty:
        return before, before, ()
    notes = _redefine(virt, network, request, plan) if plan.redefined else _apply(network, plan)
    return before, stored_xml(network), notes


def _redefine(virt: Any, network: Any, request: ask.EditNetwork, plan: EditPlan) -> tuple[str, ...]:
    """Store it all at once, then let the running network have what it takes."""
    define(virt, request.xml)
    notes = [_("Redefined: {elements}.").format(elements=", ".join(plan.redefined))]
    if network.isActive():
        for one in plan.updates:
            try:
                update(network, one, LIVE)
                notes.append(_("Live: {command} {section}.").format(**_said(one)))
            except libvirt.libvirtError as error:
                text = _("Not live, {command} {section}: {reason}")
                notes.append(text.format(reason=words_of(error), **_said(one)))
    return tuple(notes)


def _apply(network: Any, plan: EditPlan) -> tuple[str, ...]:
    """Update by update, live and stored; when one is refused, those before are taken back."""
    active = network.isActive()
    flags = (LIVE | CONFIG) if active else CONFIG
    done: list[Update] = []
    for one in plan.updates:
        try:
            update(network, one, flags)
        except libvirt.libvirtError as error:
            left = _take_back(network, done, flags)
            text = _("libvirt refused {command} {section}: {reason}")
            sentence = text.format(reason=words_of(error), **_said(one))
            raise RequestError(sentence, left) from error
        done.append(one)
    text = (
        _("Live and stored: {command} {section}.") if active else _("Stored: {command} {section}.")
    )
    return tuple(text.format(**_said(one)) for one in done)


def _take_back(network: Any, done: list[Update], flags: int) -> tuple[str, ...]:
    """Undo in reverse; what cannot be undone is said."""
    left = []
    for one in reversed(done):
        try:
            update(network, one.inverse, flags)
        except libvirt.libvirtError as error:
            text = _("This stays done: {command} {section} ({reason}).")
            left.append(text.format(reason=words_of(error), **_said(one)))
    return tuple(left)


def _said(one: Update) -> dict[str, str]:
    return {"command": one.command, "section": one.section}


def _update(virt: Any, request: ask.UpdateNetwork) -> tuple[str, str]:
    """One update; the text before and after (the stored one, if that is what changes)."""
    problem = element_problem(request.command, request.section, request.xml)
    if problem:
        raise RequestError(problem)
    network = find(virt, request.network)
    if request.live and not network.isActive():
        text = _("Network {name} is not active.")
        raise RequestError(text.format(name=request.network.name))
    if request.config and not network.isPersistent():
        text = _("Network {name} is transient: it can be changed live only.")
        raise RequestError(text.format(name=request.network.name))
    flags = (LIVE if request.live else 0) | (CONFIG if request.config else 0)
    read: Callable[[Any], str] = stored_xml if request.config else _live_xml
    before = read(network)
    one = Update(request.command, request.section, request.xml, request.parent)
    network.update(COMMANDS[one.command], SECTIONS[one.section], one.parent, one.xml, flags)
    return before, read(network)


def _live_xml(network: Any) -> str:
    return str(network.XMLDesc(0))


def _everywhere(network: Any) -> int:
    """The flags that reach every text a network has."""
    return (LIVE if network.isActive() else 0) | (CONFIG if network.isPersistent() else 0)


def _text_of(network: Any) -> str:
    return stored_xml(network) if network.isPersistent() else _live_xml(network)


def _pin(virt: Any, request: ask.PinLease) -> tuple[str, str]:
    network = find(virt, request.network)
    before = _text_of(network)
    pin = Pin(request.address, request.mac, request.duid, request.hostname)
    update(network, _or_refused(partial(pin_update, before, pin)), _everywhere(network))
    return before, _text_of(network)


def _or_refused(find_update: Callable[[], Update]) -> Update:
    try:
        return find_update()
    except (PinProblem, XmlProblem) as problem:
        raise RequestError(str(problem)) from problem


def _refuse_leased(state: HostState, request: ask.PinLease) -> None:
    network = state.networks.get(request.network.uuid)
    who = network.stranger_with(request.address, request.mac) if network and request.mac else ""
    if who:
        text = _("{address} is leased to {who} now.")
        raise RequestError(text.format(address=request.address, who=who))


def _unpin(virt: Any, request: ask.UnpinLease) -> tuple[str, str]:
    network = find(virt, request.network)
    before = _text_of(network)
    one = _or_refused(partial(unpin_update, before, request.address))
    update(network, one, _everywhere(network))
    return before, _text_of(network)


def _waits(state: HostState, uuid: str) -> bool:
    """Whether the running network is not yet what is stored."""
    network = state.networks.get(uuid)
    if network is None or not network.active or not network.persistent:
        return False
    return differs(network.xml, network.persistent_xml)
