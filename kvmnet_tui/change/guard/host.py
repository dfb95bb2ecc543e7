"""The host's programs and clocks."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from .texts import _

Data = dict[str, Any]

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Failed(Exception):
    """A step did not work; the text is one sentence."""


def boottime() -> float:
    """Seconds since boot, also those asleep: no clock that somebody may set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def run(argv: list[str], text: str = "", seconds: float = 30.0) -> str:
    """What a program printed; Failed when it fails or takes too long."""
    program = shutil.which(argv[0], path=PATH) or argv[0]
    try:
        done = subprocess.run(
            [program, *argv[1:]],
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            env={"PATH": PATH, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        said = _("{what}: no end within {seconds} s").format(what=argv[0], seconds=f"{seconds:g}")
        raise Failed(said) from None
    except OSError as error:
        raise Failed(f"{argv[0]}: {error.strerror}") from None
    if done.returncode:
        words = done.stderr.strip() or done.stdout.strip() or str(done.returncode)
        words = words.rstrip(".")  # it becomes part of a sentence
        raise Failed(f"{argv[0]}: {words}")
    return done.stdout


def ip_json(*words: str) -> list[Data]:
    """What `ip -json` says; nothing when it cannot be asked."""
    try:
        return [one for one in json.loads(run(["ip", "-json", *words], seconds=5) or "[]") if one]
    except (Failed, ValueError):
        return []


def link_named(name: str) -> Data | None:
    return next(iter(ip_json("-details", "link", "show", "dev", name)), None)
