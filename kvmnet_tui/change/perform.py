"""Performs the requests about the host's own networking."""

import dataclasses
from functools import partial

from kvmnet_tui.change import folders
from kvmnet_tui.change.checks.host import only_root, under_way_sentence
from kvmnet_tui.change.facts import Guest, HostFacts
from kvmnet_tui.change.planner import LONGEST_WINDOW, PlanError, make_plan
from kvmnet_tui.change.preview import fingerprint
from kvmnet_tui.change.reader import read_facts
from kvmnet_tui.change.requests import (
    CancelChange,
    ConfirmChange,
    ExtendChange,
    ReadFacts,
    StartChange,
    UndoChange,
)
from kvmnet_tui.change.start import start, start_again
from kvmnet_tui.change.undo import undo_plan
from kvmnet_tui.i18n import _
from kvmnet_tui.model.change import FINAL, ChangeState, ChangeStatus
from kvmnet_tui.model.state import HostState
from kvmnet_tui.requests import Context, Outcome, Performers, RequestError
from kvmnet_tui.sources.threads import call_in_thread

CONFIRM_SECONDS = 90.0
CANCEL_SECONDS = 60.0


def performers() -> Performers:
    """Who performs what."""
    return {
        ReadFacts: _read_facts,
        StartChange: _start,
        ConfirmChange: _confirm,
        ExtendChange: _extend,
        CancelChange: _cancel,
        UndoChange: _undo,
    }


async def _read_facts(_request: ReadFacts, context: Context) -> Outcome:
    return Outcome(_("The configuration was read."), record=await _facts(context))


async def _facts(context: Context) -> HostFacts:
    """The host now, with what libvirt knows of it and what else is under way."""
    facts = await call_in_thread("facts", read_facts)
    changes = await call_in_thread("changes", folders.read_all)
    under_way = next((change.title for change in changes if not change.is_over), "")
    facts = dataclasses.replace(facts, under_way=under_way, may_change=folders.may_change())
    return with_libvirt(facts, context.state)


def with_libvirt(facts: HostFacts, state: HostState) -> HostFacts:
    """The facts with the guests' NICs, and with the networks that made a bridge of their own."""
    networks = {
        bridge: state.networks[key].name
        for bridge, key in state.topology.network_by_bridge.items()
        if key in state.networks and state.networks[key].forward_mode != "bridge"
    }
    guests = []
    for tap, key in state.topology.nic_by_tap.items():
        guest, link = state.guests.get(key.guest), facts.links.get(tap)
        if guest is not None and link is not None:
            guests.append(Guest(guest.name, tap, link.master))
    return dataclasses.replace(facts, guests=tuple(guests), networks=networks)


async def _start(request: StartChange, context: Context) -> Outcome:
    context.tell(_("looking at the host"))
    facts = await _facts(context)
    try:
        plan = make_plan(request.wish, facts, window=request.window)
    except PlanError as error:
        raise RequestError(error.sentence, error.details) from error
    if request.seen not in ("", fingerprint(plan)):
        raise RequestError(_("The host has changed since the preview was made: look at it again."))
    context.tell(_("measuring what works now, then trying it"))
    identifier = await call_in_thread("start", partial(start, plan))
    told = _("On trial: {title}. It is taken back unless you confirm.")
    return Outcome(told.format(title=plan.title), record=identifier)


async def _undo(request: UndoChange, context: Context) -> Outcome:
    facts = await _facts(context)
    if facts.under_way:
        raise RequestError(under_way_sentence(facts))
    try:
        plan = await call_in_thread("undo", partial(undo_plan, request.id, facts, request.window))
    except PlanError as error:
        raise RequestError(error.sentence) from error
    identifier = await call_in_thread("start", partial(start, plan))
    told = _("On trial: {title}. It is taken back unless you confirm.")
    return Outcome(told.format(title=plan.title), record=identifier)


async def _confirm(request: ConfirmChange, context: Context) -> Outcome:
    await _on_trial(request.id)
    folders.leave_verb(request.id, "confirm", anyway=request.anyway)
    context.tell(_("waiting for the guard"))
    status = await _until_decided(request.id, context, CONFIRM_SECONDS)
    if status.state is ChangeState.COMMITTED:
        problem = (status.problem,) if status.problem else ()
        return Outcome(_("Kept: {title}.").format(title=status.title), problem)
    raise RequestError(status.problem or _("It was not kept."))


async def _extend(request: ExtendChange, _context: Context) -> Outcome:
    if not 1 <= request.seconds <= LONGEST_WINDOW:
        raise RequestError(_("A trial is extended by 1 to {count} s.").format(count=LONGEST_WINDOW))
    await _on_trial(request.id)
    folders.leave_verb(request.id, "extend", seconds=request.seconds)
    return Outcome(_("{count} s more.").format(count=request.seconds))


async def _cancel(request: CancelChange, context: Context) -> Outcome:
    await _on_trial(request.id)
    folders.leave_verb(request.id, "cancel")
    context.tell(_("waiting for the guard"))
    status = await _until_decided(request.id, context, CANCEL_SECONDS)
    if status.state is ChangeState.ROLLED_BACK:
        return Outcome(_("Taken back: {title}.").format(title=status.title))
    raise RequestError(status.problem or _("It was not taken back."))


async def _on_trial(identifier: str) -> ChangeStatus:
    """The change, which must be on trial; raises RequestError."""
    if not folders.may_change():
        raise RequestError(only_root())
    status = await call_in_thread("change", partial(folders.read_status, identifier))
    if status is None:
        raise RequestError(_("There is no change called {id}.").format(id=identifier))
    if not status.guard_alive and not status.is_over:
        await call_in_thread("start", partial(start_again, identifier))
    elif status.state is not ChangeState.TRIAL:
        told = _("The change {id} is not on trial.")
        raise RequestError(told.format(id=identifier))
    return status


async def _until_decided(identifier: str, context: Context, seconds: float) -> ChangeStatus:
    """The change once the guard has done as it was told, or has said why not."""
    before = await call_in_thread("change", partial(folders.read_status, identifier))

    def decided(_state: HostState) -> bool:
        status = folders.read_status(identifier)
        if status is None or status.state in FINAL:
            return True
        is_refused = status.state is ChangeState.TRIAL and not _has_verbs(identifier)
        return is_refused and bool(status.problem)

    await context.until(decided, seconds)
    status = await call_in_thread("change", partial(folders.read_status, identifier)) or before
    if status is None:
        raise RequestError(_("There is no change called {id}.").format(id=identifier))
    return status


def _has_verbs(identifier: str) -> bool:
    return any((folders.RUN / identifier / verb).exists() for verb in ("confirm", "cancel"))
