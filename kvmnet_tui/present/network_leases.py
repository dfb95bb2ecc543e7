"""A network's leases and pins as they can be chosen, to pin or unpin. Pure."""

from dataclasses import dataclass

from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Lease, Network
from kvmnet_tui.netxml.network_pins import Pin, pins_in
from kvmnet_tui.present.plugs import guest_of_mac
from kvmnet_tui.present.text import aligned, clean
from kvmnet_tui.present.units import iso_time


@dataclass(frozen=True, slots=True)
class LeaseChoice:
    """A pin to take away, or a lease to make one of; `why_not` when that cannot be done."""

    address: str
    mac: str = ""
    duid: str = ""
    hostname: str = ""
    is_pin: bool = False
    label: str = ""
    hint: str = ""
    why_not: str = ""


def pins_of(network: Network) -> tuple[Pin, ...]:
    """The static hosts of a network, in the order of its XML."""
    return pins_in(network.persistent_xml or network.xml)


def lease_choices(state: HostState, network: Network) -> tuple[LeaseChoice, ...]:
    """The pins first, then the leases that are not pinned."""
    pins = pins_of(network)
    pinned = {pin.address for pin in pins}
    macs = {pin.mac: pin.address for pin in pins if pin.mac and ":" not in pin.address}
    return (
        *(_of_pin(state, pin) for pin in pins),
        *(_of_lease(state, one, macs) for one in network.leases if one.address not in pinned),
    )


def _of_pin(state: HostState, pin: Pin) -> LeaseChoice:
    label = _("unpin {address}").format(address=pin.address)
    hint = " ".join(filter(None, (pin.who, _owner(state, pin.mac) or pin.hostname)))
    return LeaseChoice(
        pin.address, pin.mac, pin.duid, pin.hostname, is_pin=True, label=label, hint=clean(hint)
    )


def _of_lease(state: HostState, lease: Lease, pinned: dict[str, str]) -> LeaseChoice:
    label = _("pin {address}").format(address=lease.address)
    hint = " ".join(filter(None, (lease.mac, _owner(state, lease.mac) or lease.hostname)))
    why_not = ""
    is_ipv6 = ":" in lease.address
    if is_expired(lease, state.now):
        why_not = _("expired")
    elif is_ipv6 and not lease.client_id:
        why_not = _("the lease does not tell its DUID")
    elif not is_ipv6 and lease.mac.lower() in pinned:
        why_not = _("its MAC is pinned to {address}").format(address=pinned[lease.mac.lower()])
    return LeaseChoice(
        lease.address,
        "" if is_ipv6 else lease.mac,
        lease.client_id if is_ipv6 else "",
        lease.hostname,
        label=label,
        hint=clean(hint),
        why_not=why_not,
    )


def is_expired(lease: Lease, now: float) -> bool:
    """Whether the time of a lease is over."""
    return bool(lease.expires) and lease.expires <= now


def _owner(state: HostState, mac: str) -> str:
    guest = guest_of_mac(state, mac) if mac else None
    return guest.name if guest else ""


def lease_records(state: HostState, network: Network) -> list[dict[str, object]]:
    """Leases and pins for JSON."""
    pinned = {pin.address: pin for pin in pins_of(network)}
    leased = {lease.address: lease for lease in network.leases}
    records: list[dict[str, object]] = []
    for address in dict.fromkeys((*leased, *pinned)):
        lease, pin = leased.get(address), pinned.get(address)
        mac = lease.mac if lease else pin.mac if pin else ""
        duid = (pin.duid if pin else "") or (lease.client_id if lease and ":" in address else "")
        records.append(
            {
                "address": address,
                "mac": mac or None,
                "duid": duid or None,
                "hostname": (lease.hostname if lease else pin.hostname if pin else "") or None,
                "expires": iso_time(lease.expires, "seconds") if lease and lease.expires else None,
                "guest": _owner(state, mac) or None,
                "leased": lease is not None,
                "pinned": pin is not None,
            }
        )
    return records


def lease_lines(state: HostState, network: Network) -> list[str]:
    """The same as lines of a table."""
    header = (
        _("Address"), _("MAC or DUID"), _("Host name"), _("Expires"), _("Guest"), _("Leased"),
        _("Pinned"),
    )  # fmt: skip
    words = {True: _("yes"), False: _("no")}
    rows = [
        (
            str(one["address"]),
            str(one["duid"] or one["mac"] or "-"),
            str(one["hostname"] or "-"),
            str(one["expires"] or "-"),
            str(one["guest"] or "-"),
            words[bool(one["leased"])],
            words[bool(one["pinned"])],
        )
        for one in lease_records(state, network)
    ]
    return aligned([header, *rows])
