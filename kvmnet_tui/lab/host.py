"""Builds the little host and keeps it alive, in a process of its own.

`ip -batch` does the plumbing: all of it takes less time than importing a netlink library would.
"""

import os
import time
from pathlib import Path
from subprocess import CalledProcessError

from kvmnet_tui.lab.bonding import have_bonding
from kvmnet_tui.lab.ip import run_ip
from kvmnet_tui.lab.kernel import (
    inside_namespace,
    new_network_namespace,
    set_arp_strict,
    set_sysctl,
)
from kvmnet_tui.lab.outcome import Outcome, tell
from kvmnet_tui.lab.plan import (
    ADDRESSED_UPLINKS,
    BOND_PARTNER,
    BRIDGED_UPLINK,
    BRIDGES,
    GATEWAY,
    GUEST_SUBNETS,
    GUESTS,
    SWITCH_ADDRESS,
    UPLINK_BRIDGE,
    Uplink,
)
from kvmnet_tui.lab.plug import Guests, plug_in
from kvmnet_tui.lab.traffic import SECONDS, Download, Pinger

_CARRIER_SECONDS = 3.0
_LOOK_AGAIN_SECONDS = 0.02
_MEETING_SECONDS = 0.5
_STILL_SECONDS = 0.01


def run() -> None:
    """Build, tell how it ended, and keep frames and traffic going until the lab ends."""
    _leave_the_terminal()
    try:
        guests, traffic = _build()
    except CalledProcessError as error:
        tell(Outcome(failure=error.stderr.strip().partition("\n")[0] or str(error)))
    except Exception as error:  # noqa: BLE001 - becomes the user's message
        tell(Outcome(failure=f"{type(error).__name__}: {error}"))
    else:
        tell(Outcome(no_taps=guests.no_taps))
        _live(guests, traffic)


def _leave_the_terminal() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)


def _build() -> tuple[Guests, list[Pinger | Download]]:
    bonding = have_bonding()
    uplinks = [*ADDRESSED_UPLINKS, BRIDGED_UPLINK, *([BOND_PARTNER] if bonding else [])]
    set_up_quietly()
    switch = build_switch(uplinks)
    build_host(bonding)
    guests = plug_in(GUESTS)
    # Spanning tree last: ports that forward already go on, instead of listening for 4 seconds.
    run_ip(f"link set {bridge.name} type bridge stp_state 1" for bridge in BRIDGES if bridge.stp)
    if bonding:
        _wait_for_carrier("bond0")
    traffic: list[Pinger | Download] = [Pinger(*place) for place in guests.places]
    traffic.append(Download(switch, guests.namespaces[0]))
    _let_them_meet(guests, traffic)
    return guests, traffic


def set_up_quietly() -> None:
    """Make new links of this namespace usable at once, without IPv6 chatter about them."""
    for scope in ("all", "default"):
        set_sysctl(f"ipv6/conf/{scope}/accept_dad", 0)
        set_sysctl(f"ipv6/conf/{scope}/router_solicitations", 0)
    set_sysctl("ipv4/ip_forward", 1)
    set_arp_strict()


def build_switch(uplinks: list[Uplink]) -> int:
    """The switch at the uplinks' far ends, with the gateway behind it, in a new namespace."""
    switch = new_network_namespace()
    with inside_namespace(switch):
        set_sysctl("ipv6/conf/default/disable_ipv6", 1)
        commands = ["link set lo up", "link add switch type bridge"]
        for uplink in uplinks:
            far = f"to-{uplink.name}"
            commands += [
                # 1 is the first process of the lab, which lives in the host's namespace.
                f"link add {far} type veth peer name {uplink.name} address {uplink.mac} netns 1",
                f"link set {far} master switch up",
            ]
        commands += [f"address add {SWITCH_ADDRESS} dev switch", "link set switch up"]
        # The NAT network's guests come unchanged: the gateway itself knows the way back.
        host = ADDRESSED_UPLINKS[0].address.partition("/")[0]
        commands += [f"route add {subnet} via {host}" for subnet in GUEST_SUBNETS]
        run_ip(commands)
    return switch


def build_host(bonding: bool) -> None:
    """The host's uplinks, bond and bridges, up and with their addresses."""
    commands = ["link set lo up"]
    for uplink in ADDRESSED_UPLINKS:
        commands += [
            f"link set {uplink.name} up",
            f"address add {uplink.address} broadcast + dev {uplink.name}",
        ]
    commands += [f"route add default via {GATEWAY} dev {ADDRESSED_UPLINKS[0].name}"]
    for bridge in BRIDGES:
        commands += [
            f"link add {bridge.name} address {bridge.mac} type bridge forward_delay 0",
            f"address add {bridge.address} broadcast + dev {bridge.name}",
            f"link set {bridge.name} up",
        ]
    commands += _bond_commands() if bonding else [f"link set {BRIDGED_UPLINK.name} up"]
    bridged = "bond0" if bonding else BRIDGED_UPLINK.name
    run_ip([*commands, f"link set {bridged} master {UPLINK_BRIDGE.name}"])


def _bond_commands() -> list[str]:
    members = (BRIDGED_UPLINK.name, BOND_PARTNER.name)
    return [
        "link add bond0 type bond mode active-backup miimon 100",
        *(f"link set {name} master bond0" for name in members),
        "link set bond0 up",
    ]


def _wait_for_carrier(link: str) -> None:
    """A bond finds its members' carrier only at its next look, up to `miimon` later."""
    deadline = time.monotonic() + _CARRIER_SECONDS
    carrier = Path("/sys/class/net", link, "carrier")
    while carrier.read_text().strip() != "1" and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN_SECONDS)


def _let_them_meet(guests: Guests, traffic: list[Pinger | Download]) -> None:
    """One round of traffic until all is still: host, bridges and guests know each other then."""
    deadline = time.monotonic() + _MEETING_SECONDS
    for sender in traffic:
        sender.send()
    while time.monotonic() < deadline and guests.wires.carry(_STILL_SECONDS):
        pass


def _live(guests: Guests, traffic: list[Pinger | Download]) -> None:
    due = time.monotonic() + SECONDS
    while True:
        now = time.monotonic()
        if now >= due:
            for sender in traffic:
                sender.send()
            due = now + SECONDS
        guests.wires.carry(due - now if due > now else 0)
