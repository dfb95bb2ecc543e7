"""Runs a command under a kernel of its own, User-Mode Linux, which has bonding, VLANs and dummies.

The kernel is a process; it boots in two seconds on this very file system, read only, so that the
same virtualenv and tests run inside. It and all it started die with the one who started it.
"""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import tests

REPOSITORY = Path(tests.__file__).parents[1]
INIT = Path(__file__).with_name("uml_init.sh")
MEMORY = "512M"

# Ends the kernel without a word to init: RB_POWER_OFF of reboot(2).
_POWER_OFF = "import ctypes; ctypes.CDLL(None).reboot(0x4321FEDC)"
# unshare's child is the first of its PID namespace: when it goes, so do all, whatever they did.
_TIED_TO_US = ("setpriv", "--pdeathsig", "KILL")
_IN_ONE_BAG = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


class UmlError(Exception):
    """The kernel did not come up or did not end in time; the text is what it said."""


def run_in_uml(
    python: Sequence[str],
    outbox: Path,
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run this virtualenv's Python with these arguments under the other kernel; its exit status.

    Inside, `outbox` is /run/outbox. What the kernel and the command print goes to
    `outbox`/console. UmlError when there is no status within `timeout` seconds.
    """
    (outbox / "command").write_text(_script(python, environment or {}))
    status = outbox / "status"
    status.unlink(missing_ok=True)
    with (outbox / "console").open("wb") as console:
        process = subprocess.Popen(
            [*_TIED_TO_US, *_IN_ONE_BAG, *_kernel(outbox)],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
        )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise UmlError(f"no end within {timeout:g} s; {_said(outbox)}") from error
        finally:
            _end(process)
    if not status.exists():
        raise UmlError(f"no result; {_said(outbox)}")
    return int(status.read_text())


def _end(bag: subprocess.Popen[bytes]) -> None:
    """End the kernel from inside the bag first: so its parent is there to bury it."""
    if bag.poll() is None:
        for child in Path(f"/proc/{bag.pid}/task/{bag.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
        try:
            bag.wait(10)
        except subprocess.TimeoutExpired:
            bag.kill()
            bag.wait()


def _kernel(outbox: Path) -> list[str]:
    return [
        "linux.uml", f"mem={MEMORY}", "quiet",
        "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro",
        f"init={INIT}", f"OUTBOX={outbox}", f"uml_dir={outbox}/", "umid=uml",
        "con0=fd:0,fd:1", "con=null",
    ]  # fmt: skip


def _script(python: Sequence[str], environment: Mapping[str, str]) -> str:
    variables = {
        "HOME": "/run/home",
        "TMPDIR": "/run/home",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
    }
    own = shlex.quote(str(_python()))
    return "\n".join(
        [
            f"cd {shlex.quote(str(REPOSITORY))}",
            *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
            f"{own} {shlex.join(python)}",
            "echo $? > /run/outbox/status",
            f"{own} -c {shlex.quote(_POWER_OFF)}",
            "",
        ]
    )


def _python() -> Path:
    """The interpreter by its name in the virtualenv: resolved it would lose the packages."""
    return Path(sys.executable).absolute()


def _said(outbox: Path) -> str:
    return "it said:\n" + (outbox / "console").read_text(errors="replace")[-8000:]
