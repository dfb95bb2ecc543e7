"""`kvmnet-tui change VERB`: what is on trial on this host, and what became of earlier changes."""

import argparse
import dataclasses
import time
from collections.abc import Sequence
from typing import Any

from kvmnet_tui.change import folders
from kvmnet_tui.change.requests import CancelChange, ConfirmChange, ExtendChange, UndoChange
from kvmnet_tui.commands.shop import (
    DONE,
    REFUSED,
    Shop,
    confirmed,
    finish,
    print_json,
    print_lines,
    refuse,
    tell,
)
from kvmnet_tui.complaint import PROGRAM, complain
from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.change import ChangeState, ChangeStatus
from kvmnet_tui.present.changes import keeper_name, paper_sections, progress_sections, state_cell
from kvmnet_tui.present.listing import section_lines, table_lines, unpainted
from kvmnet_tui.present.table import Cell, Column
from kvmnet_tui.present.units import iso_time
from kvmnet_tui.requests import Outcome, Request, RequestError

Said = argparse.Namespace

_COLUMNS = (
    Column("id", N_("Id"), 0),
    Column("state", N_("State"), 0),
    Column("backend", N_("Kept by"), 0),
    Column("title", N_("Change"), 0),
)


def add_arguments(parser: argparse.ArgumentParser, options: argparse.ArgumentParser) -> None:
    """The verbs."""
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar=_("VERB"), title=_("what to do")
    )

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(
            name, parents=[options], allow_abbrev=False, help=text, description=text
        )
        if name != "list":
            made.add_argument("id", nargs="?", default="", metavar=_("ID"), help=_("which change"))
        made.add_argument("--json", dest="as_json", action="store_true", help=_("print JSON"))
        return made

    verb("list", _("print what is on trial and what became of earlier changes"))
    verb("show", _("print everything about a change"))
    confirm = verb("confirm", _("keep what is on trial"))
    confirm.add_argument(
        "--anyway", action="store_true", help=_("also without a new login as the proof")
    )
    extend = verb("extend", _("give the trial more time"))
    extend.add_argument("--seconds", type=int, default=60, metavar=_("N"), help=_("60 if not said"))
    verb("cancel", _("take back what is on trial"))
    undo = verb("undo", _("undo a change that was kept, in the same safe way"))
    undo.add_argument(
        "--window", type=int, default=0, metavar=_("SECONDS"), help=_("time to confirm")
    )
    undo.add_argument("--yes", action="store_true", help=_("do not ask"))


def run(said: Said, shop: Shop) -> int:
    """Do what was said; the exit status."""
    try:
        if said.verb == "list":
            return _list(said)
        status = _chosen(said)
    except RequestError as error:
        return refuse(error)
    if said.verb == "show":
        return _show(status, said)
    if said.verb == "undo":
        return _undo(status, said, shop)
    request = _request(status, said)
    return finish(lambda: _done(request, status, shop), as_json=said.as_json)


def _done(request: Request, status: ChangeStatus, shop: Shop) -> Outcome:
    """What became of it, with the change as it is then."""
    outcome = shop.ask(lambda _state: request, needs=())
    now = folders.read_status(status.id) or status
    return dataclasses.replace(outcome, record=record_of(now))


def _request(status: ChangeStatus, said: Said) -> Request:
    if said.verb == "confirm":
        return ConfirmChange(status.id, anyway=said.anyway)
    if said.verb == "extend":
        return ExtendChange(status.id, said.seconds)
    return CancelChange(status.id)


def _chosen(said: Said) -> ChangeStatus:
    """The change that is meant: the one named, else the one under way, else the last."""
    changes = _all_changes()
    if said.id:
        found = next((one for one in changes if one.id == said.id), None)
        if found is None:
            raise RequestError(
                _("There is no change called {id}.").format(id=said.id), _known(changes)
            )
        return found
    under_way = [one for one in changes if not one.is_over]
    if said.verb in ("confirm", "extend", "cancel") and not under_way:
        raise RequestError(_("No change is on trial."), _last(changes))
    if said.verb == "undo" and not any(one.can_undo for one in changes):
        raise RequestError(_("There is no change that was kept."))
    if not changes:
        raise RequestError(_("Nothing has been changed yet."))
    if said.verb == "undo":
        return [one for one in changes if one.can_undo][-1]
    return (under_way or list(changes))[-1]


def _all_changes() -> tuple[ChangeStatus, ...]:
    if not folders.may_look():
        raise RequestError(_("Only root may see the changes of this host: use sudo."))
    return folders.read_all()


def _known(changes: Sequence[ChangeStatus]) -> tuple[str, ...]:
    """What an id that is none may have meant."""
    return tuple(map(_line, changes[-5:]))


def _last(changes: Sequence[ChangeStatus]) -> tuple[str, ...]:
    """What became of the last one: taken back too soon, or kept by somebody else."""
    return (_("The last one: {change}").format(change=_line(changes[-1])),) if changes else ()


def _line(status: ChangeStatus) -> str:
    return f"{status.id}  {_state(status)}  {status.title}"


def _state(status: ChangeStatus) -> str:
    left = _seconds_left(status)
    told = "" if left is None else _(", {seconds} s left").format(seconds=round(left))
    return state_cell(status).text + told


def _list(said: Said) -> int:
    changes = _all_changes()
    if said.as_json:
        print_json([record_of(one) for one in changes])
        return DONE
    if not changes:
        complain(_("Nothing has been changed yet."))
        return DONE
    rows = [
        (Cell(one.id), Cell(_state(one)), Cell(keeper_name(one.backend)), Cell(one.title))
        for one in changes
    ]
    print_lines(table_lines(_COLUMNS, rows))
    return DONE


def _show(status: ChangeStatus, said: Said) -> int:
    if said.as_json:
        print_json(record_of(status))
    else:
        sections = (*progress_sections(status), *paper_sections(status))
        print_lines((*section_lines(sections, unpainted), "", *_next_steps(status)))
    return DONE


def _next_steps(status: ChangeStatus) -> tuple[str, ...]:
    """What can be done about it now."""
    match status.state:
        case ChangeState.TRIAL:
            left = round(_seconds_left(status) or 0)
            return (
                _("It is taken back in {seconds} s unless it is kept:").format(seconds=left),
                *_ways_on(status.id),
                _("More time: {command}").format(command=_command("extend", status.id)),
            )
        case ChangeState.COMMITTED:
            return (_("To undo it: {command}").format(command=_command("undo", status.id)),)
        case ChangeState.ROLLBACK_FAILED:
            script = status.rollback_script or "rollback.sh"
            return (_("Put it right from a console: {command}").format(command=f"sh {script}"),)
        case _:
            return ()


def _undo(status: ChangeStatus, said: Said, shop: Shop) -> int:
    if not said.yes and not confirmed(_("Undo “{title}”?").format(title=status.title)):
        return REFUSED
    request = UndoChange(status.id, said.window)
    try:
        outcome = shop.ask(lambda _state: request, needs=())
    except RequestError as error:
        return refuse(error)
    identifier = outcome.record
    details, record = how_to_go_on(identifier), {"id": identifier}
    tell(dataclasses.replace(outcome, details=details, record=record), as_json=said.as_json)
    return DONE


def how_to_go_on(identifier: str) -> tuple[str, ...]:
    """What to do once a trial has begun."""
    status = folders.read_status(identifier)
    seconds = round(status.window_seconds) if status else 0
    return (
        _(
            "Log in anew, which proves that new sessions work, and there, within {seconds} s:"
        ).format(seconds=seconds),
        *_ways_on(identifier),
    )


def _ways_on(identifier: str) -> tuple[str, ...]:
    return (
        _command("confirm", identifier),
        _("To take it back now: {command}").format(command=_command("cancel", identifier)),
    )


def _command(verb: str, identifier: str) -> str:
    return " ".join((PROGRAM, "change", verb, identifier))


def record_of(status: ChangeStatus) -> dict[str, Any]:
    """A change as JSON."""
    record = dataclasses.asdict(status)
    for name in ("began", "ended", "deadline"):
        record[name] = iso_time(record[name]) if record[name] else None
    record["seconds_left"] = _seconds_left(status)
    record["log"] = [{"time": iso_time(one.at), "text": one.text} for one in status.log]
    record["state"] = status.state.value
    return record


def _seconds_left(status: ChangeStatus) -> float | None:
    if status.state is not ChangeState.TRIAL:
        return None
    return round(max(0.0, status.deadline - time.time()), 1)
