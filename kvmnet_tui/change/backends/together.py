"""Several files that change together, although a power cut may come between any two of them.

Where one file alone decides, replacing it is enough. Where several must agree, their new texts are
laid beside the configuration first; then one file, a drop-in of the service that reads them, is put
in place at once: from then on every start of that service finishes the job before it reads them.
"""

from collections.abc import Sequence
from typing import Final

from kvmnet_tui.change.backends.layout import FileEdit
from kvmnet_tui.change.plan import Step, remove_step, run_step, write_step

STAGE: Final = "/var/lib/kvmnet-tui/finish"
UNITS: Final = "/etc/systemd/system"


def at_once(edits: Sequence[FileEdit], service: str) -> tuple[Step, ...]:
    """Steps after any of which a boot finds the files exactly old or exactly new."""
    if len(edits) < 2:
        return in_order(edits)
    staged = [_staged(number, edit) for number, edit in _kept(edits)]
    dropin = f"{UNITS}/{service}.d/90-kvmnet-tui.conf"
    text = _dropin(edits, dropin)
    return (
        *staged,
        write_step(dropin, text, None, say=f"from here on {service} finishes by itself"),
        *in_order(edits),
        remove_step(dropin, text),
        *(remove_step(_stage(number), edit.after or "") for number, edit in _kept(edits)),
        run_step(("systemctl", "daemon-reload"), may_fail=True),
    )


def in_order(edits: Sequence[FileEdit]) -> tuple[Step, ...]:
    """One step a file."""
    return tuple(
        write_step(edit.path, edit.after, edit.before, edit.mode)
        if edit.after is not None
        else remove_step(edit.path, edit.before or "")
        for edit in edits
    )


def in_words(edits: Sequence[FileEdit]) -> tuple[str, ...]:
    """How an administrator would take the edits back."""
    made = [f"rm {edit.path}" for edit in edits if edit.before is None]
    kept = [edit.path for edit in edits if edit.before is not None]
    return (*made, *(f"put {path} back as the diff shows it" for path in kept))


def _kept(edits: Sequence[FileEdit]) -> list[tuple[int, FileEdit]]:
    return [(number, edit) for number, edit in enumerate(edits) if edit.after is not None]


def _stage(number: int) -> str:
    return f"{STAGE}/{number}"


def _staged(number: int, edit: FileEdit) -> Step:
    return write_step(_stage(number), edit.after or "", None, 0o600)


def _dropin(edits: Sequence[FileEdit], path: str) -> str:
    """What the service does before it starts; a second power cut in it does no harm."""
    lines = [
        f"ExecStartPre=-/usr/bin/install -m {edit.mode:o} {_stage(number)} {edit.path}"
        if edit.after is not None
        else f"ExecStartPre=-/bin/rm -f {edit.path}"
        for number, edit in enumerate(edits)
    ]
    stages = " ".join(_stage(number) for number, _edit in _kept(edits))
    tidy = ["ExecStartPre=-/bin/sync", f"ExecStartPre=-/bin/rm -f {path} {stages}"]
    return "\n".join(["[Service]", *lines, *tidy, ""])
