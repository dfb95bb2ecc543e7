"""A crowded host: hundreds of guests with several NICs each, as libvirt's test driver has them."""

from collections.abc import Iterator
from pathlib import Path

GUESTS, NICS_EACH = 500, 4


def tap_name(guest: int, nic: int) -> str:
    """The tap of a guest's NIC."""
    return f"tap{guest * NICS_EACH + nic}"


def crowd(folder: Path, guests: int = GUESTS) -> str:
    """URI of a host with that many guests, all running, all on network `default`."""
    file = folder / f"crowd-{guests}.xml"
    network = (
        "<network><name>default</name><bridge name='virbr0'/>"
        "<ip address='10.0.0.1' netmask='255.255.0.0'/></network>"
    )
    file.write_text(f"<node>{network}{''.join(map(_guest, range(guests)))}</node>")
    return f"test://{file}"


def _guest(number: int) -> str:
    return (
        f"<domain type='test'><name>guest{number}</name><memory>65536</memory>"
        f"<os><type>hvm</type></os><devices>{''.join(_nics(number))}</devices></domain>"
    )


def _nics(guest: int) -> Iterator[str]:
    for nic in range(NICS_EACH):
        number = guest * NICS_EACH + nic
        yield (
            f"<interface type='network'><source network='default'/><model type='virtio'/>"
            f"<mac address='52:54:00:00:{number >> 8:02x}:{number & 255:02x}'/>"
            f"<target dev='{tap_name(guest, nic)}'/></interface>"
        )
