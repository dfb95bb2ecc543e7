"""The journal: every state is in it before it is acted on."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any

from .disk import write_whole
from .host import Data

STATE = Path("/var/lib/kvmnet-tui/changes")
RESERVE = "reserve"  # a file that gives way when the disk is full
RESERVE_BYTES = 256 * 1024

PREPARED, ARMED, APPLYING, TRIAL = "prepared", "armed", "applying", "trial"
COMMITTING, COMMITTED = "committing", "committed"
ROLLING_BACK, ROLLED_BACK, ROLLBACK_FAILED = "rolling-back", "rolled-back", "rollback-failed"
REFUSED = "refused"
FINAL = frozenset({COMMITTED, ROLLED_BACK, ROLLBACK_FAILED, REFUSED})


class Journal:
    """What has happened, on the disk before anything else happens."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "journal.json"
        self._copy = STATE / folder.name / "journal.json"
        self.data: Data = json.loads(self._path.read_text())

    def __getitem__(self, key: str) -> Any:
        return self.data.get(key)

    @property
    def state(self) -> str:
        return str(self.data["state"])

    def enter(self, state: str, **values: Any) -> None:
        """Another state; `values` go with it."""
        self.data.update(values, state=state)
        if state in FINAL:
            self.data["ended"] = time.time()
        self.note(state)

    def note(self, text: str) -> None:
        """One more line of the log."""
        self.data.setdefault("log", []).append({"at": time.time(), "text": text})
        self.save()

    def save(self, **values: Any) -> None:
        """Write it down; the copy that outlives a reboot is welcome but not necessary.

        Whatever the disk says, the change goes on: a host is never left as it is for want of space.
        """
        self.data.update(values)
        text = json.dumps(self.data, ensure_ascii=False)
        try:
            write_whole(self._path, text)
        except OSError:
            with contextlib.suppress(OSError):
                (self._path.parent / RESERVE).unlink()
                write_whole(self._path, text)
        if self._copy.parent.is_dir():
            with contextlib.suppress(OSError):
                write_whole(self._copy, text)
