"""NICs with cables, a switch and bonds, for tests that run inside User-Mode Linux (see uml.py)."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

SWITCH = "switch"
MODULES = "/run/modules"


def ip(*commands: str, namespace: str = "") -> None:
    """Run `ip` commands in one process; AssertionError says which failed and why."""
    inside = ["-n", namespace] if namespace else []
    done = subprocess.run(
        ["ip", *inside, "-batch", "-"],
        input="\n".join(commands), text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stderr.strip()} in {commands}"


def pull(*nics: str) -> None:
    """Pull the cables: the far ends go down, the NICs lose their carrier."""
    ip(*(f"link set {far_end(nic)} down" for nic in nics), namespace=SWITCH)


def plug(*nics: str) -> None:
    """Plug the cables back in."""
    ip(*(f"link set {far_end(nic)} up" for nic in nics), namespace=SWITCH)


@contextmanager
def cabled(*nics: str, bridged: bool = True) -> Iterator[None]:
    """NICs, each with its cable in a port of the switch (`bridged`: the ports talk together)."""
    ip(f"netns add {SWITCH}")
    try:
        ip("link add br0 type bridge", "link set br0 up", namespace=SWITCH)
        for nic in nics:
            ip(
                f"link add {nic} type veth peer name {far_end(nic)} netns {SWITCH}",
                f"link set {nic} up",
            )
            joined = [f"link set {far_end(nic)} master br0"] if bridged else []
            ip(*joined, f"link set {far_end(nic)} up", namespace=SWITCH)
        yield
    finally:
        _remove_links()
        ip(f"netns del {SWITCH}")


def make_bond(name: str, options: str, members: Sequence[str] = (), namespace: str = "") -> None:
    """A bond that is up, with its members."""
    joining = ((f"link set {nic} down", f"link set {nic} master {name}") for nic in members)
    ip(
        f"link add {name} type bond {options}",
        *chain.from_iterable(joining),
        f"link set {name} up",
        namespace=namespace,
    )


def far_end(nic: str) -> str:
    """The name of the switch's port that the NIC's cable is in."""
    return f"p-{nic}"


def setting(bond: str, name: str) -> str:
    """What sysfs says of a bond, the first word: a witness beside netlink and the report."""
    words = Path(f"/sys/class/net/{bond}/bonding/{name}").read_text().split()
    return words[0] if words else ""


def load_bonding() -> None:
    """Load the driver without the bond it makes by default."""
    subprocess.run(["modprobe", "-d", MODULES, "bonding", "max_bonds=0"], check=True)


def unload_bonding() -> None:
    """Take the driver out of the kernel."""
    subprocess.run(["modprobe", "-d", MODULES, "-r", "bonding"], check=True)


def _remove_links() -> None:
    """Every link but lo; a veth's far end goes with it, so look again each time."""
    while left := [entry.name for entry in Path("/sys/class/net").iterdir() if _is_link(entry)]:
        ip(f"link del {left[0]}")


def _is_link(entry: Path) -> bool:
    return entry.is_dir() and entry.name != "lo"
