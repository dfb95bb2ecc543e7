"""A second deadline that does not hang on the guard: a timer of systemd's, where systemd runs."""

from __future__ import annotations

import sys
from pathlib import Path

from .host import run

LATE_SECONDS = 10.0  # after the guard's own deadline
SYSTEMD = Path("/run/systemd/system")  # there when systemd is PID 1 (sd_booted(3))


def set_timer(folder: Path, seconds: float) -> None:
    """Have another guard started when the deadline has passed; Failed when systemd will not.

    The new timer is there before the old one goes: at no time is there none.
    """
    if not SYSTEMD.is_dir():
        return
    before = _units(folder)
    taken = {unit.partition(".")[0] for unit in before}
    name = next(one for one in _names(folder) if one not in taken)
    run(
        [
            *("systemd-run", "--quiet", "--collect", f"--unit={name}"),
            "--property=KillMode=process",
            *(f"--on-active={seconds + LATE_SECONDS:.0f}s", "--timer-property=AccuracySec=100ms"),
            *(sys.executable, "-I", "-S", sys.argv[0], str(folder)),
        ]
    )
    _stop(before)


def end_timer(folder: Path) -> None:
    """No timer is needed any more."""
    if SYSTEMD.is_dir():
        _stop(_units(folder))


def _names(folder: Path) -> tuple[str, str]:
    return f"kvmnet-tui-{folder.name}-deadline", f"kvmnet-tui-{folder.name}-later-deadline"


def _units(folder: Path) -> list[str]:
    """The timers of this change that are armed."""
    words = ("systemctl", "list-units", "--plain", "--no-legend", "--full")
    said = run([*words, *(f"{name}.timer" for name in _names(folder))])
    return [line.split()[0] for line in said.splitlines()]


def _stop(units: list[str]) -> None:
    if units:
        run(["systemctl", "stop", *units])
