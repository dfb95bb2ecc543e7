"""Whether the lab can have a bond without anything changing outside."""

import subprocess
from pathlib import Path

from kvmnet_tui.lab import LabError, program

_MODULE = Path("/sys/module/bonding")
_ALL_USERS = 4294967295  # length of the identity map of the first user namespace


def have_bonding() -> bool:
    """Whether the kernel has bonding, loaded here when it can be done harmlessly.

    Left to itself the kernel loads the module with its defaults, and then it adds a bond0 to the
    machine's own links; only the first user namespace's root may say otherwise.
    """
    if _MODULE.exists():
        return True
    if not _is_real_root():
        return False
    try:
        modprobe = program("modprobe")
    except LabError:
        return False
    loaded = subprocess.run(
        [modprobe, "--quiet", "bonding", "max_bonds=0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return loaded.returncode == 0


def _is_real_root() -> bool:
    inside, outside, length = map(int, Path("/proc/self/uid_map").read_text().split()[:3])
    return (inside, outside, length) == (0, 0, _ALL_USERS)
