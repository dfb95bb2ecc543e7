"""Hosts of libvirt's built-in test driver, and looking into pictures for networks and guests."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import libvirt

from kvmnet_tui.model.state import HostState, Phase, SourceName
from kvmnet_tui.model.timeline import Kind
from kvmnet_tui.model.virt import Guest, Network, Nic

DEFAULT_HOST = "test:///default"


def is_live(state: HostState) -> bool:
    """Whether libvirt's picture is complete."""
    return state.source(SourceName.LIBVIRT).phase is Phase.LIVE


def network(state: HostState, name: str) -> Network | None:
    """The network of that name."""
    return next((each for each in state.networks.values() if each.name == name), None)


def guest_named(state: HostState, name: str) -> Guest | None:
    """The guest of that name."""
    return next((each for each in state.guests.values() if each.name == name), None)


def nics(state: HostState, name: str) -> tuple[Nic, ...]:
    """The NICs of the guest of that name; none when it is not there."""
    found = guest_named(state, name)
    return found.nics if found else ()


def happened(state: HostState, subject: str) -> list[Kind]:
    """What the timeline tells of a subject, oldest first."""
    return [each.kind for each in state.timeline if each.subject == subject]


@contextmanager
def somebody_elses_connection(uri: str = DEFAULT_HOST) -> Iterator[libvirt.virConnect]:
    """A second connection to the same host, to change it with."""
    virt = libvirt.open(uri)
    try:
        yield virt
    finally:
        virt.close()


def host_of(folder: Path, networks: Iterable[str], guests: Iterable[str]) -> str:
    """URI of a host with these documents."""
    file = folder / "host.xml"
    file.write_text(f"<node>{''.join(networks)}{''.join(guests)}</node>")
    return f"test://{file}"


def network_xml(name: str, number: int = 1) -> str:
    """A NAT network on a bridge of its own."""
    third, fourth = divmod(number, 256)
    return f"""<network>
      <name>{name}</name><forward mode='nat'/><bridge name='vb{number}'/>
      <ip address='10.{third}.{fourth}.1' netmask='255.255.255.0'>
        <dhcp><range start='10.{third}.{fourth}.2' end='10.{third}.{fourth}.254'/></dhcp>
      </ip></network>"""


def guest_xml(name: str, networks: Iterable[str] = ("default",)) -> str:
    """A guest with a NIC on each of the networks."""
    plugs = "".join(
        f"<interface type='network'><source network='{each}'/><model type='virtio'/></interface>"
        for each in networks
    )
    return f"""<domain type='test'><name>{name}</name><memory>65536</memory>
      <os><type>hvm</type></os><devices>{plugs}</devices></domain>"""
