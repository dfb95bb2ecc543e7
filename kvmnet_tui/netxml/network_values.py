"""Named values of a <network>: read from its elements, written into them. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kvmnet_tui.netxml.syntax import Element, make

# The order in which libvirt itself writes them.
ORDER = (
    "name", "uuid", "metadata", "forward", "bridge", "mtu", "mac", "domain", "dns", "vlan",
    "bandwidth", "port", "ip", "route", "virtualport", "portgroup", "dnsmasq:options",
)  # fmt: skip
FORWARD_ORDER = ("driver", "nat", "pf", "interface", "address")
DNS_ORDER = ("forwarder", "txt", "srv", "host")
DHCP_ORDER = ("range", "host", "bootp")
IP_ORDER = ("tftp", "dhcp")


@dataclass(frozen=True, slots=True)
class Value:
    """One named value of a network: how it is read from and written into the root element."""

    read: Callable[[Element], Any]
    write: Callable[[Element, Any], None]
    none: Any = ""


def child(parent: Element, tag: str, order: tuple[str, ...] = ()) -> Element:
    """The child of that name, made when it is not there."""
    child = parent.first(tag)
    if child is None:
        child = make(tag)
        parent.place(child, order)
    return child


def drop_empty(parent: Element, tag: str) -> None:
    """Remove a child that says nothing any more."""
    child = parent.first(tag)
    if child is not None and not child.attributes and not child.children:
        parent.remove(child)


def set_attribute(root: Element, value: str, tag: str, attribute: str) -> None:
    """Set an attribute of a child of the root, which comes and goes with its attributes."""
    if value or root.first(tag) is not None:
        child(root, tag, ORDER).set(attribute, value)
        drop_empty(root, tag)


def attribute_value(tag: str, attribute: str) -> Value:
    """An attribute of a child of the root."""
    return Value(
        lambda root: root.value(tag, attribute),
        lambda root, value: set_attribute(root, value, tag, attribute),
    )


def switch_value(tag: str, attribute: str, on: str = "yes", *, unsaid: bool = False) -> Value:
    """An attribute that is `on`, or its opposite; `unsaid` is what its absence means."""
    off = "off" if on == "on" else "no"

    def read(root: Element) -> bool:
        said = root.value(tag, attribute)
        return said == on if said else unsaid

    def write(root: Element, value: bool) -> None:
        said = "" if value == unsaid else on if value else off
        set_attribute(root, said, tag, attribute)

    return Value(read, write, none=unsaid)


def text_value(tag: str) -> Value:
    """The text of a child of the root."""

    def read(root: Element) -> str:
        element = root.first(tag)
        return element.text.strip() if element else ""

    def write(root: Element, value: str) -> None:
        element = root.first(tag)
        if not value:
            if element is not None:
                root.remove(element)
        elif element is None:
            root.place(make(tag, text=value), ORDER)
        else:
            element.text = value

    return Value(read, write)
