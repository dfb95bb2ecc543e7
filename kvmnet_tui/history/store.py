"""Files of the history: one of failovers, a line of JSON each, and three for every drill's report.

Whoever rotates the failovers' file from outside does no harm: it is opened anew for every line.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from kvmnet_tui.codec import CodecError, decode, encode
from kvmnet_tui.model.drill import DrillReport
from kvmnet_tui.model.failovers import Failover

VERSION = 1
FILE = "failovers.jsonl"
DRILLS = "drills"
ROTATE_BYTES = 1 << 20
KEPT_FILES = 5  # with the one that is written
ROOTS_FOLDER = Path("/var/lib/kvmnet-tui")
FOLDER_VARIABLE = "KVMNET_TUI_STATE"


def state_folder() -> Path:
    """Where this user's history is kept."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen)
    if os.geteuid() == 0:
        return ROOTS_FOLDER
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local/state") / "kvmnet-tui"


class History:
    """The history in a folder. Everything here blocks; OSError when a file cannot be written."""

    def __init__(self, folder: Path, *, rotate_bytes: int = ROTATE_BYTES) -> None:
        self.folder = folder
        self._rotate_bytes = rotate_bytes
        self._lock: int | None = None

    # Failovers.

    def append(self, failover: Failover) -> None:
        """Add what is known of a failover; the last line about one holds."""
        self._make_folder(self.folder)
        self._rotate()
        line = json.dumps({"version": VERSION, "failover": encode(failover)}, ensure_ascii=False)
        with (self.folder / FILE).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def failovers(self) -> tuple[Failover, ...]:
        """Every failover kept, oldest first; lines that cannot be read are passed over."""
        found: dict[str, Failover] = {}
        for line in self._lines():
            failover = _failover(line)
            if failover is not None:
                found[failover.key] = failover
        return tuple(sorted(found.values(), key=lambda one: one.at))

    def _lines(self) -> Iterator[str]:
        for path in reversed(self._files):
            with suppress(OSError):
                yield from path.read_text(encoding="utf-8", errors="replace").splitlines()

    @property
    def _files(self) -> tuple[Path, ...]:
        """The one that is written first, then older and older ones."""
        older = (self.folder / f"{FILE}.{number}" for number in range(1, KEPT_FILES))
        return (self.folder / FILE, *older)

    def _rotate(self) -> None:
        files = self._files
        with suppress(FileNotFoundError):
            if files[0].stat().st_size < self._rotate_bytes:
                return
            for older, newer in zip(files[:0:-1], files[-2::-1], strict=True):
                with suppress(FileNotFoundError):
                    newer.replace(older)

    def is_recorder(self) -> bool:
        """Whether it is for this process to record: the first one that asks is the one."""
        if self._lock is None:
            self._make_folder(self.folder)
            descriptor = os.open(self.folder / "recorder.lock", os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            self._lock = descriptor
        return True

    def close(self) -> None:
        """Leave recording to others."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # Drills.

    def keep_report(self, report: DrillReport, text: str, svg: str) -> Path:
        """Keep a drill's report in three forms; the folder and name without an ending."""
        folder = self.folder / DRILLS
        self._make_folder(folder)
        path = folder / report.name
        record = {"version": VERSION, "drill": encode(report)}
        _write(path.with_suffix(".json"), json.dumps(record, ensure_ascii=False, indent=1))
        _write(path.with_suffix(".txt"), text)
        _write(path.with_suffix(".svg"), svg)
        return path

    def reports(self) -> tuple[DrillReport, ...]:
        """Every drill's report, oldest first."""
        found = map(_report, sorted((self.folder / DRILLS).glob("*.json")))
        return tuple(sorted(filter(None, found), key=lambda report: report.began))

    @staticmethod
    def _make_folder(folder: Path) -> None:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)


def merged(histories: Iterable[tuple[Failover, ...]]) -> tuple[Failover, ...]:
    """Several histories as one."""
    found = {one.key: one for history in histories for one in history}
    return tuple(sorted(found.values(), key=lambda one: one.at))


def _write(path: Path, text: str) -> None:
    """All or nothing."""
    waiting = path.with_name(f".{path.name}.new")
    waiting.write_text(text, encoding="utf-8")
    waiting.replace(path)


def _failover(line: str) -> Failover | None:
    record = _record(line)
    try:
        failover: Failover = decode(Failover, record["failover"])
    except (CodecError, KeyError):
        return None
    return failover


def _report(path: Path) -> DrillReport | None:
    try:
        record = _record(path.read_text(encoding="utf-8", errors="replace"))
        report: DrillReport = decode(DrillReport, record["drill"])
    except (OSError, CodecError, KeyError):
        return None
    return report


def _record(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except ValueError:
        return {}
    return record if isinstance(record, dict) and record.get("version") == VERSION else {}
