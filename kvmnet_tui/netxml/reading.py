"""What a <network>, <domain> or <interface> says."""

import ipaddress
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

from kvmnet_tui.i18n import _
from kvmnet_tui.model.virt import DhcpRange, Nic

AGENT_CHANNEL = "org.qemu.guest_agent.0"

# `virsh domiflist` shows the first of these that <source> has, in the document's order.
_PLUGS = frozenset({"bridge", "dev", "network", "name"})


class XmlProblem(ValueError):  # noqa: N818 - a finding, told to the user
    """A document that cannot be used; the message is one sentence for the user.

    `line` is where, counted from 1, and `reason` the message without it; 0 when it is not known.
    """

    line = 0
    reason = ""


@dataclass(frozen=True, slots=True)
class NetworkXml:
    """What a <network> says; `forward_mode` is `isolated` where there is no <forward>."""

    name: str = ""
    uuid: str = ""
    bridge: str = ""
    forward_mode: str = "isolated"
    forward_devices: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    dhcp_ranges: tuple[DhcpRange, ...] = ()
    domain: str = ""
    serves_dhcp: bool = False


@dataclass(frozen=True, slots=True)
class GuestXml:
    """What a <domain> says about networking, and whether the guest's agent is connected."""

    nics: tuple[Nic, ...] = ()
    agent_connected: bool = False


def parse_network(text: str) -> NetworkXml:
    """Read a <network>; raises XmlProblem."""
    root = root_of(text, "network")
    return NetworkXml(
        name=root.findtext("name", ""),
        uuid=root.findtext("uuid", ""),
        bridge=_attribute(root, "bridge", "name"),
        forward_mode=_forward_mode(root),
        forward_devices=tuple(dict.fromkeys(_forward_devices(root))),
        addresses=tuple(_cidr(ip) for ip in root.findall("ip") if ip.get("address")),
        dhcp_ranges=tuple(
            DhcpRange(each.get("start", ""), each.get("end", ""))
            for each in root.findall("ip/dhcp/range")
        ),
        domain=_attribute(root, "domain", "name"),
        serves_dhcp=root.find("ip/dhcp") is not None,
    )


def parse_guest(text: str) -> GuestXml:
    """Read a <domain>; raises XmlProblem."""
    root = root_of(text, "domain")
    try:
        nics = tuple(_nic(element) for element in root.findall("devices/interface"))
    except RecursionError as error:
        raise XmlProblem(_("The XML cannot be read: it is nested too deeply.")) from error
    return GuestXml(nics, any(_is_live_agent(each) for each in root.findall("devices/channel")))


def parse_interface(text: str) -> Nic:
    """Read one <interface>; raises XmlProblem."""
    root = root_of(text, "interface")
    try:
        return _nic(root)
    except RecursionError as error:
        raise XmlProblem(_("The XML cannot be read: it is nested too deeply.")) from error


def root_of(text: str, tag: str) -> ET.Element:
    """The document's root, which must be called `tag`; raises XmlProblem."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - expat bounds entity expansion since 2.4
    except (ET.ParseError, ValueError) as error:
        message = _("The XML cannot be read: {reason}.").format(reason=error)
        raise XmlProblem(message) from error
    if root.tag != tag:
        message = _("The XML describes <{found}> where <{expected}> belongs.")
        raise XmlProblem(message.format(found=root.tag, expected=tag))
    return root


def _attribute(root: ET.Element, path: str, name: str) -> str:
    element = root.find(path)
    return "" if element is None else element.get(name, "")


def _forward_mode(root: ET.Element) -> str:
    forward = root.find("forward")
    return "isolated" if forward is None else forward.get("mode", "nat")


def _forward_devices(root: ET.Element) -> Iterator[str]:
    forward = root.find("forward")
    if forward is None:
        return
    for element in (forward, *forward.findall("interface"), *forward.findall("pf")):
        if device := element.get("dev"):
            yield device
    for address in forward.findall("address"):
        yield pci_address(address)


def _cidr(element: ET.Element) -> str:
    """The address with its prefix; an address that is none comes back as it was written."""
    address = element.get("address", "")
    try:
        length = element.get("prefix") or element.get("netmask") or _default_prefix(address)
        return ipaddress.ip_interface(f"{address}/{length}").with_prefixlen
    except ValueError:
        return address


def _default_prefix(address: str) -> int:
    """What libvirt takes where neither prefix nor netmask is given: the class's, or /64."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        return 64
    first = ip.packed[0]
    return 8 if first < 128 else 16 if first < 192 else 24


def pci_address(element: ET.Element) -> str:
    """`0000:3b:00.1`, as lspci writes it; "" for an address of another bus."""
    try:
        domain, bus, slot, function = (
            int(element.get(part, "0"), 0) for part in ("domain", "bus", "slot", "function")
        )
    except ValueError:
        return ""
    return f"{domain:04x}:{bus:02x}:{slot:02x}.{function:x}"


def _is_live_agent(channel: ET.Element) -> bool:
    target = channel.find("target")
    return (
        target is not None
        and target.get("name") == AGENT_CHANNEL
        and target.get("state") == "connected"
    )


def _nic(element: ET.Element) -> Nic:
    vlans = (_number(tag.get("id")) for tag in element.findall("vlan/tag"))
    return Nic(
        mac=_attribute(element, "mac", "address"),
        type=element.get("type", ""),
        source=_source(element.find("source")),
        model=_attribute(element, "model", "type"),
        device=_attribute(element, "target", "dev"),
        link=_attribute(element, "link", "state") or "up",
        portgroup=_attribute(element, "source", "portgroup"),
        alias=_attribute(element, "alias", "name"),
        mtu=_number(_attribute(element, "mtu", "size")),
        vlans=tuple(number for number in vlans if number is not None),
        xml=_text(element),
        mode=_macvtap_mode(element),
        network=_attribute(element, "source", "network"),
        slot=_slot(element.find("address")),
    )


def _source(source: ET.Element | None) -> str:
    """What the NIC is plugged into: virsh's word, and where virsh has none, what says it best."""
    if source is None:
        return ""
    for name, value in source.attrib.items():
        if name in _PLUGS:
            return value
    address = source.find("address")
    if address is not None and address.get("type") == "pci":
        return pci_address(address)
    if "port" in source.attrib:  # type server, client, mcast and udp
        return f"{source.get('address', '')}:{source.get('port')}"
    return source.get("path") or source.get("switchid") or ""


def _slot(address: ET.Element | None) -> str:
    return pci_address(address) if address is not None and address.get("type") == "pci" else ""


def _macvtap_mode(element: ET.Element) -> str:
    mode = _attribute(element, "source", "mode")
    return mode if element.get("type") == "direct" else ""


def _number(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def _text(element: ET.Element) -> str:
    """The element's own document, indented from the left margin."""
    alone = deepcopy(element)
    alone.tail = None
    ET.indent(alone)
    return ET.tostring(alone, encoding="unicode")
