"""Failovers made heard: the terminal's bell, and a desktop notice (OSC 9) where it knows these."""

from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.timeline import Kind, TimelineEntry
from kvmnet_tui.present.sentences import entry_sentence

_KINDS = {Kind.ACTIVE_MEMBER, Kind.FAILED_BACK}


def is_failover(entry: TimelineEntry) -> bool:
    """Whether a bond moved, or lost a member."""
    return entry.kind in _KINDS or (entry.kind is Kind.MEMBER_MII and entry.after == "down")


class Alerts:
    """Finds what to be rung for among the timeline's new entries."""

    def __init__(self) -> None:
        self._seen: int | None = None

    def newest(self, state: HostState) -> str:
        """The newest failover's sentence since this was asked last, "" for none."""
        timeline = state.timeline
        last = timeline[-1].serial if timeline else 0
        seen, self._seen = self._seen, last
        if seen is None or last <= seen:
            return ""
        new = timeline[-(last - seen) :]
        return next((entry_sentence(entry) for entry in reversed(new) if is_failover(entry)), "")


def ringing(sentence: str) -> str:
    """What to write on a terminal: the bell, then the notice."""
    text = "".join(letter for letter in sentence if letter.isprintable())
    return f"\a\x1b]9;{text}\x1b\\"
