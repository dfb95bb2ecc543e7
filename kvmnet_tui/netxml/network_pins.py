"""The static hosts of a network's DHCP: found, checked, and what it takes to add or remove one.

Pure. A host is known by its MAC (IPv4) or its DUID (IPv6), or by its name (both).
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from kvmnet_tui.i18n import _
from kvmnet_tui.netxml.network_addresses import ip_for, subnet_of
from kvmnet_tui.netxml.network_lists import DNS_NAME, DUID, MAC
from kvmnet_tui.netxml.network_plan import ADD, DELETE, Update
from kvmnet_tui.netxml.network_values import DHCP_ORDER, IP_ORDER
from kvmnet_tui.netxml.reading import XmlProblem
from kvmnet_tui.netxml.syntax import Element, make, parse

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PinProblem(ValueError):  # noqa: N818 - a finding, told to the user
    """A pin that cannot be; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One static host; what it is not known by is ""."""

    address: str
    mac: str = ""
    duid: str = ""
    hostname: str = ""

    @property
    def who(self) -> str:
        """Whom the address is kept for."""
        return self.mac or self.duid or self.hostname


def pins_in(text: str) -> tuple[Pin, ...]:
    """The static hosts of a network's XML in its order; none where it cannot be read."""
    try:
        root = parse(text, "network").root
    except XmlProblem:
        return ()
    return tuple(_pin(host) for _ip, host in _hosts(root))


def pin_update(text: str, pin: Pin) -> Update:
    """The update that adds a pin; raises XmlProblem, PinProblem."""
    root = parse(text, "network").root
    ip = _home(root, pin)
    _refuse_double(root, pin)
    return Update(ADD, "ip-dhcp-host", str(_element(pin)), root.all("ip").index(ip))


def unpin_update(text: str, address: str) -> Update:
    """The update that removes the pin of an address; raises XmlProblem, PinProblem."""
    root = parse(text, "network").root
    ip, host = _pinned_at(root, address)
    return Update(DELETE, "ip-dhcp-host", str(host), root.all("ip").index(ip))


def with_pin(text: str, pin: Pin) -> str:
    """The XML as it will be with the pin; raises XmlProblem, PinProblem."""
    document = parse(text, "network")
    ip = _home(document.root, pin)
    _refuse_double(document.root, pin)
    dhcp = ip.first("dhcp")
    if dhcp is None:
        dhcp = make("dhcp")
        ip.place(dhcp, IP_ORDER)
    dhcp.place(_element(pin), DHCP_ORDER)
    return str(document)


def without_pin(text: str, address: str) -> str:
    """The XML as it will be without the pin; raises XmlProblem, PinProblem."""
    document = parse(text, "network")
    ip, host = _pinned_at(document.root, address)
    dhcp = ip.first("dhcp")
    if dhcp is not None:
        dhcp.remove(host)
    return str(document)


def unfit_for_a_host(address: Address, subnet: str) -> str:
    """Why no host of this subnet (the bridge's address with its prefix) can have the address."""
    own = ipaddress.ip_interface(subnet)
    if address not in own.network:
        text = _("{address} is outside the subnet {subnet}.")
        return text.format(address=address, subnet=own.network)
    if address == own.ip:
        return _("{address} is the address of the network's own bridge.").format(address=address)
    if address.version == 4 and address in (own.network[0], own.network[-1]):
        text = _("{address} is the subnet's first or last address, which no host has.")
        return text.format(address=address)
    return ""


def _element(pin: Pin) -> Element:
    known = {"mac": pin.mac, "id": pin.duid, "name": pin.hostname}
    return make("host", {**known, "ip": pin.address})


def _pin(host: Element) -> Pin:
    return Pin(host.get("ip"), host.get("mac").lower(), host.get("id"), host.get("name"))


def _hosts(root: Element) -> Iterator[tuple[Element, Element]]:
    """Each <ip> with each of its hosts."""
    for ip in root.all("ip"):
        for dhcp in ip.all("dhcp"):
            for host in dhcp.all("host"):
                yield ip, host


def _pinned_at(root: Element, address: str) -> tuple[Element, Element]:
    found = next((one for one in _hosts(root) if one[1].get("ip") == address), None)
    if found is None:
        text = _("{address} is not pinned in network {name}.")
        raise PinProblem(text.format(address=address, name=_name(root)))
    return found


def _name(root: Element) -> str:
    name = root.first("name")
    return name.text if name else ""


def _home(root: Element, pin: Pin) -> Element:
    """The <ip> whose subnet has the address."""
    try:
        address = ipaddress.ip_address(pin.address)
    except ValueError:
        raise PinProblem(_("{text} is no IP address.").format(text=pin.address)) from None
    _refuse_unknowable(pin, address)
    try:
        ip = ip_for(root, pin.address)
        unfit = unfit_for_a_host(address, subnet_of(ip)) if ip is not None else ""
        is_inside = ip is not None and address in ipaddress.ip_interface(subnet_of(ip)).network
    except ValueError:  # an <ip> whose own address is none
        ip, unfit, is_inside = None, "", False
    if ip is None or not is_inside:
        text = _("{address} is in no subnet of network {name}.")
        raise PinProblem(text.format(address=pin.address, name=_name(root)))
    if unfit:
        raise PinProblem(unfit)
    return ip


def _refuse_unknowable(pin: Pin, address: Address) -> None:
    """Refuse a host that dnsmasq could not know when it asks."""
    if pin.mac and not MAC.fullmatch(pin.mac):
        text = _("{text} is no MAC, such as 52:54:00:aa:00:01.")
        raise PinProblem(text.format(text=pin.mac))
    if pin.duid and not DUID.fullmatch(pin.duid):
        text = _("{text} is no DUID, such as 00:03:00:01:52:54:00:aa:00:01.")
        raise PinProblem(text.format(text=pin.duid))
    if pin.hostname and not DNS_NAME.fullmatch(pin.hostname):
        raise PinProblem(_("{text} is no name for the DNS.").format(text=pin.hostname))
    if address.version == 6 and pin.mac:
        raise PinProblem(_("An IPv6 address is pinned to a DUID or a name, not to a MAC."))
    if address.version == 4 and pin.duid:
        raise PinProblem(_("An IPv4 address is pinned to a MAC or a name, not to a DUID."))


def _refuse_double(root: Element, pin: Pin) -> None:
    """Refuse an address, MAC, DUID or name that is pinned already."""
    unpin = _("{who} is pinned to {address} already: unpin it first.")
    for _ip, host in _hosts(root):
        other = _pin(host)
        same_version = (":" in other.address) == (":" in pin.address)
        if other.address == pin.address:
            text = _("{address} is pinned to {who} already.")
            raise PinProblem(text.format(address=pin.address, who=other.who))
        if pin.mac and same_version and other.mac == pin.mac.lower():
            raise PinProblem(unpin.format(who=pin.mac, address=other.address))
        if pin.duid and other.duid.lower() == pin.duid.lower():
            raise PinProblem(unpin.format(who=pin.duid, address=other.address))
        if pin.hostname and same_version and other.hostname == pin.hostname:
            text = _("The name {host} is pinned to {address} already.")
            raise PinProblem(text.format(host=pin.hostname, address=other.address))
