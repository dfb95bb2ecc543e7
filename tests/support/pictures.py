"""Pictures of hosts for pure tests: the course's host above all, before and after its failover."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kvmnet_tui.events import BondsRead, KernelChanged, fold
from kvmnet_tui.model.bonds import Bond, Member
from kvmnet_tui.model.joins import AddressBook, Topology
from kvmnet_tui.model.links import (
    IFF_BROADCAST,
    IFF_LOOPBACK,
    IFF_LOWER_UP,
    IFF_MASTER,
    IFF_MULTICAST,
    IFF_RUNNING,
    IFF_SLAVE,
    IFF_UP,
    Address,
    BondSettings,
    BridgeSettings,
    Counters,
    ForwardingEntry,
    Link,
    Manager,
    MemberSettings,
    Neighbour,
    PortSettings,
    PortVlan,
    Rates,
)
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName, SourceStatus
from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry
from kvmnet_tui.model.virt import DhcpRange, Guest, Lease, Network, Nic

NOW = 1_527_250_030.0  # 2018-05-25 12:07:10 UTC, the course's day
UP = IFF_UP | IFF_RUNNING | IFF_LOWER_UP | IFF_BROADCAST | IFF_MULTICAST
NO_CARRIER = IFF_UP | IFF_BROADCAST | IFF_MULTICAST

CENTOS = "6f0c1d5e-6d0e-4a3c-9d4d-0c2b6f4f6a01"
CENTOS_2 = "6f0c1d5e-6d0e-4a3c-9d4d-0c2b6f4f6a02"
ERP = "6f0c1d5e-6d0e-4a3c-9d4d-0c2b6f4f6a03"
DEFAULT = "5687d2e1-c14d-42bb-abe2-fcb4bfac2a12"
ISOLATED = "5687d2e1-c14d-42bb-abe2-fcb4bfac2a13"
HOST_BRIDGE = "5687d2e1-c14d-42bb-abe2-fcb4bfac2a14"

CENTOS_MAC = "52:54:00:aa:00:01"
CENTOS_2_MAC = "52:54:00:aa:00:02"
CENTOS_2_SECOND_MAC = "52:54:00:aa:00:03"
ERP_MAC = "52:54:00:aa:00:04"
ENS32_MAC = "00:0c:29:96:3a:c5"
ENS36_MAC = "00:0c:29:96:3a:cf"
VIRBR0_MAC = "52:54:00:79:e3:41"

LO, ENS32, ENS36, BOND0, VIRBR0, VIRBR1, VIRBR0_NIC, VNET0, VNET1, VNET2 = range(1, 11)
BOND0_100, VIRBR100 = 11, 12

DEFAULT_XML = f"""<network connections='2'>
  <name>default</name>
  <uuid>{DEFAULT}</uuid>
  <forward mode='nat'>
    <nat>
      <port start='1024' end='65535'/>
    </nat>
  </forward>
  <bridge name='virbr0' stp='on' delay='0'/>
  <mac address='{VIRBR0_MAC}'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
      <host mac='{CENTOS_MAC}' name='centos' ip='192.168.122.51'/>
    </dhcp>
  </ip>
</network>
"""
DEFAULT_STORED_XML = DEFAULT_XML.replace(" connections='2'", "")


def live(since: float = NOW - 600) -> SourceStatus:
    """The status of a source that works."""
    return SourceStatus(Phase.LIVE, since)


ALL_LIVE: Mapping[SourceName, SourceStatus] = {name: live() for name in SourceName}


def link(index: int, name: str, kind: str = "ethernet", **fields: Any) -> Link:
    """A link that is up, with a carrier and a MAC made from its index."""
    given: dict[str, Any] = {
        "flags": UP,
        "operstate": "up",
        "mtu": 1500,
        "mac": f"02:00:00:00:{index >> 8 & 255:02x}:{index & 255:02x}",
    }
    return Link(index, name, kind, **{**given, **fields})


def picture(
    links: Iterable[Link] = (),
    networks: Iterable[Network] = (),
    guests: Iterable[Guest] = (),
    bonds: Iterable[Bond] = (),
    neighbours: Iterable[Neighbour] = (),
    **fields: Any,
) -> HostState:
    """A picture with its joins, all sources live unless `sources` says otherwise."""
    by_index = {one.index: one for one in links}
    by_network = {network.uuid: network for network in networks}
    by_guest = {guest.uuid: guest for guest in guests}
    by_neighbour = {(one.link_index, one.ip): one for one in neighbours}
    state = HostState(
        host="kvm",
        sources=ALL_LIVE,
        links=by_index,
        networks=by_network,
        guests=by_guest,
        bonds={bond.name: bond for bond in bonds},
        neighbours=by_neighbour,
        topology=Topology(by_index, by_guest, by_network),
        address_book=AddressBook(by_network, by_guest, by_neighbour),
    )
    return replace(state, **fields)


def course_bond(active: str = "ens32") -> Bond:
    """bond0 of the course: mode=1 miimon=100 over ens32 and ens36."""
    ens32 = Member("ens32", "up", 1000, "full", 0, ENS32_MAC, 0)
    ens36 = Member("ens36", "up", 1000, "full", 0, ENS36_MAC, 0)
    if active == "ens36":
        ens32 = replace(ens32, mii_status="down", speed_mbps=None, duplex=None, link_failures=1)
    return Bond(
        "bond0",
        mode="active-backup",
        driver_version="v3.7.1 (April 27, 2011)",
        active_member=active,
        mii_status="up",
        miimon_ms=100,
        members=(ens32, ens36),
    )


def course_links() -> tuple[Link, ...]:
    """virbr0 with the NAT guest's tap, virbr1 over bond0 with the bridged guest's, a loose tap."""
    return (*_uplinks(), *_bridges(), *_taps())


def _uplinks() -> tuple[Link, ...]:
    member: Any = {"master": BOND0, "driver": "e1000"}
    return (
        link(
            LO,
            "lo",
            "loopback",
            flags=IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP,
            operstate="unknown",
            mtu=65536,
            mac="00:00:00:00:00:00",
            addresses=(Address("127.0.0.1", 8, "host"), Address("::1", 128, "host")),
        ),
        link(
            ENS32,
            "ens32",
            mac=ENS32_MAC,
            flags=UP | IFF_SLAVE,
            permanent_mac=ENS32_MAC,
            member=MemberSettings("active", "up", 0, ENS32_MAC),
            **member,
        ),
        link(
            ENS36,
            "ens36",
            mac=ENS32_MAC,
            flags=UP | IFF_SLAVE,
            permanent_mac=ENS36_MAC,
            member=MemberSettings("backup", "up", 0, ENS36_MAC),
            **member,
        ),
        link(
            BOND0,
            "bond0",
            "bond",
            mac=ENS32_MAC,
            flags=UP | IFF_MASTER,
            master=VIRBR1,
            bond=BondSettings("active-backup", ENS32, 0, 100),
            port=PortSettings("forwarding", 4, 32, 1),
        ),
    )


def _bridges() -> tuple[Link, ...]:
    return (
        link(
            VIRBR0,
            "virbr0",
            "bridge",
            mac=VIRBR0_MAC,
            addresses=(Address("192.168.122.1", 24),),
            bridge=BridgeSettings(
                "8000.52540079e341",
                "8000.52540079e341",
                stp=True,
                hello_time=2.0,
                max_age=20.0,
                ageing_time=300.0,
                multicast_snooping=True,
            ),
        ),
        link(
            VIRBR1,
            "virbr1",
            "bridge",
            mac=ENS32_MAC,
            addresses=(
                Address("192.168.200.132", 24, dynamic=True),
                Address("fe80::20c:29ff:fe96:3ac5", 64, "link"),
            ),
            bridge=BridgeSettings(
                "8000.000c29963ac5",
                "8000.000c29963ac5",
                forward_delay=15.0,
                hello_time=2.0,
                max_age=20.0,
                ageing_time=300.0,
            ),
        ),
    )


def _taps() -> tuple[Link, ...]:
    return (
        link(
            VIRBR0_NIC,
            "virbr0-nic",
            "tun",
            mac=VIRBR0_MAC,
            flags=IFF_BROADCAST | IFF_MULTICAST,
            operstate="down",
            master=VIRBR0,
            port=PortSettings("disabled", 100, 32, 1),
        ),
        link(
            VNET0,
            "vnet0",
            "tun",
            mac="fe:54:00:aa:00:01",
            master=VIRBR0,
            port=PortSettings("forwarding", 100, 32, 2),
        ),
        link(
            VNET1,
            "vnet1",
            "tun",
            mac="fe:54:00:aa:00:02",
            master=VIRBR1,
            port=PortSettings("forwarding", 100, 32, 2, vlans=(PortVlan(1, True, True),)),
        ),
        link(VNET2, "vnet2", "tun", mac="fe:54:00:aa:00:03"),
    )


def course_networks() -> tuple[Network, ...]:
    """The default NAT network, a stopped isolated one, and one over the host's own bridge."""
    return (
        Network(
            DEFAULT,
            "default",
            active=True,
            persistent=True,
            autostart=True,
            bridge="virbr0",
            forward_mode="nat",
            addresses=("192.168.122.1/24",),
            dhcp_ranges=(DhcpRange("192.168.122.2", "192.168.122.254"),),
            leases=(
                Lease(CENTOS_MAC, "192.168.122.51", 24, "centos", int(NOW) + 3000),
                Lease("52:54:00:aa:00:77", "192.168.122.77", 24, "", int(NOW) - 60),
            ),
            xml=DEFAULT_XML,
            persistent_xml=DEFAULT_STORED_XML,
            file="/etc/libvirt/qemu/networks/default.xml",
        ),
        Network(
            ISOLATED,
            "isolated",
            active=False,
            persistent=True,
            autostart=False,
            bridge="virbr2",
            addresses=("10.9.9.1/24", "fd00:9::1/64"),
            xml="<network><name>isolated</name></network>\n",
            persistent_xml="<network><name>isolated</name></network>\n",
        ),
        Network(
            HOST_BRIDGE,
            "host-bridge",
            active=True,
            persistent=False,
            autostart=False,
            bridge="virbr1",
            forward_mode="bridge",
            xml="<network><name>host-bridge</name></network>\n",
        ),
    )


def course_guests() -> tuple[Guest, ...]:
    """centos6.5 on NAT, centos6.5-2 on the bridge and (unplugged) on NAT, erp shut off."""
    return (
        Guest(
            CENTOS,
            "centos6.5",
            "running",
            id=1,
            agent_connected=True,
            nics=(Nic(CENTOS_MAC, "network", "default", "virtio", "vnet0", alias="net0"),),
            agent_addresses={CENTOS_MAC: ("192.168.122.51/24", "fe80::5054:ff:feaa:1/64")},
        ),
        Guest(
            CENTOS_2,
            "centos6.5-2",
            "running",
            id=2,
            autostart=True,
            nics=(
                Nic(CENTOS_2_MAC, "bridge", "virbr1", "e1000", "vnet1", alias="net0"),
                Nic(CENTOS_2_SECOND_MAC, "network", "default", "rtl8139", "vnet2", link="down"),
            ),
        ),
        Guest(ERP, "erp", "shut off", nics=(Nic(ERP_MAC, "direct", "ens36", "virtio"),)),
    )


def _rates(index: int) -> Rates:
    rx, tx = 1024.0 * index, 512.0 * index
    return Rates(100.0, rx, tx, 10.0, 5.0, (0.0, rx / 4, rx), (0.0, tx / 2, tx))


def course_host() -> HostState:
    """The course's host at its end, everything known, with two seconds of counters."""
    counters = {
        index: Counters(1_000_000 * index, 500_000 * index, 900 * index, 800 * index)
        for index in range(1, 11)
    }
    counters[VNET1] = replace(counters[VNET1], rx_errors=3, tx_dropped=7)
    rates = {index: _rates(index) for index in range(2, 10)}
    return picture(
        course_links(),
        course_networks(),
        course_guests(),
        (course_bond(),),
        (
            Neighbour(VIRBR0, "192.168.122.51", CENTOS_MAC, "reachable"),
            Neighbour(VIRBR1, "192.168.200.140", CENTOS_2_MAC, "stale"),
        ),
        counters=counters,
        rates=rates,
        managers={
            ENS32: Manager("ifcfg", "MASTER=bond0", "/etc/sysconfig/network-scripts/ifcfg-ens32"),
            ENS36: Manager("ifcfg", "MASTER=bond0", "/etc/sysconfig/network-scripts/ifcfg-ens36"),
            BOND0: Manager("NetworkManager", "state 100", ""),
        },
        forwarding={
            VIRBR0: (
                ForwardingEntry(VIRBR0, VNET0, "fe:54:00:aa:00:01", 0, True, None),
                ForwardingEntry(VIRBR0, VNET0, CENTOS_MAC, 0, False, 1.5),
            ),
            VIRBR1: (
                ForwardingEntry(VIRBR1, BOND0, "00:50:56:c0:00:08", 1, False, 12.25),
                ForwardingEntry(VIRBR1, VNET1, CENTOS_2_MAC, 1, False, 0.5),
            ),
        },
        timeline=(
            TimelineEntry(1, NOW - 60.5, Origin.LIBVIRT, Kind.NETWORK_STARTED, "default"),
            TimelineEntry(2, NOW - 60.25, Origin.LIBVIRT, Kind.GUEST_STARTED, "centos6.5"),
            TimelineEntry(3, NOW - 60.125, Origin.KERNEL, Kind.PORT_JOINED, "vnet0", "virbr0"),
        ),
    )


def after_failover() -> HostState:
    """The course's experiment: the cable of ens32 was pulled, ens36 took over."""
    state = course_host()
    ens32, ens36, bond0 = state.links[ENS32], state.links[ENS36], state.links[BOND0]
    pulled = {
        ENS32: replace(
            ens32,
            flags=NO_CARRIER | IFF_SLAVE,
            operstate="down",
            carrier_changes=1,
            member=MemberSettings("backup", "down", 1, ENS32_MAC),
        ),
        ENS36: replace(ens36, member=MemberSettings("active", "up", 0, ENS36_MAC)),
        BOND0: replace(bond0, bond=BondSettings("active-backup", ENS36, 0, 100)),
    }
    state = fold(state, KernelChanged(NOW - 1.25, pulled))
    return fold(state, BondsRead(NOW - 1.2, {"bond0": course_bond("ens36")}))


def vlan_host() -> HostState:
    """The course's host with VLAN 100 of the bond under a bridge of its own, virbr100."""
    state = course_host()
    virbr100 = link(
        VIRBR100,
        "virbr100",
        "bridge",
        bridge=BridgeSettings("8000.02000000000c", vlan_filtering=True, vlan_default_pvid=1),
    )
    vlan = link(
        BOND0_100,
        "bond0.100",
        "vlan",
        lower=BOND0,
        master=VIRBR100,
        vlan_id=100,
        port=PortSettings("learning", 4, 32, 1),
    )
    return fold(state, KernelChanged(NOW, {BOND0_100: vlan, VIRBR100: virbr100}))


def without_libvirt() -> HostState:
    """The course's host while its libvirt daemon is stopped: the kernel's part stays."""
    state = course_host()
    lost = SourceStatus(
        Phase.LOST, NOW - 370, Problem.NOT_RUNNING, "Failed to connect socket: No such file"
    )
    return picture(
        state.links.values(),
        bonds=state.bonds.values(),
        neighbours=state.neighbours.values(),
        sources={**ALL_LIVE, SourceName.LIBVIRT: lost},
        counters=state.counters,
        rates=state.rates,
        managers=state.managers,
    )


HOSTILE = "[red]\x1b[31mevil\x07\u202e\udcff网络"


def hostile_host() -> HostState:
    """Names, hostnames and XML as an enemy would choose them."""
    network = Network(
        DEFAULT,
        HOSTILE,
        active=True,
        persistent=True,
        autostart=True,
        bridge="br[0m",
        forward_mode="nat",
        leases=(Lease(CENTOS_MAC, "192.168.122.51", 24, HOSTILE, 0),),
        xml=f"<network><name>{HOSTILE}</name></network>",
    )
    guest = Guest(
        CENTOS,
        HOSTILE,
        "running",
        id=1,
        nics=(Nic(CENTOS_MAC, "network", HOSTILE, "virtio", "v[b]"),),
    )
    bridge = link(5, "br[0m", "bridge", bridge=BridgeSettings("8000.020000000005"), alias=HOSTILE)
    tap = link(6, "v[b]", "tun", master=5, port=PortSettings("forwarding"))
    return picture((bridge, tap), (network,), (guest,))


def empty_host() -> HostState:
    """A host with nothing but the loopback, without libvirt and without the bonding driver."""
    absent = SourceStatus(Phase.ABSENT, NOW, Problem.NO_DRIVER)
    lost = SourceStatus(Phase.LOST, NOW, Problem.NOT_RUNNING)
    return picture(
        course_links()[:1],
        sources={**ALL_LIVE, SourceName.LIBVIRT: lost, SourceName.BONDING: absent},
    )


def big_host(bridges: int = 40, ports: int = 100) -> HostState:
    """`bridges` bridges with `ports` taps each, every tap owned by a guest of its own."""
    links: list[Link] = []
    guests: list[Guest] = []
    for number in range(bridges):
        index = 2 + number * (ports + 1)
        settings = BridgeSettings(f"8000.{index:012x}", stp=True)
        links.append(link(index, f"br{number}", "bridge", bridge=settings))
        for port in range(index + 1, index + 1 + ports):
            tap = f"vnet{port}"
            links.append(
                link(port, tap, "tun", master=index, port=PortSettings("forwarding", 100, 32, 1))
            )
            nic = Nic(f"52:54:00:00:{port >> 8:02x}:{port & 255:02x}", "bridge", f"br{number}")
            nic = replace(nic, device=tap, model="virtio")
            guests.append(Guest(f"guest-{port}", f"guest{port}", "running", id=port, nics=(nic,)))
    counters = {one.index: Counters(one.index * 1000, one.index * 500) for one in links}
    rates = {
        one.index: Rates(1.0, 10.0, 5.0, 1.0, 1.0, (1.0, 5.0, 10.0), (0.0, 1.0, 5.0))
        for one in links
    }
    return picture(links, guests=guests, counters=counters, rates=rates)
