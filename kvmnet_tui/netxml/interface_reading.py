"""Read what a NIC is set to from its <interface>. Pure."""

import xml.etree.ElementTree as ET

from kvmnet_tui.model.nic_settings import Bandwidth, NicSettings, NicSource, SourceKind
from kvmnet_tui.netxml.reading import pci_address, root_of

_NAMED_BY = {"network": "network", "bridge": "bridge", "direct": "dev"}


def parse_settings(text: str) -> NicSettings:
    """What an <interface> asks for; raises XmlProblem."""
    root = root_of(text, "interface")
    return NicSettings(
        source=_source(root),
        mac=_attribute(root, "mac", "address").lower(),
        model=_attribute(root, "model", "type"),
        link=_attribute(root, "link", "state") or "up",
        mtu=_number(_attribute(root, "mtu", "size")),
        queues=_number(_attribute(root, "driver", "queues")),
        boot_order=_number(_attribute(root, "boot", "order")),
        vlans=tuple(
            number
            for number in (_number(tag.get("id", "")) for tag in root.findall("vlan/tag"))
            if number is not None
        ),
        isolated=_attribute(root, "port", "isolated") == "yes",
        inbound=_bandwidth(root.find("bandwidth/inbound")),
        outbound=_bandwidth(root.find("bandwidth/outbound")),
        filter=_attribute(root, "filterref", "filter"),
        trusts_guest=root.get("trustGuestRxFilters") == "yes",
    )


def _source(root: ET.Element) -> NicSource:
    kind = root.get("type", "")
    source = root.find("source")
    given = {} if source is None else source.attrib
    if given.get("network"):  # also where a running guest's type says what it resolved to
        return NicSource(SourceKind.NETWORK, given["network"], given.get("portgroup", ""))
    if kind == "bridge" and _attribute(root, "virtualport", "type") == "openvswitch":
        return NicSource(SourceKind.OVS, given.get("bridge", ""))
    if kind in _NAMED_BY:
        mode = given.get("mode", "vepa") if kind == "direct" else ""
        return NicSource(SourceKind(kind), given.get(_NAMED_BY[kind], ""), mode=mode)
    if kind == "hostdev":
        address = None if source is None else source.find("address")
        return NicSource(SourceKind.HOSTDEV, "" if address is None else pci_address(address))
    return NicSource(SourceKind.USER) if kind == "user" else NicSource(SourceKind.OTHER, kind)


def _bandwidth(element: ET.Element | None) -> Bandwidth | None:
    average = None if element is None else _number(element.get("average", ""))
    if element is None or average is None:
        return None
    peak, burst = (_number(element.get(name, "")) or 0 for name in ("peak", "burst"))
    return Bandwidth(average, peak, burst)


def _attribute(root: ET.Element, path: str, name: str) -> str:
    element = root.find(path)
    return "" if element is None else element.get(name, "")


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
