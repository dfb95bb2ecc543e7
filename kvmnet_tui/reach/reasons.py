"""Why a NIC cannot be reached, or may not be, from what the picture shows. Pure."""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kvmnet_tui.i18n import _
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.plugs import is_unplugged
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Nic
from kvmnet_tui.present.cells import shown_addresses
from kvmnet_tui.present.nic_detail import is_coming
from kvmnet_tui.present.plugs import is_uplink, ports_of
from kvmnet_tui.present.text import clean


class Why(StrEnum):
    """A reason; those of HOPELESS leave nothing to try."""

    SHUT_OFF = "shut-off"
    NEXT_START = "next-start"
    PAUSED = "paused"
    USER = "user-networking"
    OWN_DEVICE = "own-device"
    MACVTAP = "macvtap"
    NO_TAP = "no-tap"
    UNPLUGGED = "unplugged"
    NO_ADDRESS = "no-address"
    LINK_DOWN = "link-down"
    TAP_DOWN = "tap-down"
    BRIDGE_DOWN = "bridge-down"
    NOT_FORWARDING = "not-forwarding"
    NO_OWN_ADDRESS = "no-own-address"
    FILTERED = "filtered"
    MTU = "mtu-mismatch"


HOPELESS = frozenset(
    {
        Why.SHUT_OFF,
        Why.NEXT_START,
        Why.USER,
        Why.OWN_DEVICE,
        Why.MACVTAP,
        Why.NO_TAP,
        Why.UNPLUGGED,
        Why.NO_ADDRESS,
    }
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, and the sentence that says it."""

    why: Why
    sentence: str


@dataclass(frozen=True, slots=True)
class Way:
    """Where the host meets the NIC: the bridge, or the tap where there is none."""

    link: Link
    tap: Link
    address: str
    own_address: str


def address_to_try(state: HostState, nic: Nic) -> str:
    """The NIC's first address without its prefix, "" when none is known."""
    known = shown_addresses(state.address_book.addresses_of(nic.mac))
    return known[0].address.partition("/")[0] if known else ""


def way_to(state: HostState, nic: Nic, address: str) -> Way | None:
    """How the host gets there; None where it does not."""
    tap = state.link_named(nic.device) if nic.device else None
    if tap is None or not address or tap.kind == "macvtap":
        return None
    link = state.links.get(tap.master)
    if link is None:
        if nic.type != "ethernet":
            return None
        link = tap
    return Way(link, tap, address, _own_address(link, address))


def reasons(
    state: HostState, guest: Guest, nic: Nic, address: str, policies: Sequence[str] = ()
) -> tuple[Reason, ...]:
    """All that stands in the way, the surest first; `policies` drop what bridges pass on."""
    return tuple(_reasons(state, guest, nic, address, policies))


def _reasons(
    state: HostState, guest: Guest, nic: Nic, address: str, policies: Sequence[str]
) -> Iterator[Reason]:
    hopeless = _of_the_kind(state, guest, nic)
    if hopeless is not None:
        yield hopeless
        return
    if nic.link == "down":
        text = _("The NIC's link is set down: the guest sees no cable.")
        yield Reason(Why.LINK_DOWN, text)
    if guest.state == "paused":
        yield Reason(Why.PAUSED, _("The guest is paused."))
    tap = state.link_named(nic.device)
    if tap is not None:
        yield from _along_the_way(state, nic, tap)
        if address:
            yield from _of_own_address(state, nic, address)
    if not address:
        text = _("No address of the NIC is known: no lease, no agent, no ARP entry.")
        yield Reason(Why.NO_ADDRESS, text)
    if policies and tap is not None and tap.master:
        text = _("What bridges pass on between ports is dropped by policy: {chains}.")
        yield Reason(Why.FILTERED, text.format(chains=", ".join(map(clean, policies))))


def _of_the_kind(state: HostState, guest: Guest, nic: Nic) -> Reason | None:
    if not guest.is_active:
        return Reason(Why.SHUT_OFF, _("The guest is shut off."))
    if is_coming(guest, nic):
        text = _("The guest gets this NIC at its next start only.")
        return Reason(Why.NEXT_START, text)
    if nic.type == "user":
        text = _("User networking lets nobody in: the guest reaches out only.")
        return Reason(Why.USER, text)
    if nic.type == "hostdev":
        text = _("The NIC is a device of the guest's own: it is reached from outside only.")
        return Reason(Why.OWN_DEVICE, text)
    return _of_the_tap(state, nic)


def _of_the_tap(state: HostState, nic: Nic) -> Reason | None:
    tap = state.link_named(nic.device) if nic.device else None
    if nic.type == "direct" or (tap is not None and tap.kind == "macvtap"):
        text = _("A macvtap never reaches its own host over {link}; others on the wire do.")
        return Reason(Why.MACVTAP, text.format(link=clean(nic.source) or "?"))
    if tap is None:
        return Reason(Why.NO_TAP, _("The NIC has no tap on this host."))
    if is_unplugged(nic, tap):
        text = _("The tap {tap} is unplugged: it is in no bridge.")
        return Reason(Why.UNPLUGGED, text.format(tap=clean(tap.name)))
    return None


def _along_the_way(state: HostState, nic: Nic, tap: Link) -> Iterator[Reason]:
    if not tap.is_up:
        text = _("The tap {tap} is down.").format(tap=clean(tap.name))
        yield Reason(Why.TAP_DOWN, text)
    bridge = state.links.get(tap.master)
    if bridge is None:
        return
    if not bridge.is_up:
        text = _("The bridge {bridge} is down.").format(bridge=clean(bridge.name))
        yield Reason(Why.BRIDGE_DOWN, text)
    if tap.port is not None and tap.port.state not in {"forwarding", ""}:
        text = _("The port {tap} does not forward yet: {state}.")
        told = text.format(tap=clean(tap.name), state=tap.port.state)
        yield Reason(Why.NOT_FORWARDING, told)
    yield from _of_mtus(state, nic, tap, bridge)


def _of_mtus(state: HostState, nic: Nic, tap: Link, bridge: Link) -> Iterator[Reason]:
    ports = (state.links.get(index) for index in ports_of(state, bridge.index))
    uplinks = [port for port in ports if port is not None and is_uplink(port)]
    steps = [(link.name, link.mtu) for link in (tap, bridge, *uplinks)]
    if nic.mtu:
        steps.insert(0, (_("guest"), nic.mtu))
    if len({mtu for _name, mtu in steps}) > 1:
        path = ", ".join(f"{clean(name)} {mtu}" for name, mtu in steps)
        text = _("The MTU differs along the way, larger packets are lost: {path}.")
        yield Reason(Why.MTU, text.format(path=path))


def _of_own_address(state: HostState, nic: Nic, address: str) -> Iterator[Reason]:
    way = way_to(state, nic, address)
    if way is not None and not way.own_address:
        text = _("{link} has no address in the subnet of {address}: only ARP can be tried.")
        told = text.format(link=clean(way.link.name), address=clean(address))
        yield Reason(Why.NO_OWN_ADDRESS, told)


def _own_address(link: Link, address: str) -> str:
    """The link's own address in the subnet of `address`, "" when it has none."""
    try:
        wanted = ipaddress.ip_address(address)
    except ValueError:
        return ""
    for own in link.addresses:
        net = ipaddress.ip_interface(own.cidr).network
        if net.version == wanted.version and wanted in net:
            return own.ip
    return ""
