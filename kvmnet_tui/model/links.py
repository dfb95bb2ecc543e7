"""What the kernel knows: links and the roles they play as bridges, ports, bonds and members."""

from dataclasses import dataclass

# Interface flags, from <linux/if.h>; `Link.flags` is a combination of these.
IFF_UP = 0x1
IFF_BROADCAST = 0x2
IFF_LOOPBACK = 0x8
IFF_POINTOPOINT = 0x10
IFF_RUNNING = 0x40
IFF_NOARP = 0x80
IFF_PROMISC = 0x100
IFF_ALLMULTI = 0x200
IFF_MASTER = 0x400
IFF_SLAVE = 0x800
IFF_MULTICAST = 0x1000
IFF_LOWER_UP = 0x10000
IFF_DORMANT = 0x20000

FLAG_NAMES = (
    (IFF_UP, "UP"),
    (IFF_BROADCAST, "BROADCAST"),
    (IFF_LOOPBACK, "LOOPBACK"),
    (IFF_POINTOPOINT, "POINTOPOINT"),
    (IFF_RUNNING, "RUNNING"),
    (IFF_NOARP, "NOARP"),
    (IFF_PROMISC, "PROMISC"),
    (IFF_ALLMULTI, "ALLMULTI"),
    (IFF_MASTER, "MASTER"),
    (IFF_SLAVE, "SLAVE"),
    (IFF_MULTICAST, "MULTICAST"),
    (IFF_LOWER_UP, "LOWER_UP"),
    (IFF_DORMANT, "DORMANT"),
)


@dataclass(frozen=True, slots=True)
class Address:
    """One IP address of a link: `ip` without its prefix, `scope` as `ip address` names it."""

    ip: str
    prefix: int
    scope: str = "global"
    dynamic: bool = False
    tentative: bool = False
    duplicate: bool = False  # duplicate address detection failed

    @property
    def cidr(self) -> str:
        """`192.168.122.1/24`."""
        return f"{self.ip}/{self.prefix}"

    @property
    def is_ipv6(self) -> bool:
        """Whether this is an IPv6 address."""
        return ":" in self.ip


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """IFLA_INFO_DATA of a link of kind `bridge`; times in seconds, identifiers as brctl prints."""

    bridge_id: str
    root_id: str = ""
    root_port: int = 0
    root_path_cost: int = 0
    stp: bool = False
    forward_delay: float = 0.0
    hello_time: float = 0.0
    max_age: float = 0.0
    ageing_time: float = 0.0
    vlan_filtering: bool = False
    vlan_default_pvid: int = 0
    multicast_snooping: bool = False
    topology_change: bool = False


@dataclass(frozen=True, slots=True)
class PortVlan:
    """One VLAN a bridge port carries."""

    vid: int
    pvid: bool = False
    untagged: bool = False


@dataclass(frozen=True, slots=True)
class PortSettings:
    """IFLA_INFO_SLAVE_DATA of a bridge's port.

    `state` is one of disabled, listening, learning, forwarding, blocking (STP's words).
    """

    state: str
    cost: int = 0
    priority: int = 0
    number: int = 0
    hairpin: bool = False
    guard: bool = False
    learning: bool = True
    flood: bool = True
    isolated: bool = False
    vlans: tuple[PortVlan, ...] = ()


@dataclass(frozen=True, slots=True)
class BondSettings:
    """IFLA_INFO_DATA of a link of kind `bond`; indexes are links', 0 for none; times in ms."""

    mode: str
    active_member: int = 0
    primary: int = 0
    miimon_ms: int = 0
    arp_interval_ms: int = 0


@dataclass(frozen=True, slots=True)
class MemberSettings:
    """IFLA_INFO_SLAVE_DATA of a bond's member; `state` is active or backup."""

    state: str
    mii_status: str
    link_failures: int = 0
    permanent_mac: str = ""
    queue_id: int = 0
    aggregator_id: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One network interface of the kernel, from RTM_NEWLINK and RTM_NEWADDR.

    `kind` is the kernel's (bridge, bond, vlan, tun, veth, macvtap...), or `ethernet`, `loopback`
    and so on for links of no kind. `master` and `lower` are indexes, 0 for none; with
    `lower_elsewhere` the lower link lives in another namespace and cannot be looked up here.
    `lower` of a veth is its peer.
    """

    index: int
    name: str
    kind: str
    flags: int
    operstate: str = "unknown"
    mtu: int = 0
    mac: str = ""
    permanent_mac: str = ""
    master: int = 0
    lower: int = 0
    lower_elsewhere: bool = False
    carrier_changes: int = 0
    queue_length: int = 0
    alias: str = ""
    parent_device: str = ""
    driver: str = ""
    vlan_id: int | None = None
    altnames: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    bridge: BridgeSettings | None = None
    port: PortSettings | None = None
    bond: BondSettings | None = None
    member: MemberSettings | None = None

    @property
    def is_up(self) -> bool:
        """Whether the administrator has set the link up."""
        return bool(self.flags & IFF_UP)

    @property
    def has_carrier(self) -> bool:
        """Whether the link sees a cable (or its virtual like) that works."""
        return bool(self.flags & IFF_LOWER_UP)

    @property
    def flag_names(self) -> tuple[str, ...]:
        """The flags' names in the order `ip link` uses."""
        return tuple(name for bit, name in FLAG_NAMES if self.flags & bit)


@dataclass(frozen=True, slots=True)
class Counters:
    """The kernel's 64-bit totals of a link since it came to be (struct rtnl_link_stats64)."""

    rx_bytes: int = 0
    tx_bytes: int = 0
    rx_packets: int = 0
    tx_packets: int = 0
    rx_errors: int = 0
    tx_errors: int = 0
    rx_dropped: int = 0
    tx_dropped: int = 0
    multicast: int = 0
    collisions: int = 0


@dataclass(frozen=True, slots=True)
class Rates:
    """Bytes and packets a second between the last two readings; histories in bytes/s, newest last.

    `read_at` is the monotonic clock's seconds of the newer reading. `drops` are the packets dropped
    in each of the last intervals, both directions together, newest last; () when none was.
    """

    read_at: float
    rx_bytes: float = 0.0
    tx_bytes: float = 0.0
    rx_packets: float = 0.0
    tx_packets: float = 0.0
    rx_history: tuple[float, ...] = ()
    tx_history: tuple[float, ...] = ()
    drops: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An ARP or NDP entry: who answered for `ip` on the link with `link_index`."""

    link_index: int
    ip: str
    mac: str
    state: str


@dataclass(frozen=True, slots=True)
class ForwardingEntry:
    """A line of a bridge's MAC table; `age` in seconds since last seen, None for permanent ones."""

    bridge_index: int
    port_index: int
    mac: str
    vlan: int
    local: bool
    age: float | None


@dataclass(frozen=True, slots=True)
class Manager:
    """Who manages a link (`name`), by what evidence, and where its configuration is kept.

    `bond_options` is what that configuration says of a bond, by the driver's names of options.
    `watches_only` is a manager that made a profile up for what somebody else did.
    """

    name: str
    evidence: str = ""
    config: str = ""
    bond_options: tuple[tuple[str, str], ...] = ()
    watches_only: bool = False
