"""What stands in a network's <forward>: NAT's pairs, links, functions of cards. Pure."""

from kvmnet_tui.netxml.network_values import FORWARD_ORDER, ORDER, Value, child, drop_empty
from kvmnet_tui.netxml.syntax import Element, make


def _nat_pair(tag: str) -> Value:
    """`start-end` of <nat>'s <port> or <address>."""

    def read(root: Element) -> str:
        element = root.first("forward", "nat", tag)
        return f"{element.get('start')}-{element.get('end')}" if element else ""

    def write(root: Element, value: str) -> None:
        forward = child(root, "forward", ORDER)
        nat = child(forward, "nat", FORWARD_ORDER)
        start, _dash, end = (part.strip() for part in value.partition("-"))
        element = child(nat, tag, ("address", "port"))
        if value:
            element.set("start", start)
            element.set("end", end)
        else:
            nat.remove(element)
        drop_empty(forward, "nat")

    return Value(read, write)


def _write_nat_ipv6(root: Element, value: bool) -> None:
    forward = child(root, "forward", ORDER)
    child(forward, "nat", FORWARD_ORDER).set("ipv6", "yes" if value else "")
    drop_empty(forward, "nat")


def _read_devices(root: Element) -> tuple[str, ...]:
    forward = root.first("forward")
    found = [each.get("dev") for each in forward.all("interface")] if forward else []
    if forward and forward.get("dev") and forward.get("dev") not in found:
        found.insert(0, forward.get("dev"))
    return tuple(found)


def _write_devices(root: Element, value: tuple[str, ...]) -> None:
    forward = child(root, "forward", ORDER)
    for each in forward.all("interface"):
        if each.get("dev") not in value:
            forward.remove(each)
    there = {each.get("dev") for each in forward.all("interface")}
    for name in value:
        if name not in there:
            forward.place(make("interface", {"dev": name}), FORWARD_ORDER)
    if forward.get("dev"):  # libvirt repeats the first of them there
        forward.set("dev", value[0] if value else "")


def _read_exit(root: Element) -> str:
    devices = _read_devices(root)
    return devices[0] if devices else ""


def _write_exit(root: Element, value: str) -> None:
    """The one link that a NAT or routed network may leave through."""
    forward = child(root, "forward", ORDER)
    for each in forward.all("interface"):
        forward.remove(each)
    forward.set("dev", value)


def pci_text(element: Element) -> str:
    """`0000:3b:00.1`; "" where the numbers are none."""
    try:
        parts = [int(element.get(name, "0"), 0) for name in ("domain", "bus", "slot", "function")]
    except ValueError:
        return ""
    return "{:04x}:{:02x}:{:02x}.{:x}".format(*parts)


def _pci_element(address: str) -> Element:
    domain, bus, rest = address.split(":")
    slot, function = rest.split(".")
    numbers = {"domain": domain, "bus": bus, "slot": slot, "function": function}
    return make("address", {"type": "pci", **{key: f"0x{part}" for key, part in numbers.items()}})


def _read_functions(root: Element) -> tuple[str, ...]:
    forward = root.first("forward")
    return tuple(pci_text(each) for each in forward.all("address")) if forward else ()


def _write_functions(root: Element, value: tuple[str, ...]) -> None:
    forward = child(root, "forward", ORDER)
    for each in forward.all("address"):
        if pci_text(each) not in value:
            forward.remove(each)
    there = {pci_text(each) for each in forward.all("address")}
    for address in value:
        if address not in there:
            forward.place(_pci_element(address), FORWARD_ORDER)


def _read_pf(root: Element) -> str:
    pf = root.first("forward", "pf")
    return pf.get("dev") if pf else ""


def _write_pf(root: Element, value: str) -> None:
    forward = child(root, "forward", ORDER)
    child(forward, "pf", FORWARD_ORDER).set("dev", value)
    drop_empty(forward, "pf")


NAT_ADDRESSES = _nat_pair("address")
NAT_PORTS = _nat_pair("port")
NAT_IPV6 = Value(
    lambda root: (nat := root.first("forward", "nat")) is not None and nat.get("ipv6") == "yes",
    _write_nat_ipv6,
    none=False,
)
EXIT = Value(_read_exit, _write_exit)
DEVICES = Value(_read_devices, _write_devices, none=())
PF = Value(_read_pf, _write_pf)
FUNCTIONS = Value(_read_functions, _write_functions, none=())
