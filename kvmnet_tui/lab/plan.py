"""The little host: the names, MACs and addresses of the course it goes with.

`lab.xml` says the same to libvirt. libvirt drops the names that it gives to taps itself (`vnet0`,
`macvtap0`) from the document its test driver reads, so the taps have names that an administrator
gave them: `tap0` for the course's vnet0, and so on.
"""

from typing import NamedTuple

GATEWAY = "192.168.200.2"
SWITCH_ADDRESS = "192.168.200.2/24"
GUEST_SUBNETS = ("192.168.122.0/24", "192.168.124.0/24")  # those that reach the outside
UNPLUGGED_TAP = ("vnet9", "fe:54:00:3d:91:aa")


class Uplink(NamedTuple):
    """A physical NIC of the host, as far as the host can tell; `address` "" for none."""

    name: str
    mac: str
    address: str = ""


class Bridge(NamedTuple):
    """A bridge with the host's own address on it."""

    name: str
    mac: str
    address: str
    stp: bool


class GuestNic(NamedTuple):
    """A NIC of a running guest.

    `device` is the link on the host and `plug` the bridge it is a port of, or the uplink that it
    stands on when `direct`. `pings` are the addresses the guest pings through this NIC.
    """

    device: str
    mac: str
    plug: str
    address: str
    pings: tuple[str, ...]
    direct: bool = False

    @property
    def tap_mac(self) -> str:
        """The tap's own MAC: the guest's with the first byte that libvirt puts there."""
        return f"fe{self.mac[2:]}"


class Guest(NamedTuple):
    """A running guest; its default route goes to the first NIC's first ping target."""

    name: str
    nics: tuple[GuestNic, ...]


ADDRESSED_UPLINKS = (
    Uplink("ens32", "00:0c:29:96:3a:c5", "192.168.200.132/24"),
    Uplink("ens36", "00:0c:29:96:3a:cf", "192.168.200.136/24"),
)
BRIDGED_UPLINK = Uplink("ens40", "00:0c:29:96:3a:d9")
BOND_PARTNER = Uplink("ens44", "00:0c:29:96:3a:e3")
UPLINK_BRIDGE = Bridge("virbr1", "00:0c:29:96:3a:d9", "192.168.200.200/24", stp=False)

BRIDGES = (
    Bridge("virbr0", "52:54:00:79:e3:41", "192.168.122.1/24", stp=True),
    UPLINK_BRIDGE,
    Bridge("virbr2", "52:54:00:4f:8a:17", "192.168.123.1/24", stp=True),
    Bridge("virbr3", "52:54:00:b6:2d:90", "192.168.124.1/24", stp=True),
)

DOWNLOADER = "192.168.122.123"  # centos6.5

GUESTS = (
    Guest(
        "centos6.5",
        (
            GuestNic("tap0", "52:54:00:0c:8b:d2", "virbr0", f"{DOWNLOADER}/24", ("192.168.122.1",)),
            GuestNic(
                "tap2", "52:54:00:ea:57:f7", "virbr0", "192.168.122.145/24", ("192.168.122.1",)
            ),
        ),
    ),
    Guest(
        "centos6.5-2",
        (
            GuestNic(
                "tap1", "52:54:00:35:29:ea", "virbr0", "192.168.122.136/24", ("192.168.122.1",)
            ),
        ),
    ),
    Guest(
        "LNMP",
        (
            GuestNic(
                "tap3",
                "52:54:00:7c:4e:08",
                "virbr1",
                "192.168.200.150/24",
                (GATEWAY, "192.168.200.200"),
            ),
            GuestNic(
                "tap4", "52:54:00:d1:63:5b", "virbr2", "192.168.123.20/24", ("192.168.123.1",)
            ),
        ),
    ),
    Guest(
        "erp",
        (
            GuestNic(
                "tap5", "52:54:00:18:f0:c4", "virbr3", "192.168.124.30/24", ("192.168.124.1",)
            ),
            GuestNic(
                "direct0",
                "52:54:00:92:07:6e",
                "ens36",
                "192.168.200.151/24",
                (GATEWAY,),
                direct=True,
            ),
        ),
    ),
)
