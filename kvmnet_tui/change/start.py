"""Puts a plan in place and starts its guard. Blocks: call it in a thread."""

import dataclasses
import functools
import json
import os
import subprocess
import sys
import time
import zipapp
from pathlib import Path

from kvmnet_tui import i18n
from kvmnet_tui.change import guard
from kvmnet_tui.change.checks.host import only_root
from kvmnet_tui.change.folders import RUN, known_ids, may_change, read_journal
from kvmnet_tui.change.guard.disk import write_whole
from kvmnet_tui.change.guard.host import boot_id, boottime
from kvmnet_tui.change.guard.snapshot import take_snapshot
from kvmnet_tui.change.guard.timer import SYSTEMD
from kvmnet_tui.change.plan import Plan
from kvmnet_tui.change.planner import with_id
from kvmnet_tui.change.preview import rollback_script
from kvmnet_tui.change.programs import program
from kvmnet_tui.i18n import _
from kvmnet_tui.model.change import ChangeState
from kvmnet_tui.requests import RequestError

GUARD = "guard.pyz"
SYSTEM_PYTHON = "/usr/bin/python3"
READY_SECONDS = 30.0
_LOOK_AGAIN = 0.05
_TRIED = frozenset({ChangeState.TRIAL, ChangeState.COMMITTING, ChangeState.COMMITTED})
_NOT_TRIED = frozenset({ChangeState.REFUSED, ChangeState.ROLLED_BACK, ChangeState.ROLLBACK_FAILED})

# Leaves the terminal, the session and the parent behind: what it becomes belongs to PID 1.
_DETACH = (
    "import os,sys\n"
    "if os.fork(): os._exit(0)\n"
    "os.setsid()\n"
    "if os.fork(): os._exit(0)\n"
    "os.chdir('/')\n"
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)


def start(plan: Plan) -> str:
    """Start the trial of a plan and wait until all of it is applied; the change's id.

    Raises RequestError when it could not be, and says what the guard made of it.
    """
    if not may_change():
        raise RequestError(only_root())
    folder = _new_folder()
    plan = dataclasses.replace(with_id(plan, folder.name), snapshot=take_snapshot(plan.watched))
    _furnish(folder, plan)
    _start_guard(folder)
    _wait_until_tried(folder, plan)
    return folder.name


def start_again(identifier: str) -> None:
    """Give a change whose guard has died another one, which takes over where that stood."""
    folder = RUN / identifier
    _start_guard(folder)


def _new_folder() -> Path:
    RUN.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    taken = set(known_ids())
    number = 0
    while True:
        name = stamp if number == 0 else f"{stamp}-{number}"
        if name not in taken:
            try:
                (RUN / name).mkdir(mode=0o700)
            except FileExistsError:
                pass
            else:
                return RUN / name
        number += 1


def _furnish(folder: Path, plan: Plan) -> None:
    """Everything the guard needs, in the one folder that no network can take away."""
    _pack_guard(folder / GUARD)
    write_whole(folder / "plan.json", plan.to_json())
    write_whole(folder / "rollback.sh", rollback_script(plan), 0o700)
    catalogue = i18n.catalogue_file()
    if catalogue is not None:
        (folder / "guard.mo").write_bytes(catalogue.read_bytes())
    journal = {
        "state": ChangeState.PREPARED.value,
        "id": plan.id,
        "boot_id": boot_id(),
        "created": time.time(),
        "prepared": boottime(),
        "log": [],
    }
    write_whole(folder / "journal.json", json.dumps(journal))


def _pack_guard(file: Path) -> None:
    """The guard's package as one file that any Python runs."""
    package = Path(guard.__file__).parent

    def is_ours(path: Path) -> bool:
        return path.parts[0] == package.name and path.suffix == ".py"

    zipapp.create_archive(package.parent, file, main="guard.main:main", filter=is_ours)
    file.chmod(0o600)


def _start_guard(folder: Path) -> None:
    systemd_run = program("systemd-run")
    if systemd_run is not None and SYSTEMD.is_dir():
        _under_systemd(systemd_run, folder)
    else:
        _detached(folder, str(folder))
        _detached(folder, "--watch", str(folder))


@functools.cache
def _python() -> str:
    """The system's interpreter, which no network can take away; else this one itself."""
    check = "import sys; sys.exit(sys.version_info < (3, 9))"
    try:
        done = subprocess.run([SYSTEM_PYTHON, "-I", "-S", "-c", check], check=False)
        if done.returncode == 0:
            return SYSTEM_PYTHON
    except OSError:
        pass
    return os.path.realpath(sys.executable)


def _command(folder: Path, *arguments: str) -> list[str]:
    return [_python(), "-I", "-S", str(folder / GUARD), *arguments]


def _detached(folder: Path, *arguments: str) -> None:
    with (folder / "guard.log").open("ab") as log:
        subprocess.run(
            [_python(), "-I", "-S", "-c", _DETACH, *_command(folder, *arguments)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )


def _under_systemd(systemd_run: str, folder: Path) -> None:
    """A service that is started again when it dies; the guard arms a timer beside it."""
    service = [
        systemd_run, "--quiet", "--collect", f"--unit=kvmnet-tui-{folder.name}",
        "--property=Restart=on-failure", "--property=RestartSec=100ms",
        "--property=StartLimitIntervalSec=0", "--property=OOMScoreAdjust=-900",
        "--property=KillMode=process",  # a DHCP client of the trial's goes on after it
    ]  # fmt: skip
    done = subprocess.run(
        [*service, *_command(folder, str(folder))], capture_output=True, text=True, check=False
    )
    if done.returncode:
        told = _("The guard cannot be started: {reason}")
        raise RequestError(told.format(reason=done.stderr.strip() or done.returncode))


def _wait_until_tried(folder: Path, plan: Plan) -> None:
    end = time.monotonic() + READY_SECONDS + sum(step["seconds"] for step in plan.trial)
    while True:
        journal = read_journal(folder)
        state = ChangeState(journal["state"])
        if state in _NOT_TRIED:
            raise RequestError(journal.get("problem") or _("The guard refused the change."))
        if state in _TRIED:
            return
        if time.monotonic() >= end:
            told = _("The guard did not start: see {log}.")
            raise RequestError(told.format(log=folder / "guard.log"))
        time.sleep(_LOOK_AGAIN)
