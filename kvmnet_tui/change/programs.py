"""The system's programs that the host is read with."""

import os
import subprocess
from shutil import which

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SECONDS = 5.0


def program(name: str) -> str | None:
    """Full path of a program, also of those only root has on the path."""
    return which(name, path=f"{os.environ.get('PATH', '')}:{_PATH}")


def said(name: str, *words: str) -> str:
    """What a program prints; "" where it is not installed, hangs or fails."""
    path = program(name)
    if path is None:
        return ""
    try:
        done = subprocess.run(
            [path, *words], capture_output=True, text=True, errors="replace", check=False,
            timeout=SECONDS,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, OSError):
        return ""
    return done.stdout
