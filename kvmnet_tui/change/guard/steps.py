"""The steps of a plan, carried out: see `kvmnet_tui.change.plan` for what each says."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from .disk import digest_of, digest_of_text, put_in_place, write_beside
from .host import Data, Failed, run
from .old_profiles import do_lease, do_resume
from .packets import announce, arp_answers
from .probes import PROBE_TIMEOUT, holds
from .texts import N_, _


def do_ip(step: Data) -> None:
    force = ["-force"] if step["force"] else []
    try:
        run(["ip", *force, "-batch", "-"], "\n".join(step["lines"]) + "\n", step["seconds"])
    except Failed as failed:
        if not step["force"]:
            raise Failed(_named_line(str(failed), step["lines"])) from None


def _named_line(said: str, lines: list[str]) -> str:
    """`ip -batch` says the number of the line that failed only; this says the line."""
    found = re.search(r"Command failed -:(\d+)", said)
    words = said.splitlines()[0].removeprefix("ip: ")
    return f"ip {lines[int(found.group(1)) - 1]}: {words}" if found else words


def do_run(step: Data) -> None:
    try:
        run(step["argv"], step["text"], step["seconds"])
    except Failed:
        if not step["may_fail"]:
            raise


def do_write(step: Data) -> None:
    path = Path(step["path"])
    if digest_of(path) == digest_of_text(step["text"]):
        with contextlib.suppress(FileNotFoundError):
            staged(path).unlink()
        return
    if digest_of(path) != step["before"]:
        raise Failed(_("{path} was changed by somebody else").format(path=path))
    if not staged(path).exists():
        stage(step)
    put_in_place(staged(path), path)


def staged(path: Path) -> Path:
    return path.with_name(f".{path.name}.kvmnet-new")


def stage(step: Data) -> None:
    """Lay a file's new text beside it: a full disk is found before anything was touched."""
    path = Path(step["path"])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_beside(staged(path), step["text"], step["mode"])
    except OSError as error:
        said = _("{path} cannot be written: {reason}")
        raise Failed(said.format(path=path, reason=error.strerror)) from None


def do_remove(step: Data) -> None:
    path = Path(step["path"])
    found = digest_of(path)
    if found is None:
        return
    if found != step["before"]:
        raise Failed(_("{path} was changed by somebody else").format(path=path))
    path.unlink()


def do_set(step: Data) -> None:
    try:
        Path(step["path"]).write_text(step["text"])
    except OSError as error:
        if not step["may_fail"]:
            raise Failed(f"{step['path']}: {error.strerror}") from None


def do_announce(step: Data) -> None:
    announce(step["link"], step["addresses"])


NOT_WITHIN = {
    "carrier": N_("{link} has no carrier within {seconds} s"),
    "forwarding": N_("{link} does not forward within {seconds} s"),
    "mii": N_("{link} is not up in its bond within {seconds} s"),
    "lacp": N_("{link} hears no LACP partner within {seconds} s: set its switch port up for LACP"),
    "addressed": N_("{link} got no address within {seconds} s"),
    "absent": N_("{link} is still there after {seconds} s"),
}


def do_wait(step: Data) -> None:
    end = time.monotonic() + step["seconds"]
    while not holds(step["what"], step["link"]):
        if time.monotonic() >= end:
            said = NOT_WITHIN[step["what"]]
            raise Failed(_(said).format(**_named(step)))
        time.sleep(0.05)


def _named(step: Data) -> dict[str, str]:
    return {"link": step["link"], "seconds": f"{step['seconds']:g}"}


def do_arp(step: Data) -> None:
    end = time.monotonic() + step["seconds"]
    while not arp_answers(step["link"], step["target"], PROBE_TIMEOUT):
        if time.monotonic() >= end:
            if not step["must"]:
                return
            said = _("{target} does not answer on {link} within {seconds} s")
            raise Failed(said.format(target=step["target"], **_named(step)))


def do_end(step: Data) -> None:
    """No signal that can be answered: a DHCP client would release its lease."""
    try:
        pid = int(Path(step["pid_file"]).read_text())
        words = re.split(rb"[\0 ]", Path(f"/proc/{pid}/cmdline").read_bytes())
        if step["link"].encode() in words:
            os.kill(pid, signal.SIGKILL)
            Path(step["pid_file"]).unlink()
    except (OSError, ValueError):
        pass  # it does not run


DO: dict[str, Callable[[Data], None]] = {
    "ip": do_ip,
    "run": do_run,
    "write": do_write,
    "remove": do_remove,
    "set": do_set,
    "announce": do_announce,
    "wait": do_wait,
    "arp": do_arp,
    "lease": do_lease,
    "resume": do_resume,
    "end": do_end,
}
