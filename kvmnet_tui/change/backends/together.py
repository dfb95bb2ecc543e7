"""Several files that change together, although a power cut may come between any two of them.

Where one file alone decides, replacing it is enough. Where several must agree, their new texts are
laid beside the configuration first; then one file, a drop-in of the service that reads them, is put
in place at once: from then on every start of that service finishes the job before it reads them.
"""

from collections.abc import Sequence
from typing import Final

from kvmnet_tui.change.backends.layout import FileEdit
from kvmnet_tui.change.plan import Step, digest, remove_step, run_step, write_step
from kvmnet_tui.i18n import _

STAGE: Final = "/var/lib/kvmnet-tui/finish"
UNITS: Final = "/etc/systemd/system"


def at_once(edits: Sequence[FileEdit], service: str, then: Sequence[Step] = ()) -> tuple[Step, ...]:
    """Steps after any of which a boot finds the files exactly old or exactly new.

    `then` is carried out once all are in place. Where no systemd runs the service ("") nobody
    finishes anything: there the order alone has to do.
    """
    if len(edits) < 2 or not service:
        return (*in_order(edits), *then)
    staged = [_staged(edit) for edit in edits if edit.after is not None]
    dropin = f"{UNITS}/{service}.d/90-kvmnet-tui.conf"
    text = _dropin(edits, dropin)
    told = _("from here on {service} finishes by itself")
    return (
        *staged,
        write_step(
            dropin,
            text,
            None,
            say=told.format(service=service),
        ),
        *in_order(edits),
        *then,
        remove_step(dropin, text),
        run_step(("rm", "-rf", STAGE)),
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


def _stage(edit: FileEdit) -> str:
    """Where the new text lies meanwhile: what an earlier change left there has another name."""
    return f"{STAGE}/{digest(edit.after)}"


def _staged(edit: FileEdit) -> Step:
    return write_step(_stage(edit), edit.after or "", None, 0o600)


def _dropin(edits: Sequence[FileEdit], path: str) -> str:
    """What the service does before it starts; a second power cut in it does no harm."""
    lines = [
        f"ExecStartPre=-/usr/bin/install -m {edit.mode:o} {_stage(edit)} {_quoted(edit.path)}"
        if edit.after is not None
        else f"ExecStartPre=-/bin/rm -f {_quoted(edit.path)}"
        for edit in edits
    ]
    tidy = [f"ExecStartPre=-/bin/{words}" for words in ("sync", f"rm -f {path}", f"rm -rf {STAGE}")]
    return "\n".join(["[Service]", *lines, *tidy, ""])


def _quoted(path: str) -> str:
    """A path as one word of a command line of systemd's (systemd.service(5))."""
    for special, meant in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        path = path.replace(special, meant)
    return f'"{path}"'
