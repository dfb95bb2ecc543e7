"""`--lab`: a small living host in namespaces of its own.

Nothing heavy is imported here: the first two functions are on every start's path.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

from kvmnet_tui.i18n import _

URI = "test:///run/kvmnet-tui/lab.xml"
USER_NAMESPACE = ("--user", "--map-root-user")  # before the others, for those who are not root

_INSIDE = "KVMNET_TUI_LAB"
# Slave: what is unmounted outside must not live on in here; nothing goes the other way.
_NAMESPACES = ("--net", "--mount", "--propagation=slave", "--pid")


class LabError(Exception):
    """The lab cannot be had; the text is one sentence for the user."""


def inside() -> bool:
    """Whether this process runs in the lab."""
    return os.environ.get(_INSIDE) == "1"


def step_inside() -> None:
    """Mark this process, and what it starts, as running in the lab."""
    os.environ[_INSIDE] = "1"


def enter(argv: list[str]) -> NoReturn:
    """Replace this process by one that runs `kvmnet-tui ARGV` in a lab.

    Raises LabError when this system cannot have one. Job control, signals and the exit status
    are those of an ordinary start.
    """
    command = namespaces_command()
    _try_out(command)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    start = str(Path(__file__).with_name("start.py"))
    os.execv(command[0], [*command, sys.executable, "-P", start, *argv])  # noqa: S606


def namespaces_command() -> list[str]:
    """The command that runs what follows it in new namespaces; LabError when one is missing."""
    user = () if os.geteuid() == 0 else USER_NAMESPACE
    return [program("unshare"), *user, *_NAMESPACES, "--"]


def program(name: str) -> str:
    """Full path of a system program; an ordinary user's PATH often lacks the sbin folders."""
    from shutil import which  # noqa: PLC0415 - only for those who start a lab

    path = which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if path is None:
        raise LabError(
            _("The lab needs the program {program}, which is not installed.").format(program=name)
        )
    return path


def _try_out(command: list[str]) -> None:
    from subprocess import run  # noqa: PLC0415 - only for those who start a lab

    tried = run(  # the same rights that the lab needs: to set up links of a namespace
        [*command, program("ip"), "link", "set", "lo", "up"],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if tried.returncode == 0:
        return
    reason = (tried.stderr.strip().splitlines() or [str(tried.returncode)])[-1]
    if os.geteuid() == 0:
        told = _("The lab needs namespaces of its own, which this system refuses: {reason}")
    else:
        told = _(
            "The lab needs namespaces of its own, which this system refuses to ordinary users"
            " (root may have them): {reason}"
        )
    raise LabError(told.format(reason=reason))
