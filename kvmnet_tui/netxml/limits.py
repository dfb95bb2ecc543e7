"""Bandwidth limits and VLAN tags of a network or portgroup, each as one text. Pure."""

from kvmnet_tui.i18n import _
from kvmnet_tui.netxml.listing import Entry, LineProblem
from kvmnet_tui.netxml.syntax import Element, make

_BANDWIDTH = ("average", "peak", "burst", "floor")
_BANDWIDTH_ORDER = ("inbound", "outbound")


def bandwidth_of(element: Element | None, direction: str) -> str:
    """`average,peak,burst,floor` of `inbound` or `outbound`, as virsh takes it; "" for none."""
    limits = element.first("bandwidth", direction) if element else None
    if limits is None:
        return ""
    return ",".join(limits.get(name) for name in _BANDWIDTH).rstrip(",")


def parse_bandwidth(text: str) -> Entry:
    """Numbers in KiB/s (burst in KiB); raises LineProblem."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > len(_BANDWIDTH) or any(part and not part.isdecimal() for part in parts):
        raise LineProblem(
            _("{text}: bandwidth is average,peak,burst,floor in KiB/s.").format(text=text)
        )
    found = {name: part for name, part in zip(_BANDWIDTH, parts, strict=False) if part}
    if text.strip() and not found.get("average") and not found.get("floor"):
        raise LineProblem(_("{text}: bandwidth begins with the average.").format(text=text))
    return found


def set_bandwidth(element: Element, direction: str, text: str, order: tuple[str, ...]) -> None:
    """Write one direction's limits; an emptied <bandwidth> goes."""
    wanted = parse_bandwidth(text) if text else {}
    bandwidth = element.first("bandwidth")
    if bandwidth is None:
        if not wanted:
            return
        bandwidth = make("bandwidth")
        element.place(bandwidth, order)
    limits = bandwidth.first(direction)
    if not wanted:
        if limits is not None:
            bandwidth.remove(limits)
    else:
        if limits is None:
            limits = make(direction)
            bandwidth.place(limits, _BANDWIDTH_ORDER)
        for name in _BANDWIDTH:
            limits.set(name, wanted.get(name, ""))
    if not any(bandwidth.elements):
        element.remove(bandwidth)


def vlan_of(element: Element | None) -> str:
    """`42`, or a trunk's tags `10,20:untagged`; "" for none."""
    vlan = element.first("vlan") if element else None
    if vlan is None:
        return ""
    return ",".join(
        f"{tag.get('id')}:{tag.get('nativeMode')}" if tag.get("nativeMode") else tag.get("id")
        for tag in vlan.all("tag")
    )


def parse_vlan(text: str) -> tuple[tuple[str, str], ...]:
    """Tags with their native mode ("" for none); raises LineProblem."""
    tags = []
    for part in text.split(",") if text.strip() else ():
        number, _colon, native = part.strip().partition(":")
        if not number.isdecimal() or not 0 < int(number) < 4095:
            raise LineProblem(_("{text}: VLAN tags are numbers from 1 to 4094.").format(text=part))
        if native not in ("", "tagged", "untagged"):
            raise LineProblem(_("{text}: a native VLAN is tagged or untagged.").format(text=part))
        tags.append((number, native))
    return tuple(tags)


def set_vlan(element: Element, text: str, order: tuple[str, ...]) -> None:
    """Write the tags; several, or a native one, make a trunk."""
    if text == vlan_of(element):
        return
    tags = parse_vlan(text)
    old = element.first("vlan")
    if old is not None:
        element.remove(old)
    if tags:
        trunk = "yes" if len(tags) > 1 or tags[0][1] else ""
        children = [make("tag", {"id": number, "nativeMode": mode}) for number, mode in tags]
        element.place(make("vlan", {"trunk": trunk}, children), order)
