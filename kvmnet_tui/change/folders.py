"""Where changes live: under /run while they are tried, under /var/lib what became of them."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from kvmnet_tui.change.guard.disk import write_whole
from kvmnet_tui.change.guard.host import boot_id, boottime
from kvmnet_tui.change.guard.journal import STATE
from kvmnet_tui.change.plan import Plan
from kvmnet_tui.change.preview import command_lines, diff
from kvmnet_tui.change.wish_records import wish_of
from kvmnet_tui.change.wishes import CreateBond, CreateBridge, top_device
from kvmnet_tui.i18n import _
from kvmnet_tui.model.change import FINAL, ChangeState, ChangeStatus, LogLine, ProbeStatus

RUN = Path("/run/kvmnet-tui")
KEPT = STATE


def known_ids() -> tuple[str, ...]:
    """Every change that is known, oldest first: an id begins with its time."""
    found = {path.parent.name for root in (RUN, KEPT) for path in root.glob("*/plan.json")}
    return tuple(sorted(found))


def folder_of(identifier: str) -> Path | None:
    """The folder of a change, the one under /run first."""
    for root in (RUN, KEPT):
        if identifier and "/" not in identifier and (root / identifier / "plan.json").is_file():
            return root / identifier
    return None


def read_plan(folder: Path) -> Plan:
    """The plan in a folder; ValueError or OSError when there is none."""
    return Plan.from_json((folder / "plan.json").read_text(encoding="utf-8"))


def read_journal(folder: Path) -> dict[str, Any]:
    """The journal in a folder; ValueError or OSError when there is none."""
    journal: dict[str, Any] = json.loads((folder / "journal.json").read_text(encoding="utf-8"))
    return journal


def read_all() -> tuple[ChangeStatus, ...]:
    """The state of every change, oldest first; those that cannot be read are left out."""
    return tuple(_statuses())


def _statuses() -> Iterator[ChangeStatus]:
    for identifier in known_ids():
        status = read_status(identifier)
        if status is not None:
            yield status


def read_status(identifier: str) -> ChangeStatus | None:
    """The state of one change, None when it is not there or cannot be read."""
    folder = folder_of(identifier)
    if folder is None:
        return None
    try:
        plan, journal = read_plan(folder), read_journal(folder)
        return _status(identifier, folder, plan, journal)
    except (OSError, ValueError, KeyError):
        return None


def _status(identifier: str, folder: Path, plan: Plan, journal: dict[str, Any]) -> ChangeStatus:
    status = ChangeStatus(
        id=identifier,
        title=plan.title,
        state=ChangeState(journal["state"]),
        backend=plan.backend,
        began=journal.get("created", 0.0),
        ended=journal.get("ended", 0.0),
        deadline=_deadline(journal),
        window_seconds=plan.window_seconds,
        interruption_seconds=journal.get("interruption"),
        probes=tuple(_probes(plan, journal)),
        new_login=bool(journal.get("new_login")),
        guard_alive=_is_alive(identifier, journal),
        problem=journal.get("problem") or "",
        log=tuple(LogLine(line["at"], line["text"]) for line in journal.get("log", ())),
        diff=diff(plan),
        commands=command_lines(plan),
        by_hand=plan.by_hand,
        rollback_script=str(folder / "rollback.sh") if folder.parent == RUN else "",
        top_device=_top(plan),
        can_undo=journal["state"] == ChangeState.COMMITTED,
    )
    return _after_reboot(status, plan, journal)


def _deadline(journal: dict[str, Any]) -> float:
    """When it is taken back, by today's clock: that may have been set meanwhile."""
    if "deadline" not in journal:
        return 0.0
    return time.time() + float(journal["deadline"]) - boottime()


def _probes(plan: Plan, journal: dict[str, Any]) -> Iterator[ProbeStatus]:
    before = journal.get("before") or [False] * len(plan.probes)
    now = journal.get("now") or [None] * len(plan.probes)
    for probe, had, has in zip(plan.probes, before, now, strict=False):
        what = probe.link if probe.kind == "plugged" else probe.target or probe.link
        yield ProbeStatus(probe.kind, what, bool(had), has)


def _is_alive(identifier: str, journal: dict[str, Any]) -> bool:
    """Whether the guard runs: what is dead has no command line, what took its number another."""
    try:
        command = Path("/proc", str(journal.get("guard", 0)), "cmdline").read_bytes()
    except OSError:
        return False
    return identifier.encode() in command


def _top(plan: Plan) -> str:
    try:
        wish = wish_of(plan.wish)
    except ValueError:
        return ""
    return top_device(wish) if isinstance(wish, (CreateBridge, CreateBond)) else ""


def _after_reboot(status: ChangeStatus, plan: Plan, journal: dict[str, Any]) -> ChangeStatus:
    """What a change was in the middle of when the host went down, or its guard died for good."""
    if status.state in FINAL:
        return status
    if journal.get("boot_id") == boot_id():
        if status.guard_alive or status.state is ChangeState.PREPARED:
            return status
        told = _("Its guard is gone: cancel takes the change back, confirm keeps it.")
        return replace(status, problem=told)
    if status.state is ChangeState.COMMITTING:
        return _after_half_a_commit(status, plan, journal.get("step", 0))
    return _undone(status, _("The host went down during the trial: that took it back."))


def _after_half_a_commit(status: ChangeStatus, plan: Plan, step: int) -> ChangeStatus:
    """The files tell whether the boot finished it, where it can: see `backends.together`."""
    is_now = [text_of(change.path) for change in plan.files]
    if plan.files and is_now == [change.after for change in plan.files]:
        told = _("The host went down while it was being kept; the boot finished it.")
        return replace(status, state=ChangeState.COMMITTED, problem=told, can_undo=True)
    if is_now == [change.before for change in plan.files]:
        return _undone(status, _("The host went down before it was kept: that took it back."))
    told = _("The host went down while it was being kept, after step {done} of {all}: compare the"
             " files with the differences.")  # fmt: skip
    return _undone(status, told.format(done=step, all=len(plan.commit)))


def _undone(status: ChangeStatus, problem: str) -> ChangeStatus:
    return replace(status, state=ChangeState.UNDONE_BY_REBOOT, problem=problem, deadline=0.0)


def own_checkpoints() -> frozenset[str]:
    """The paths of NetworkManager's checkpoints that belong to changes, also to failed ones."""
    found = set()
    for path in RUN.glob("*/journal.json"):
        try:
            checkpoint = read_journal(path.parent).get("checkpoint")
        except (OSError, ValueError):
            continue
        if checkpoint:
            found.add(checkpoint["path"])
    return frozenset(found)


def text_of(path: str) -> str | None:
    """A configuration file's text, None when there is none."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def leave_verb(identifier: str, verb: str, **words: Any) -> Path:
    """Tell the guard something; the path of the file that it takes away once it has read it."""
    path = RUN / identifier / verb
    write_whole(path, json.dumps(words))
    return path


def may_look() -> bool:
    """Whether this account may see the changes that there are."""
    return all(os.access(root, os.R_OK | os.X_OK) for root in (RUN, KEPT) if _is_there(root))


def _is_there(folder: Path) -> bool:
    try:
        return folder.exists()
    except PermissionError:  # a folder above it is closed to this account
        return True


def may_change() -> bool:
    """Whether this account may change the host's networking."""
    return os.geteuid() == 0
