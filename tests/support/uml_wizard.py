"""Runs under the kernel that has bonding: the bond's wizard at a terminal, kept and removed again.

What was seen at each point goes to the file named, for the test and for whoever wants to look.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.seat import DOWN, ENTER, ESCAPE, TAB, Seat
from tests.support.uml_change import ADDRESS, GATEWAY, SETUP


class Host:
    """The kernel's own host, as a login over ens32 has it."""

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command itself: this is inside already."""
        return list(argv)

    def environment(self) -> Mapping[str, str]:
        """With the session at stake."""
        return {**os.environ, "SSH_CONNECTION": f"{GATEWAY} 50022 {ADDRESS} 22"}


def main() -> None:
    """Set up, make bond and bridge by keys, keep them, take them away again."""
    outbox = Path(sys.argv[1])
    Path("/run/netns").mkdir(exist_ok=True)
    for command in SETUP:
        subprocess.run(command.split(), check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/var/lib"], check=True)
    seen: dict[str, str] = {}
    try:
        with Seat(Host(), size=(40, 110)) as seat:
            make_bond_and_bridge(seat, seen)
            remove_them(seat, seen)
    finally:
        (outbox / "seen.json").write_text(json.dumps(seen))


def make_bond_and_bridge(seat: Seat, seen: dict[str, str]) -> None:
    """A bond of both NICs with a bridge on top, as one change."""
    seat.sees(" 5 ")
    seat.types("5")
    seat.sees(f"{ADDRESS}/24")
    seat.types("b")
    seat.sees("step 1 of 6", "[x] ens32", "[ ] ens36")
    seat.types(TAB, DOWN, " ", ENTER)
    seat.sees("step 2 of 6", "active-backup")
    seen["mode"] = seat.text
    seat.types(ENTER)
    seat.sees("step 3 of 6", "With a bridge")
    seat.types(TAB, " ")
    seat.sees("Name of the bridge")
    seat.types(ENTER * 3)
    seat.sees("step 6 of 6", "Bridge virbr1 on bond bond0 of ens32, ens36")
    seen["preview"] = seat.text
    seat.types(ENTER)
    # The journal comes last on the screen: with this line in it all the rest is there.
    seat.sees("What the guard sees", "ens36 is up in its bond", f"ens36 reaches {GATEWAY}")
    seen["trial"] = seat.text
    keep(seat)
    seen["made"] = links()


def remove_them(seat: Seat, seen: dict[str, str]) -> None:
    """First the bridge, then the bond: the address comes back to a NIC each time."""
    leave(seat)
    seat.types("2")
    seat.sees("virbr1")
    seat.types("d")
    seat.sees("Remove bridge virbr1", "(●) bond0")
    seat.types(ENTER * 3)
    seat.sees("What the guard sees")
    keep(seat)
    seen["without bridge"] = links()
    leave(seat)
    seat.types("3")
    seat.sees("active-backup")
    seen["bonds"] = seat.text
    seat.types("d")
    seat.sees("Remove bond bond0", "(●) ens32")
    seat.types(ENTER * 3)
    seat.sees("What the guard sees")
    keep(seat)
    seen["without bond"] = links()


def keep(seat: Seat) -> None:
    """Without a new login the host's name is asked."""
    seat.sees("keep anyway")
    seat.types("k")
    seat.sees("Keep it without the proof?")
    seat.types(os.uname().nodename, ENTER)
    seat.sees("● kept")


def leave(seat: Seat) -> None:
    """Back to the screens."""
    seat.types(ESCAPE)
    seat.sees("8 Changes")


def links() -> str:
    """What `ip` says."""
    command = ["ip", "-j", "-d", "address", "show"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
