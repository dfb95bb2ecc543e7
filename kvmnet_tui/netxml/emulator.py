"""What an emulator and the host's PCI devices offer for NICs. Pure."""

import re
import xml.etree.ElementTree as ET

from kvmnet_tui.netxml.reading import pci_address

# QEMU's device to libvirt's model; those of no use in a PCI machine are left out.
_MODELS = {
    "virtio-net-pci": "virtio",
    "e1000e": "e1000e",
    "e1000": "e1000",
    "rtl8139": "rtl8139",
    "igb": "igb",
    "vmxnet3": "vmxnet3",
    "virtio-net-pci-transitional": "virtio-transitional",
    "virtio-net-pci-non-transitional": "virtio-non-transitional",
    "virtio-net-ccw": "virtio",
    "spapr-vlan": "spapr-vlan",
    "e1000-82544gc": "e1000-82544gc",
    "e1000-82545em": "e1000-82545em",
    "pcnet": "pcnet",
    "ne2k_pci": "ne2k_pci",
    "tulip": "tulip",
    "usb-net": "usb-net",
}
_NETWORK_SECTION = re.compile(r"(?ms)^Network devices:$(.*?)(?:^\S[^\n]*:$|\Z)")
_DEVICE = re.compile(r'^name "([^"]+)"', re.MULTILINE)


def models_in(text: str) -> tuple[str, ...]:
    """The models in the output of `qemu -device help`, the usual ones first."""
    section = _NETWORK_SECTION.search(text)
    devices = set(_DEVICE.findall(section[1])) if section else set()
    return tuple(dict.fromkeys(model for device, model in _MODELS.items() if device in devices))


def virtual_function(text: str) -> tuple[str, str] | None:
    """Address and product of a node device that is an SR-IOV virtual network function."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - libvirt's own document
    except ET.ParseError:
        return None
    pci = root.find("capability[@type='pci']")
    if pci is None or pci.find("capability[@type='phys_function']") is None:
        return None
    if not pci.findtext("class", "0x020000").startswith("0x02"):
        return None
    parts = {name: pci.findtext(name, "0") for name in ("domain", "bus", "slot", "function")}
    address = pci_address(ET.Element("address", parts))
    return address, pci.findtext("product", "").strip()
