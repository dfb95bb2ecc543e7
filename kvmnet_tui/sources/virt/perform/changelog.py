"""What was redefined, as diffs in a file of the user's: the old text is never lost."""

import os
import time
from pathlib import Path

ROTATE_BYTES = 1 << 20


def default_file() -> Path:
    """`~/.local/state/kvmnet-tui/changes.log`, or where XDG_STATE_HOME says."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(state) / "kvmnet-tui" / "changes.log"


class ChangeLog:
    """A file that diffs are appended to; when it is full, one older file is kept beside it."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file

    @property
    def file(self) -> Path:
        """Where it is; raises RuntimeError when there is no home."""
        return self._file or default_file()

    def note(self, title: str, text: str) -> str:
        """Append `text`; "" when that was done, else why not."""
        try:
            file = self.file
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if file.exists() and file.stat().st_size > ROTATE_BYTES:
                file.replace(file.with_suffix(".old"))
            opened = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            with os.fdopen(opened, "a", encoding="utf-8", errors="backslashreplace") as log:
                at = time.strftime("%Y-%m-%d %H:%M:%S%z")
                log.write(f"# {at} {title}\n{text.rstrip()}\n\n")
        except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
            return str(error)
        return ""
