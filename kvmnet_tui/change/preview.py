"""A plan as its user reads it before it is carried out: commands and differences."""

import difflib
import re
import shlex
from collections.abc import Iterator

from kvmnet_tui.change.plan import FileChange, Plan, Step, digest
from kvmnet_tui.i18n import _


def command_lines(plan: Plan) -> tuple[str, ...]:
    """What the trial does and what keeping it does, as commands, a line each."""
    lines = [
        _("# the trial"),
        *_last_resort(plan),
        *(line for step in plan.trial for line in step_lines(step)),
    ]
    kept = [line for step in plan.commit for line in step_lines(step)]
    if kept:
        lines += [_("# once it is confirmed"), *kept]
    return tuple(lines)


def _last_resort(plan: Plan) -> Iterator[str]:
    if plan.uplinks:
        told = _("# NetworkManager's own checkpoint of {links}, the last resort")
        yield told.format(links=", ".join(plan.uplinks))


def step_lines(step: Step) -> Iterator[str]:
    """A step in the words of a shell; what no shell can do as a comment."""
    match step["do"]:
        case "ip":
            yield from (f"ip {line}" for line in step["lines"])
        case "run":
            said = f"echo {shlex.quote(step['text'].rstrip())} | " if step["text"] else ""
            yield said + shlex.join(step["argv"])
        case "end":
            yield f"kill -9 $(cat {shlex.quote(step['pid_file'])})"
        case "set":
            yield f"echo {shlex.quote(step['text'])} > {step['path']}"
        case "remove":
            yield f"rm {step['path']}"
        case "announce":
            yield from (f"arping -U -c 2 -I {step['link']} {one}" for one in step["addresses"])
        case "arp":
            yield f"arping -D -c 3 -I {step['link']} {step['target']}"
        case "lease":
            yield f"nmcli --wait {step['seconds']:g} connection up uuid {step['uuid']}"
        case _:
            yield f"# {step['say']}"


def diff(plan: Plan) -> str:
    """The configuration files' differences as one patch, "" when none changes."""
    return "".join(_file_diff(change) for change in plan.files).rstrip("\n")


def _file_diff(change: FileChange) -> str:
    before = (change.before or "").splitlines(keepends=True)
    after = (change.after or "").splitlines(keepends=True)
    names = (
        "/dev/null" if change.before is None else change.path,
        "/dev/null" if change.after is None else change.path,
    )
    lines = difflib.unified_diff(before, after, *names)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def fingerprint(plan: Plan) -> str:
    """What two plans have in common that read alike; lifetimes of addresses run down meanwhile."""
    commands = re.sub(r"(valid_lft|preferred_lft) \d+", r"\1", "\n".join(command_lines(plan)))
    return digest(f"{commands}\n{diff(plan)}") or ""


def rollback_script(plan: Plan) -> str:
    """The rollback for somebody at a console with nothing but a shell."""
    lines = [
        "#!/bin/sh",
        f"# {plan.title}",
        _("# Takes the change back by hand. What fails because it is done already does no harm."),
        "set -x",
    ]
    for step in plan.rollback:
        lines += [line for line in step_lines(step) if not line.startswith("arping")]
    return "\n".join([*lines, ""])
