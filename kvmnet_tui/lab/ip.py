"""Running iproute2 in the namespace this process is in."""

import subprocess
from collections.abc import Iterable

from kvmnet_tui.lab import program


def run_ip(commands: Iterable[str]) -> None:
    """Run commands such as `link add ...` in one go; CalledProcessError at the first that fails."""
    subprocess.run(
        [program("ip"), "-batch", "-"],
        input="\n".join(commands),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=True,
    )
