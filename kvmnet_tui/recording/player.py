"""Reads a recording and gives its pictures one after the other, forward and back."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kvmnet_tui.codec import CodecError
from kvmnet_tui.i18n import _
from kvmnet_tui.model.replay import ReplayMoment
from kvmnet_tui.model.state import HostState
from kvmnet_tui.recording.format import FORMAT, VERSION, changed, state_of


class RecordingError(Exception):
    """Why nothing of a recording can be shown, in one translated sentence."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    at: float
    record: dict[str, Any]

    @property
    def is_whole(self) -> bool:
        return "state" in self.record


class Recording:
    """A recording that was read. `trouble` says in a sentence what of it cannot be shown, or ""."""

    def __init__(self, lines: list[_Line], host: str, trouble: str) -> None:
        self.host = host
        self.trouble = trouble
        self._lines = lines
        self._position = -1
        self._state = HostState(host=host)

    def __len__(self) -> int:
        return len(self._lines)

    def at(self, position: int) -> float:
        """When the picture at `position` (from 0) was recorded."""
        return self._lines[position].at

    def picture(self, position: int) -> HostState:
        """The picture at `position`; cheap for the next one and for complete ones."""
        begin = position
        while not self._lines[begin].is_whole and begin != self._position + 1:
            begin -= 1
        state = self._state
        for line in self._lines[begin : position + 1]:
            state = _applied(state, line)
        self._position, self._state = position, state
        moment = ReplayMoment(self.at(position), position + 1, len(self))
        return replace(state, replay=moment)


def _applied(state: HostState, line: _Line) -> HostState:
    if line.is_whole:
        return state_of(line.record["state"])
    return changed(state, line.record["changes"], line.at)


def load(path: Path) -> Recording:
    """Read a recording, as far as it can be read. RecordingError when that is not at all."""
    try:
        text = path.read_bytes().decode(errors="replace")
    except OSError as error:
        told = _("{path} cannot be read: {reason}")
        raise RecordingError(told.format(path=path, reason=error.strerror or error)) from error
    first, *rest = text.split("\n")
    host = _host(path, first)
    is_cut = bool(rest) and rest[-1] != ""
    lines, damaged = _lines(rest if is_cut else rest[:-1])
    if not lines:
        told = _("{path} holds no picture that can be shown.")
        raise RecordingError(told.format(path=path))
    return Recording(lines, host, _trouble(damaged, len(rest) + 1 if is_cut else 0))


def _host(path: Path, line: str) -> str:
    head = _parsed(line)
    if head is None or head.get("format") != FORMAT:
        raise RecordingError(_("{path} is no recording of kvmnet-tui.").format(path=path))
    if head.get("version") != VERSION:
        told = _("{path} is of version {version}; this program plays version {own}.")
        raise RecordingError(told.format(path=path, version=head.get("version"), own=VERSION))
    return str(head.get("host", ""))


def _lines(texts: list[str]) -> tuple[list[_Line], list[int]]:
    """The lines that can be shown, and the numbers of the damaged ones.

    After a damaged line all is left out until a picture is complete again.
    """
    lines: list[_Line] = []
    damaged: list[int] = []
    state: HostState | None = None
    for number, text in enumerate(texts, 2):
        record = _parsed(text)
        at = record.get("at") if record else None
        is_line = record is not None and isinstance(at, int | float)
        if not is_line or record is None or not {"state", "changes"} & record.keys():
            damaged.append(number)
            state = None
            continue
        line = _Line(number, float(at or 0.0), record)
        if state is None and not line.is_whole:
            continue
        try:
            state = _applied(state or HostState(), line)
        except CodecError:
            damaged.append(number)
            state = None
            continue
        lines.append(line)
    return lines, damaged


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _trouble(damaged: list[int], cut: int) -> str:
    if cut and damaged == [cut]:
        told = _("The recording breaks off in line {number}: all that came before is shown.")
        return told.format(number=cut)
    if damaged:
        told = _(
            "Line {number} of the recording is damaged: what follows it, up to the next complete "
            "picture, is left out."
        )
        return told.format(number=damaged[0])
    return ""
