"""A change that was kept, taken back in the same safe way: the undo is a change of its own."""

import dataclasses
import re
from typing import Any

from kvmnet_tui.change import folders
from kvmnet_tui.change.backends import nm_undo
from kvmnet_tui.change.backends.nm_findings import checkpoint_findings
from kvmnet_tui.change.choice import backend_named
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Verdict
from kvmnet_tui.change.guard.probes import COMES_WITH_THE_CHANGE
from kvmnet_tui.change.kernel import addresses_again
from kvmnet_tui.change.plan import (
    FileChange,
    Plan,
    Probe,
    Step,
    if_left,
    remove_step,
    run_step,
    write_step,
)
from kvmnet_tui.change.planner import PlanError, make_plan, window_of
from kvmnet_tui.change.wish_records import inverse, wish_of
from kvmnet_tui.change.wishes import BackendName
from kvmnet_tui.i18n import _
from kvmnet_tui.model.change import ChangeState

_LIFETIMES = re.compile(r" valid_lft \d+ preferred_lft \d+")


def undo_plan(identifier: str, facts: HostFacts, window: float = 0.0) -> Plan:
    """The plan that undoes a kept change. Raises PlanError."""
    folder = folders.folder_of(identifier)
    if folder is None:
        raise PlanError(_("There is no change called {id}.").format(id=identifier))
    done = folders.read_plan(folder)
    status = folders.read_status(identifier)
    if status is None or status.state is not ChangeState.COMMITTED:
        raise PlanError(_("Only a change that was kept can be undone."))
    if done.backend == BackendName.NM.value:
        return _with_profiles(done, facts, window)
    return _by_replay(done, facts, window)


def _with_profiles(done: Plan, facts: HostFacts, window: float) -> Plan:
    """The profiles that were set aside come back; where somebody edited one, new ones are made."""
    if not done.wish:
        raise PlanError(_("An undo cannot be undone: make the change again."))
    if any(folders.text_of(one.path) != one.after for one in done.files):
        return _by_inverse(done, facts, window)
    blocked = [one for one in checkpoint_findings(facts) if one.verdict is Verdict.BLOCKED]
    if blocked:
        raise PlanError(blocked[0].text)
    links = done.snapshot.get("links", {})
    addressed = {name for name, link in links.items() if link["addresses"]}
    return dataclasses.replace(
        _turned_round(done, window),
        trial=nm_undo.back(done.files, addressed),
        commit=nm_undo.commit(done.files, has_systemd=facts.has_systemd),
        rollback=(*nm_undo.forth(done.files), *if_left(addresses_again(done.watched, facts))),
    )


def _by_inverse(done: Plan, facts: HostFacts, window: float) -> Plan:
    wish = inverse(wish_of(done.wish))
    if wish is None:
        raise PlanError(_("This cannot be undone in one step: remove its parts one by one."))
    return make_plan(wish, facts, window=window)


def _by_replay(done: Plan, facts: HostFacts, window: float) -> Plan:
    """What was made is unmade as its rollback would have; its files become what they were."""
    files = tuple(FileChange(one.path, one.after, one.before) for one in done.files)
    for one in files:
        now = facts.files.get(one.path, folders.text_of(one.path))
        if now != one.before:
            told = _("{path} has been changed since: undo it by hand.")
            raise PlanError(told.format(path=one.path))
    backend = backend_named(BackendName(done.backend))
    client = backend.dhcp(facts)
    removed = [name for name in done.snapshot.get("links", ()) if name not in facts.links]
    asking = [step for link in done.leased if client for step in client.ask(link)]
    calling_off = [step for link in done.leased if client for step in client.end(link)]
    return dataclasses.replace(
        _turned_round(done, window),
        trial=(*(_lasting(_forced(step)) for step in done.rollback), *asking),
        commit=(
            *(_file_step(one) for one in files),
            *_reloads(done),
            *backend.settle(removed, done.own_links),
        ),
        rollback=(
            *calling_off,
            *(_forced(step) for step in done.trial if step["do"] != "wait"),
        ),
    )


def _turned_round(done: Plan, window: float) -> Plan:
    """What every undo of a change has, yet without steps."""
    return Plan(
        id="",
        title=_("Undo: {title}").format(title=done.title),
        backend=done.backend,
        window_seconds=window_of(window, done.expected_interruption_seconds),
        expected_interruption_seconds=done.expected_interruption_seconds,
        watched=done.watched,
        own_links=(),
        snapshot={},
        trial=(),
        commit=(),
        rollback=(),
        probes=tuple(_turned(one) for one in done.probes if one.kind not in COMES_WITH_THE_CHANGE),
        patience_seconds=done.patience_seconds,
        files=tuple(FileChange(one.path, one.after, one.before) for one in done.files),
        by_hand=(),
        wish={},
        uplinks=done.uplinks,
    )


def _turned(probe: Probe) -> Probe:
    """A probe that finds first what it found last."""
    if not probe.link_after:
        return probe
    return dataclasses.replace(probe, link=probe.link_after, link_after=probe.link)


def _forced(step: Step) -> dict[str, Any]:
    return {**step, "force": True} if step["do"] == "ip" else dict(step)


def _lasting(step: dict[str, Any]) -> dict[str, Any]:
    """Leases as long as they were back then say nothing now: who asks again is told anew."""
    if step["do"] != "ip":
        return step
    return {**step, "lines": [_LIFETIMES.sub("", line) for line in step["lines"]]}


def _file_step(change: FileChange) -> Step:
    if change.after is None:
        return remove_step(change.path, change.before or "")
    return write_step(change.path, change.after, change.before)


def _reloads(done: Plan) -> tuple[Step, ...]:
    """Services told of new files are told of the old ones too."""
    told = any(step["do"] == "run" and "daemon-reload" in step["argv"] for step in done.commit)
    return (run_step(("systemctl", "daemon-reload"), may_fail=True),) if told else ()
