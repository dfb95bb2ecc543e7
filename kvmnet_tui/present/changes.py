"""The Changes table: what was tried on the host's own networking, and what became of it."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from kvmnet_tui.complaint import PROGRAM
from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.change import ChangeState, ChangeStatus, LogLine, ProbeStatus
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.cells import EMPTY, UNKNOWN, bad, flagged, good, or_dash, plain, quiet
from kvmnet_tui.present.table import Cell, Column, Field, Section, Severity
from kvmnet_tui.present.units import date_time, time_ms

_STATES: Mapping[ChangeState, str] = {
    ChangeState.PREPARED: N_("starting"),
    ChangeState.ARMED: N_("starting"),
    ChangeState.APPLYING: N_("being applied"),
    ChangeState.TRIAL: N_("on trial"),
    ChangeState.COMMITTING: N_("being kept"),
    ChangeState.COMMITTED: N_("kept"),
    ChangeState.ROLLING_BACK: N_("being taken back"),
    ChangeState.ROLLED_BACK: N_("taken back"),
    ChangeState.ROLLBACK_FAILED: N_("NOT taken back"),
    ChangeState.REFUSED: N_("refused"),
    ChangeState.UNDONE_BY_REBOOT: N_("undone by a reboot"),
}
# Who keeps a change over a reboot, by the names that plans and the command line have for them.
KEEPERS: Mapping[str, str] = {
    "nm": "NetworkManager",
    "ifcfg": N_("ifcfg files"),
    "ifupdown": "ifupdown",
    "runtime": N_("nobody: a reboot forgets it"),
}
_PROBES: Mapping[str, str] = {
    "carrier": N_("carrier of {what}"),
    "forwarding": N_("port {what} forwards"),
    "mii": N_("{what} is up in its bond"),
    "lacp": N_("{what} hears its LACP partner"),
    "gateway": N_("gateway {what} answers"),
    "ping": N_("ping of gateway {what}"),
    "session": N_("way back to the SSH client {what}"),
    "dns": N_("name server {what} answers"),
    "plugged": N_("{what} is still plugged in"),
}


class ChangesView:
    """One row a change, keyed by its id, the newest first."""

    name = "changes"
    columns = (
        Column("time", N_("Time"), 19),
        Column("state", N_("State"), 18, live=True),
        Column("title", N_("Change"), 26, grow=1),
        Column("backend", N_("Kept by"), 14, priority=1),
    )

    def keys(self, state: HostState) -> Sequence[Hashable]:
        """Ids, newest first."""
        return [change.id for change in reversed(state.changes)]

    def depends_on(self, state: HostState) -> object:
        """The ids."""
        return tuple(change.id for change in state.changes)

    def cells(self, state: HostState, key: Hashable) -> tuple[Cell, ...]:
        """The row of one change."""
        change = change_of(state, key)
        if change is None:
            return (EMPTY,) * len(self.columns)
        return (
            Cell(date_time(change.began) if change.began else "-"),
            state_cell(change),
            plain(change.title),
            or_dash(keeper_name(change.backend)),
        )

    def sort_value(self, state: HostState, key: Hashable, column: str) -> Any:
        """Times by the clock, everything else as it reads."""
        change = change_of(state, key)
        if column == "time":
            return change.began if change else 0.0
        if change is None:
            return ""
        return {"state": change.state.value, "title": change.title}.get(column, change.backend)

    def detail(self, state: HostState, key: Hashable) -> tuple[Section, ...]:
        """Everything known about a change."""
        change = change_of(state, key)
        return () if change is None else (*progress_sections(change), *paper_sections(change))

    def empty_reason(self, state: HostState) -> str:
        """Nothing was changed yet, or nothing of it may be seen."""
        if state.changes_hidden:
            return _("Only root may see the changes of this host: use sudo.")
        return _(
            "Nothing has been changed yet. Press n for a bridge, b for a bond: it is tried first,"
            " and taken back by itself unless you confirm."
        )


def change_of(state: HostState, key: Hashable) -> ChangeStatus | None:
    """The change with this id."""
    return next((change for change in state.changes if change.id == key), None)


def keeper_word(name: str) -> str:
    """Who keeps a change, in the user's words."""
    return _(KEEPERS.get(name, name))


def keeper_name(name: str) -> str:
    """The same, for a narrow column."""
    return _("nobody") if name == "runtime" else keeper_word(name)


def state_word(state: ChangeState) -> str:
    """A state in the user's words."""
    return _(_STATES[state])


def state_cell(change: ChangeStatus) -> Cell:
    """The state with its sign."""
    word = state_word(change.state)
    if change.state is ChangeState.COMMITTED:
        return good(word)
    if change.state is ChangeState.ROLLBACK_FAILED:
        return bad(word)
    return quiet(word) if change.is_over else flagged(word)


def advice(change: ChangeStatus) -> tuple[Section, ...]:
    """What to do now, in a sentence or two."""
    lines = _advice_lines(change)
    return (Section("", rows=tuple((line,) for line in lines)),) if lines else ()


def _advice_lines(change: ChangeStatus) -> tuple[Cell, ...]:
    if change.state is ChangeState.ROLLBACK_FAILED:
        told = _("Not all of it could be taken back. At a console run: sh {script}")
        return (Cell(told.format(script=change.rollback_script), Severity.ERROR),)
    if change.state is not ChangeState.TRIAL:
        return ()
    if change.new_login:
        told = _("A new login was seen: new sessions work. Press k to keep the change.")
        return (Cell(told, Severity.OK),)
    there = _("Should this session be lost, run there: {command}")
    command = " ".join((PROGRAM, "change", "confirm"))
    return (
        Cell(_("Open a new SSH session to this host now: once it is seen, press k to keep the"
               " change."), Severity.ACCENT),
        Cell(there.format(command=command)),
    )  # fmt: skip


def progress_sections(change: ChangeStatus) -> tuple[Section, ...]:
    """How it is going: state, probes, the proof by a new login, the journal."""
    probes = tuple((probe_cell(probe), Cell(probe_text(probe))) for probe in change.probes)
    log = tuple((Cell(time_ms(one.at), Severity.DIM), plain(_said(one))) for one in change.log)
    return (
        Section(change.title, tuple(_fields(change))),
        Section(_("Probes"), header=(_("Result"), _("Probe")), rows=probes),
        Section(_("Journal"), header=(_("Time"), _("What happened")), rows=log),
    )


def _said(line: LogLine) -> str:
    """A line of the journal; a state that the guard enters is said as everywhere else."""
    return _(_STATES[ChangeState(line.text)]) if line.text in set(ChangeState) else line.text


def _fields(change: ChangeStatus) -> list[Field]:
    fields = [Field(_("State"), state_cell(change))]
    if change.problem:
        fields.append(Field(_("Problem"), flagged(change.problem)))
    proof = good(_("seen")) if change.new_login else quiet(_("not seen yet"))
    fields.append(Field(_("New login"), proof))
    if change.interruption_seconds is not None:
        told = _("{seconds} ms").format(seconds=round(1000 * change.interruption_seconds))
        fields.append(Field(_("Interruption"), Cell(told)))
    if change.backend:
        fields.append(Field(_("Kept by"), plain(keeper_word(change.backend))))
    if change.rollback_script and (
        not change.is_over or change.state is ChangeState.ROLLBACK_FAILED
    ):
        fields.append(Field(_("Undo from a console"), plain(change.rollback_script)))
    return fields


def probe_text(probe: ProbeStatus) -> str:
    """What a probe asks."""
    message = _(_PROBES.get(probe.kind, "{what}"))
    return message.format(what=probe.what)


def probe_cell(probe: ProbeStatus) -> Cell:
    """Whether it passes, and whether it ever did."""
    if not probe.before:
        return quiet(_("failed before too"))
    if probe.now is None:
        return UNKNOWN
    return good(_("passes")) if probe.now else bad(_("FAILS"))


def paper_sections(change: ChangeStatus) -> tuple[Section, ...]:
    """What was done: files, commands, how to undo it by hand."""
    return (
        Section(_("Files"), text=change.diff or _("none: a reboot forgets it"), language="diff"),
        Section(_("Commands"), text="\n".join(change.commands)),
        Section(_("Undo by hand"), text="\n".join(change.by_hand)),
    )
