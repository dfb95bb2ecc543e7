"""Build an <interface>, and edit one without losing what is not understood here. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from kvmnet_tui.i18n import _
from kvmnet_tui.model.nic_settings import (
    Bandwidth,
    NicSettings,
    NicSource,
    SourceKind,
    differences,
)
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.netxml.reading import XmlProblem

# What a new <interface> is an edit of.
_PLAIN = NicSettings(NicSource(SourceKind.USER))

_TYPES = {SourceKind.OVS: "bridge"}
_NAMED_BY = {
    SourceKind.NETWORK: "network",
    SourceKind.BRIDGE: "bridge",
    SourceKind.OVS: "bridge",
    SourceKind.DIRECT: "dev",
}
# Where a child belongs among its siblings, as libvirt itself writes them.
_ORDER = (
    *("mac", "source", "virtualport", "vlan", "mtu", "bandwidth", "target", "port", "model"),
    *("driver", "filterref", "rom", "link", "boot", "alias", "address"),
)
_PCI_PARTS = (("domain", 4), ("bus", 2), ("slot", 2), ("function", 1))


def build_interface(settings: NicSettings) -> str:
    """A new <interface> that asks for exactly this."""
    element = etree.Element("interface", type=_PLAIN.source.kind.value)
    _apply(element, _PLAIN, settings)
    return _text(element)


def edit_interface(text: str, settings: NicSettings) -> str:
    """`text` with those settings changed that differ; raises XmlProblem.

    All else stays as it is: elements and attributes nobody here knows, comments, order.
    """
    element = _parsed(text)
    old = parse_settings(text)
    if old == settings:
        return text
    _apply(element, old, settings)
    return _text(element)


def tidy_interface(text: str) -> str:
    """`text` written as an edited one would be, so that the two can be compared line by line."""
    return _text(_parsed(text))


def without_live_parts(text: str) -> str:
    """The <interface> of a running guest as it could be stored: no alias, no tap, no port."""
    element = _parsed(text)
    _drop(element, "alias")
    for target in element.findall("target"):
        if target.get("dev", "").startswith(("vnet", "macvtap")):
            element.remove(target)
    source = element.find("source")
    if source is not None and source.get("network"):
        element.set("type", "network")
        for name in ("portid", "bridge", "dev", "mode"):
            source.attrib.pop(name, None)
    return _text(element)


def edit_guest_nic(domain: str, position: int | None, interface: str) -> str:
    """A <domain> whose NIC at `position` is `interface`, taken away when that is "".

    Without a position it is one NIC more. Raises XmlProblem.
    """
    try:
        root = etree.fromstring(domain)
        devices = root.find("devices")
        found = None if position is None else root.findall("devices/interface")[position]
    except (etree.XMLSyntaxError, ValueError, IndexError) as error:
        message = _("The XML cannot be read: {reason}.").format(reason=error)
        raise XmlProblem(message) from error
    if found is None:
        devices.append(_parsed(interface))
    elif not interface:
        devices.remove(found)
    else:
        new = _parsed(interface)
        new.tail = found.tail
        devices.replace(found, new)
    return str(etree.tostring(root, encoding="unicode"))


def _parsed(text: str) -> Any:
    try:
        element = etree.fromstring(text)
    except (etree.XMLSyntaxError, ValueError) as error:
        message = _("The XML cannot be read: {reason}.").format(reason=error)
        raise XmlProblem(message) from error
    return element


def _text(element: Any) -> str:
    element.tail = None
    if not len(element) and not (element.text or "").strip():
        element.text = None
    etree.indent(element)
    return str(etree.tostring(element, encoding="unicode"))


def _apply(element: Any, old: NicSettings, new: NicSettings) -> None:
    for name in differences(old, new):
        _SETTERS[name](element, getattr(new, name))


def _set_source(element: Any, source: NicSource) -> None:
    """Another plug: nothing of the old one's may stay."""
    if source.kind is SourceKind.OTHER:
        return
    for tag in ("source", "virtualport"):
        _drop(element, tag)
    element.attrib.pop("managed", None)
    element.set("type", _TYPES.get(source.kind, source.kind.value))
    if source.kind is SourceKind.HOSTDEV:
        element.set("managed", "yes")
        _child(element, "source").append(_pci(source.name))
    elif source.kind in _NAMED_BY:
        plug = _child(element, "source")
        plug.set(_NAMED_BY[source.kind], source.name)
        for name, value in (("portgroup", source.portgroup), ("mode", source.mode)):
            if value:
                plug.set(name, value)
    if source.kind is SourceKind.OVS:
        _child(element, "virtualport").set("type", "openvswitch")


def _pci(address: str) -> Any:
    numbers = address.replace(".", ":").split(":")
    parts = {
        name: f"0x{int(number, 16):0{width}x}"
        for (name, width), number in zip(_PCI_PARTS, numbers, strict=True)
    }
    return etree.Element("address", {"type": "pci", **parts})


def _set_vlans(element: Any, vlans: tuple[int, ...]) -> None:
    _drop(element, "vlan")
    if not vlans:
        return
    vlan = _child(element, "vlan")
    if len(vlans) > 1:
        vlan.set("trunk", "yes")
    for number in vlans:
        etree.SubElement(vlan, "tag", {"id": str(number)})


def _set_bandwidth(direction: str) -> Callable[[Any, Bandwidth | None], None]:
    def set_it(element: Any, limit: Bandwidth | None) -> None:
        if limit is None:
            _drop(element, f"bandwidth/{direction}")
        else:
            one = _child(_child(element, "bandwidth"), direction)
            for name in ("average", "peak", "burst"):
                _put(one, name, getattr(limit, name))
        bandwidth = element.find("bandwidth")
        if bandwidth is not None and not len(bandwidth):
            element.remove(bandwidth)

    return set_it


def _set_isolated(element: Any, isolated: bool) -> None:
    _set_attribute(element, "port", "isolated", "yes" if isolated else "")


def _set_trust(element: Any, trusted: bool) -> None:
    if trusted:
        element.set("trustGuestRxFilters", "yes")
    else:
        element.attrib.pop("trustGuestRxFilters", None)


def _set_filter(element: Any, name: str) -> None:
    """Another filter takes other parameters: those of the old one go with it."""
    _drop(element, "filterref")
    if name:
        _child(element, "filterref").set("filter", name)


def _attribute(tag: str, name: str) -> Callable[[Any, object], None]:
    def set_it(element: Any, value: object) -> None:
        _set_attribute(element, tag, name, "" if value is None else str(value))

    return set_it


def _set_attribute(element: Any, tag: str, name: str, value: str) -> None:
    """Set it, or take it away, and its element with it when nothing else is left there."""
    if value:
        _child(element, tag).set(name, value)
        return
    for found in element.findall(tag):
        found.attrib.pop(name, None)
        if not found.attrib and not len(found):
            element.remove(found)


_SETTERS: Mapping[str, Callable[[Any, Any], None]] = {
    "source": _set_source,
    "mac": _attribute("mac", "address"),
    "model": _attribute("model", "type"),
    "link": _attribute("link", "state"),
    "mtu": _attribute("mtu", "size"),
    "queues": _attribute("driver", "queues"),
    "boot_order": _attribute("boot", "order"),
    "vlans": _set_vlans,
    "isolated": _set_isolated,
    "inbound": _set_bandwidth("inbound"),
    "outbound": _set_bandwidth("outbound"),
    "filter": _set_filter,
    "trusts_guest": _set_trust,
}


def _put(element: Any, name: str, number: int) -> None:
    if number:
        element.set(name, str(number))
    else:
        element.attrib.pop(name, None)


def _drop(element: Any, path: str) -> None:
    for found in element.findall(path):
        found.getparent().remove(found)


def _child(element: Any, tag: str) -> Any:
    """The child, made where it belongs when there is none."""
    found = element.find(tag)
    if found is not None:
        return found
    child = etree.Element(tag)
    if tag not in _ORDER:
        element.append(child)
        return child
    rank = _ORDER.index(tag)
    at = sum(1 for one in element if _rank(one) <= rank)
    element.insert(at, child)
    return child


def _rank(element: Any) -> int:
    """Where it belongs; comments and strangers stay where they are, before what comes later."""
    tag = element.tag
    return _ORDER.index(tag) if isinstance(tag, str) and tag in _ORDER else -1
