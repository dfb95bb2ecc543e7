"""The Events table: one timeline of what kernel, bonding driver and libvirt did."""

from collections.abc import Hashable, Sequence
from typing import Any

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.timeline import TimelineEntry
from kvmnet_tui.present.cells import EMPTY, plain
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.sentences import entry_sentence, entry_severity, origin_word
from kvmnet_tui.present.table import Cell, Column, Field, Section, Severity
from kvmnet_tui.present.units import iso_time, time_ms


class EventsView:
    """One row an entry, keyed by its serial, the newest last."""

    name = "events"
    columns = (
        Column("time", N_("Time"), 12),
        Column("origin", N_("Origin"), 8, priority=1),
        Column("what", N_("What happened"), 40, grow=1),
    )

    def keys(self, state: HostState) -> Sequence[Hashable]:
        """Serials, oldest first."""
        return [entry.serial for entry in state.timeline]

    def depends_on(self, state: HostState) -> object:
        """The first and the last serial; entries never change."""
        timeline = state.timeline
        return (timeline[0].serial, timeline[-1].serial) if timeline else None

    def cells(self, state: HostState, key: Hashable) -> tuple[Cell, ...]:
        """The row of one entry."""
        entry = _entry(state, key)
        if entry is None:
            return (EMPTY,) * len(self.columns)
        severity = entry_severity(entry)
        return (
            Cell(time_ms(entry.at)),
            Cell(origin_word(entry.origin), Severity.DIM),
            Cell(_marked(entry_sentence(entry), severity), severity),
        )

    def sort_value(self, state: HostState, key: Hashable, column: str) -> Any:
        """Times by the clock, everything else as it reads."""
        entry = _entry(state, key)
        if column == "time":
            return (entry.at, entry.serial) if entry else (0.0, 0)
        if entry is None:
            return ""
        return origin_word(entry.origin) if column == "origin" else entry_sentence(entry)

    def detail(self, state: HostState, key: Hashable) -> tuple[Section, ...]:
        """Every part of the entry."""
        entry = _entry(state, key)
        if entry is None:
            return ()
        parts = (
            (_("Event"), entry.kind.value),
            (_("Subject"), entry.subject),
            (_("Other"), entry.other),
            (_("Before"), entry.before),
            (_("After"), entry.after),
        )
        fields = (
            Field(_("What happened"), Cell(entry_sentence(entry), entry_severity(entry))),
            Field(_("Time"), Cell(iso_time(entry.at))),
            Field(_("Origin"), Cell(origin_word(entry.origin))),
            *(Field(label, plain(value)) for label, value in parts if value),
            Field(_("Count"), Cell(str(entry.count))),
        )
        return (Section(_("Event"), fields),)

    def empty_reason(self, _state: HostState) -> str:
        """Nothing happened yet."""
        return _("Nothing has happened since the program started.")


def _entry(state: HostState, key: Hashable) -> TimelineEntry | None:
    """Serials follow each other without a gap, so that an entry's place is known."""
    if not isinstance(key, int) or not state.timeline:
        return None
    position = key - state.timeline[0].serial
    if not 0 <= position < len(state.timeline):
        return None
    return state.timeline[position]


def _marked(sentence: str, severity: Severity) -> str:
    if severity in {Severity.WARNING, Severity.ERROR}:
        return f"{glyphs().warning} {sentence}"
    return sentence
