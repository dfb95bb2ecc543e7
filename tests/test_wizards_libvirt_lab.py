"""What a new bridge is for, at a terminal: a network on it, and a running guest moved to it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

import pytest

from tests.support.guest import boot, guest_image
from tests.support.labs import requires_lab
from tests.support.libvirtd import Libvirtd, private_libvirtd, wait_until
from tests.support.managed_host import ROOT
from tests.support.seat import ENTER, ESCAPE, Seat

pytestmark = requires_lab("guest")

# A host with an uplink, and nothing of the real one's history of changes.
SETUP = """
mount --bind /var/lib/libvirt /var/lib/libvirt
mkdir /run/libvirt-kept && mount --move /var/lib/libvirt /run/libvirt-kept
mount -t tmpfs none /var/lib && mkdir /var/lib/libvirt
mount --move /run/libvirt-kept /var/lib/libvirt
ip link add ens32 type veth peer name far32
ip link set far32 up && ip link set ens32 up
ip address add 10.1.1.2/24 dev ens32
"""


class Console:
    """The lab's host, as somebody at its console has it."""

    def __init__(self, lab: Libvirtd) -> None:
        self._lab = lab

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` inside."""
        return self._lab.command(*argv)

    def environment(self) -> Mapping[str, str]:
        """Without a session at stake."""
        return {"PATH": os.environ["PATH"], "HOME": "/run", "LANG": "C.UTF-8"}


@pytest.fixture
def lab() -> Iterator[Libvirtd]:
    with private_libvirtd() as lab:
        lab.run("sh", "-ec", SETUP)
        yield lab


def test_a_kept_bridge_gets_a_network_and_a_running_guest(lab: Libvirtd) -> None:
    guest = boot(lab, guest_image())
    with Seat(Console(lab), uri="qemu:///system", size=(40, 120)) as seat:
        seat.sees("default", "● libvirt")
        seat.types("5")
        seat.sees("10.1.1.2/24")
        seat.types("n")
        seat.sees("step 1 of 5", "(●) ens32")
        seat.types(ENTER * 4)
        seat.sees("step 5 of 5", "this runs on a console")
        seat.types(ENTER)
        seat.sees("What the guard sees")
        seat.types("k")
        seat.sees("Keep it without the proof?")
        seat.types(os.uname().nodename, ENTER)
        seat.sees("define a network on it")
        seat.types("n")
        seat.sees("step 1 of 4", "(●) existing bridge")
        seat.types(ENTER)
        seat.sees("step 2 of 4", "(●) virbr1")
        seat.types(ENTER, ENTER)
        seat.sees("step 4 of 4")
        seat.types(ENTER)
        wait_until(lambda: "<bridge name='virbr1'/>" in xml_of_the_new_network(lab), "a network")
        seat.types("m")
        seat.sees("Move guests' NICs to virbr1", guest.name)
        seat.types(" ", ENTER)
        seat.sees("What would be moved")
        seat.types(ENTER)
        wait_until(lambda: "bridge   virbr1" in lab.virsh("domiflist", guest.name), "a move")
        seat.sees("What the guard sees")
        seat.types(ESCAPE)
        seat.sees("5 Links")
    tap = lab.virsh("domiflist", guest.name).split()[0]
    assert "master virbr1" in lab.run("ip", "link", "show", tap)
    assert "virbr1" in lab.virsh("dumpxml", "--inactive", guest.name)


def test_libvirts_own_bridge_is_left_to_libvirt(lab: Libvirtd) -> None:
    console = Console(lab)
    for words in ("bridge delete virbr0", "bridge add-port virbr0 ens32"):
        program = (sys.executable, "-m", "kvmnet_tui", "--lang", "en", "-c", "qemu:///system")
        done = subprocess.run(
            console.command([*program, *words.split(), "--yes"]), cwd=ROOT, text=True,
            env=dict(console.environment()), capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        assert "virbr0 belongs to libvirt's network default: change that instead." in done.stderr
    assert "virbr0" in lab.run("ip", "link")


def xml_of_the_new_network(lab: Libvirtd) -> str:
    """The XML of the network that is not the one there was."""
    names = lab.virsh("net-list", "--name").split()
    return "".join(lab.virsh("net-dumpxml", name) for name in names if name != "default")
