"""What somebody else did meanwhile to the files that a change is about."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from .disk import digest_of, digest_of_text
from .host import Data
from .texts import _


class Meddling:
    """The files that are no longer what the plan was made for, or what the trial made of them."""

    def __init__(self, plan: Data) -> None:
        tried = {step["path"]: step for step in plan["trial"] if step["do"] == "write"}
        changed = [
            step
            for step in first_steps(plan["commit"])
            if step["path"] not in tried and _is_other(step["path"], step["before"])
        ]
        self.theirs = [step["path"] for step in changed if step["before"] is not None]
        new = [step["path"] for step in changed if step["before"] is None]
        edited = (
            path
            for path, step in tried.items()
            if _is_other(path, None) and _is_other(path, digest_of_text(step["text"]))
        )
        self.ours = [*new, *edited]

    def in_words(self, folder: Path) -> str:
        """What a rollback makes of it: theirs stays as it is, of what was ours a copy is kept."""
        sentences = []
        if self.theirs:
            told = _("Somebody else changed {files} meanwhile: what is there now holds.")
            sentences.append(told.format(files=", ".join(self.theirs)))
        if self.ours:
            told = _("Somebody else changed {files} meanwhile: copies are in {folder}.")
            sentences.append(told.format(files=", ".join(self.ours), folder=folder))
        return " ".join(sentences)

    def keep_copies(self, folder: Path) -> None:
        """Ours go with the trial, and whatever somebody wrote there shall not be lost."""
        for path in map(Path, self.ours):
            with contextlib.suppress(OSError):
                shutil.copy(path, folder / f"theirs-{path.name}")


def first_steps(steps: list[Data]) -> Iterator[Data]:
    """The first step about each file: what a later one finds is the work of those before it."""
    seen = set()
    for step in steps:
        if step["do"] in ("write", "remove") and step["path"] not in seen:
            seen.add(step["path"])
            yield step


def _is_other(path: str, digest: str | None) -> bool:
    """Whether a file is not this one; of one that cannot be read nobody knows."""
    try:
        return digest_of(Path(path)) != digest
    except OSError:
        return False
