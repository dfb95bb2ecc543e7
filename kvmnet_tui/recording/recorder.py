"""Writes a recording while the host is followed."""

import json
import os
import time
from pathlib import Path
from typing import Any

from kvmnet_tui.model.state import HostState
from kvmnet_tui.recording.format import difference, header, whole

WHOLE_EVERY_LINES = 1_000
WHOLE_EVERY_SECONDS = 600.0
SYNC_SECONDS = 5.0


class Recorder:
    """Appends pictures to a file. Everything here blocks; OSError when it cannot be written.

    The file appears under its name with the first picture complete in it, not before.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._waiting = path.with_name(f".{path.name}.{os.getpid()}.new")
        self._file = self._waiting.open("x", encoding="utf-8")
        self._before: HostState | None = None
        self._whole_at = 0.0
        self._lines_since_whole = 0
        self._synced_at = 0.0

    def take(self, state: HostState, at: float) -> None:
        """The next picture, seen at seconds since the epoch."""
        if self._before is None:
            self._write(header(state.host, at))
            self._write_whole(state, at)
            self._appear()
        elif self._is_whole_due(at):
            self._write_whole(state, at)
        elif changes := difference(self._before, state):
            self._write({"at": at, "changes": changes})
            self._lines_since_whole += 1
        self._before = state
        self._sync_sometimes()

    def _is_whole_due(self, at: float) -> bool:
        old = at - self._whole_at > WHOLE_EVERY_SECONDS
        return old or self._lines_since_whole >= WHOLE_EVERY_LINES

    def _write_whole(self, state: HostState, at: float) -> None:
        self._write({"at": at, "state": whole(state)})
        self._whole_at = at
        self._lines_since_whole = 0

    def _write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._file.flush()
        self.lines += 1

    def _appear(self) -> None:
        os.fsync(self._file.fileno())
        self._waiting.replace(self.path)

    def _sync_sometimes(self) -> None:
        if time.monotonic() - self._synced_at > SYNC_SECONDS:
            os.fsync(self._file.fileno())
            self._synced_at = time.monotonic()

    def close(self) -> None:
        """End the recording; one without a picture leaves nothing behind."""
        self._file.close()
        self._waiting.unlink(missing_ok=True)
