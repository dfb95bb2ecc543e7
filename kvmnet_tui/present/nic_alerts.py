"""What deserves attention about a guest's NIC, and how it is said."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.plugs import is_unplugged
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Nic
from kvmnet_tui.present.plugs import network_of_nic
from kvmnet_tui.present.text import clean


class NicAlert(StrEnum):
    """What may be wrong, the gravest first."""

    DUPLICATE_MAC = "duplicate-mac"
    UNPLUGGED = "unplugged"
    DROPS = "drops-rising"
    OUTSIDE = "outside-subnet"
    LINK_DOWN = "link-down"


_WORDS: Mapping[NicAlert, str] = {
    NicAlert.DUPLICATE_MAC: N_("MAC twice"),
    NicAlert.UNPLUGGED: N_("unplugged"),
    NicAlert.DROPS: N_("drops rising"),
    NicAlert.OUTSIDE: N_("odd address"),
    NicAlert.LINK_DOWN: N_("link down"),
}


def alerts_of(state: HostState, guest: Guest, nic: Nic) -> tuple[NicAlert, ...]:
    """What deserves attention now, the gravest first."""
    return tuple(_alerts(state, guest, nic))


def alert_word(alert: NicAlert) -> str:
    """The alert in a word or two."""
    return _(_WORDS[alert])


def alert_sentence(state: HostState, guest: Guest, nic: Nic, alert: NicAlert) -> str:
    """The alert with what it is about."""
    if alert is NicAlert.DUPLICATE_MAC:
        others = ", ".join(dict.fromkeys(clean(name) for name in _twins(state, guest, nic)))
        return _("MAC {mac} is used twice: also by {guests}").format(
            mac=clean(nic.mac), guests=others
        )
    if alert is NicAlert.UNPLUGGED:
        return _("The tap {tap} is plugged into no bridge").format(tap=clean(nic.device))
    if alert is NicAlert.DROPS:
        return _("{count} packets were dropped in the last seconds").format(
            count=sum(_drops(state, nic))
        )
    if alert is NicAlert.OUTSIDE:
        return _("{addresses} lies outside the subnet {subnets}").format(
            addresses=", ".join(outside_addresses(state, nic)),
            subnets=", ".join(subnets_of(state, nic)),
        )
    return _("The link is set down: the guest sees no cable")


def outside_addresses(state: HostState, nic: Nic) -> tuple[str, ...]:
    """The NIC's addresses that lie in no subnet of what it is plugged into."""
    addresses = state.address_book.addresses_of(nic.mac)
    subnets = subnets_of(state, nic) if addresses else ()
    return tuple(one.address for one in addresses if is_outside(one.address, subnets))


def subnets_of(state: HostState, nic: Nic) -> tuple[str, ...]:
    """The subnets that the host knows of where the NIC is plugged in; () when it knows none."""
    network = network_of_nic(state, nic)
    if network is not None and network.addresses:
        return network.addresses
    tap = state.link_named(nic.device) if nic.device else None
    bridge = state.links.get(tap.master) if tap else None
    return tuple(one.cidr for one in bridge.addresses) if bridge else ()


@lru_cache(maxsize=8192)
def is_outside(address: str, subnets: tuple[str, ...]) -> bool:
    """Whether an address lies in none of the subnets of its family, where there are any."""
    try:
        ip = ipaddress.ip_interface(address).ip
        nets = [ipaddress.ip_interface(one).network for one in subnets]
    except ValueError:
        return False
    if ip.is_link_local or ip.is_loopback:
        return False
    same = [net for net in nets if net.version == ip.version and not net.is_link_local]
    return bool(same) and not any(ip in net for net in same)


def _alerts(state: HostState, guest: Guest, nic: Nic) -> Iterator[NicAlert]:
    if len(state.address_book.nics_by_mac.get(nic.mac.lower(), ())) > 1:
        yield NicAlert.DUPLICATE_MAC
    if guest.is_active:
        tap = state.link_named(nic.device) if nic.device else None
        if tap is not None and is_unplugged(nic, tap):
            yield NicAlert.UNPLUGGED
        if any(_drops(state, nic)):
            yield NicAlert.DROPS
        if outside_addresses(state, nic):
            yield NicAlert.OUTSIDE
    if nic.link == "down":
        yield NicAlert.LINK_DOWN


def _drops(state: HostState, nic: Nic) -> tuple[int, ...]:
    tap = state.link_named(nic.device) if nic.device else None
    rates = state.rates.get(tap.index) if tap else None
    return rates.drops if rates else ()


def _twins(state: HostState, guest: Guest, nic: Nic) -> Iterable[str]:
    """The names of the guests whose NICs have the same MAC."""
    keys = state.address_book.nics_by_mac.get(nic.mac.lower(), ())
    found = [state.guests[key.guest].name for key in keys if key.guest in state.guests]
    with_itself = found.count(guest.name) > 1
    return [name for name in found if name != guest.name or with_itself]
