"""What a test could leave behind on this machine: links, network namespaces, mounts, processes.

Processes are told by a variable in their environment, so a daemon that left its parent is found
too and the same things made by somebody else's test run are not blamed on this one.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RUN_VARIABLE = "KVMNET_TEST_RUN"
GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Belongings:
    """Everything at one moment, each thing by a name a person can look up."""

    links: frozenset[str]
    namespaces: frozenset[str]
    mounts: frozenset[str]
    processes: frozenset[str]

    def added_since(self, before: "Belongings") -> dict[str, list[str]]:
        """Kind -> names that were not there `before`."""
        kinds = ("links", "namespaces", "mounts", "processes")
        added = {kind: sorted(getattr(self, kind) - getattr(before, kind)) for kind in kinds}
        return {kind: names for kind, names in added.items() if names}


def mark_this_run() -> None:
    """Let every process started from now on carry this run's mark."""
    os.environ[RUN_VARIABLE] = str(os.getpid())


def take() -> Belongings:
    """What there is now."""
    return Belongings(
        links=_names(Path("/sys/class/net")),
        namespaces=_names(Path("/run/netns")),
        mounts=_mounts(),
        processes=_own_processes(),
    )


def left_behind(before: Belongings) -> dict[str, list[str]]:
    """Kind -> what is still there once things had time to go."""
    deadline = time.monotonic() + GRACE_SECONDS
    while (added := take().added_since(before)) and time.monotonic() < deadline:
        time.sleep(0.02)
    if _another_run_is_here():
        return {kind: names for kind, names in added.items() if kind == "processes"}
    return added


def _names(folder: Path) -> frozenset[str]:
    return frozenset(entry.name for entry in folder.iterdir()) if folder.is_dir() else frozenset()


def _mounts() -> frozenset[str]:
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    # `ip netns` makes its folder a mount point on the first use and keeps it so.
    return frozenset(line.split()[4] for line in lines) - {"/run/netns"}


def _own_processes() -> frozenset[str]:
    own, me = str(os.getpid()), os.getpid()
    return frozenset(
        f"{pid} {_command(pid)}" for pid, run in _marked_processes() if run == own and pid != me
    )


def _another_run_is_here() -> bool:
    """Links, namespaces and mounts cannot be told apart then: a run's mark is its own pid."""
    own = str(os.getpid())
    return any(run != own and Path("/proc", run).exists() for _pid, run in _marked_processes())


def _marked_processes() -> Iterator[tuple[int, str]]:
    """(pid, mark) of every live process that carries a mark; zombies have no environment."""
    key = f"{RUN_VARIABLE}=".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        for variable in variables:
            if variable.startswith(key):
                yield int(entry.name), variable[len(key) :].decode()


def _command(pid: int) -> str:
    try:
        words = Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")
    except OSError:
        return "(gone)"
    return b" ".join(words[:4]).decode(errors="replace").strip()
