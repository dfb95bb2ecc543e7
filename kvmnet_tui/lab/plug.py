"""The running guests: a network namespace each, wired to taps on the host."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kvmnet_tui.lab.ip import run_ip
from kvmnet_tui.lab.kernel import (
    inside_namespace,
    new_network_namespace,
    open_link,
    open_tap,
    set_arp_strict,
    set_sysctl,
)
from kvmnet_tui.lab.plan import UNPLUGGED_TAP, Guest, GuestNic
from kvmnet_tui.lab.wires import Wires


@dataclass
class Guests:
    """What keeps the guests alive: their namespaces (in the plan's order) and their wires.

    `places` are (namespace, interface, NIC) of every NIC; `unplugged` the tap nobody uses.
    `no_taps` tells why veth links stand in for taps, "" when the taps are real.
    """

    unplugged: int | None = None
    no_taps: str = ""
    namespaces: list[int] = field(default_factory=list)
    places: list[tuple[int, str, GuestNic]] = field(default_factory=list)
    wires: Wires = field(default_factory=Wires)


def plug_in(plan: Sequence[Guest]) -> Guests:
    """Make every guest of the plan and plug its NICs into the host, whose namespace this is."""
    guests = _guests_with_taps_or_without()
    for guest in plan:
        namespace = new_network_namespace()
        guests.namespaces.append(namespace)
        guests.places += [(namespace, f"eth{n}", nic) for n, nic in enumerate(guest.nics)]
    far_ends = {place[2].device: _far_end(place, guests.no_taps) for place in guests.places}
    for guest, namespace in zip(plan, guests.namespaces, strict=True):
        _configure_guest(guest, namespace)
    near_ends = _plug_into_host([nic for _, _, nic in guests.places], guests)
    for device, near in near_ends.items():
        guests.wires.join(near, far_ends[device])
    return guests


def _guests_with_taps_or_without() -> Guests:
    try:
        return Guests(unplugged=open_tap(UNPLUGGED_TAP[0]))
    except OSError as error:
        return Guests(no_taps=f"/dev/net/tun: {error.strerror}")


def _far_end(place: tuple[int, str, GuestNic], no_taps: str) -> int:
    """Make the guest's own interface; the descriptor to wire it with, -1 where none is needed."""
    namespace, interface, nic = place
    with inside_namespace(namespace):
        _set_up_guest_kernel()
        if not no_taps:
            return open_tap(interface)
        if not nic.direct:  # 1 is the first process of the lab, in the host's namespace
            run_ip([f"link add {interface} type veth peer name {nic.device} netns 1"])
            return -1
        run_ip([f"link add {interface} type veth peer name wire", "link set wire up"])
        return open_link("wire")


def _set_up_guest_kernel() -> None:
    for name in ("accept_dad", "router_solicitations"):
        set_sysctl(f"ipv6/conf/default/{name}", 0)
    set_arp_strict()


def _configure_guest(guest: Guest, namespace: int) -> None:
    commands = ["link set lo up"]
    for position, nic in enumerate(guest.nics):
        commands += [
            f"link set eth{position} address {nic.mac} up",
            f"address add {nic.address} broadcast + dev eth{position}",
        ]
    commands += [f"route add default via {guest.nics[0].pings[0]} dev eth0"]
    with inside_namespace(namespace):
        run_ip(commands)


def _plug_into_host(nics: list[GuestNic], guests: Guests) -> dict[str, int]:
    """Make the host's ends and plug them in; the descriptors of those that need a wire."""
    ordered = sorted(nics)
    ends = {}
    commands = [_plug_command(nic) for nic in ordered]
    if not guests.no_taps:
        ends = {nic.device: open_tap(nic.device) for nic in ordered if not nic.direct}
        commands.append(f"link set {UNPLUGGED_TAP[0]} address {UNPLUGGED_TAP[1]} up")
    run_ip(commands)
    for nic in ordered:
        if nic.direct:
            ends[nic.device] = _open_direct(nic)
    return ends


def _plug_command(nic: GuestNic) -> str:
    if nic.direct:
        # Not a macvtap: its character device would show up in the machine's own /dev.
        return f"link add {nic.device} link {nic.plug} address {nic.mac} type macvlan mode bridge"
    return f"link set {nic.device} address {nic.tap_mac} master {nic.plug} up"


def _open_direct(nic: GuestNic) -> int:
    """Take a macvlan's frames for the guest, and keep the host's own kernel from answering them."""
    set_sysctl(f"ipv6/conf/{nic.device}/disable_ipv6", 1)
    set_sysctl(f"ipv4/conf/{nic.device}/forwarding", 0)
    set_sysctl(f"ipv4/conf/{nic.device}/arp_ignore", 8)
    run_ip([f"link set {nic.device} up"])
    return open_link(nic.device)
