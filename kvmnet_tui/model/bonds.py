"""A bond as /proc/net/bonding shows it (kernel: Documentation/networking/bonding.rst)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LacpPort:
    """One side (actor or partner) of a member's LACP conversation; numbers as the kernel prints."""

    system_priority: int | None = None
    system_mac: str = ""
    key: int | None = None
    port_priority: int | None = None
    port_number: int | None = None
    port_state: int | None = None


@dataclass(frozen=True, slots=True)
class Lacp:
    """The 802.3ad part of a bond; `partner_mac` all zero means that the switch does not speak.

    `has_aggregator` is False where no member is in an active aggregator, None where the kernel does
    not say: it tells the system's and the aggregator's numbers to CAP_NET_ADMIN only.
    """

    active: bool | None = None
    rate: str = ""
    min_links: int | None = None
    aggregator_selection: str = ""
    system_priority: int | None = None
    system_mac: str = ""
    has_aggregator: bool | None = None
    aggregator_id: int | None = None
    port_count: int | None = None
    actor_key: int | None = None
    partner_key: int | None = None
    partner_mac: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One member; `mii_status` is up, down, `going down` or `going back`; speed in Mbit/s."""

    name: str
    mii_status: str = ""
    speed_mbps: int | None = None
    duplex: str | None = None
    link_failures: int = 0
    permanent_mac: str = ""
    queue_id: int | None = None
    priority: int | None = None
    aggregator_id: int | None = None
    actor_churn: str = ""
    partner_churn: str = ""
    actor_churned: int | None = None
    partner_churned: int | None = None
    actor: LacpPort | None = None
    partner: LacpPort | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bond:
    """A whole bond. `mode` is the driver's short name (active-backup, balance-rr, 802.3ad...).

    Names are "" for none; times in milliseconds, 0 where the monitor is off; `unknown` keeps the
    lines that no rule here understands, as they were.
    """

    name: str
    mode: str = ""
    driver_version: str = ""
    active_member: str = ""
    primary: str = ""
    primary_reselect: str = ""
    fail_over_mac: str = ""
    hash_policy: str = ""
    mii_status: str = ""
    miimon_ms: int = 0
    up_delay_ms: int = 0
    down_delay_ms: int = 0
    peer_notification_delay_ms: int = 0
    arp_interval_ms: int = 0
    arp_missed_max: int | None = None
    arp_targets: tuple[str, ...] = ()
    ns_targets: tuple[str, ...] = ()
    lacp: Lacp | None = None
    members: tuple[Member, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_monitored(self) -> bool:
        """Whether the bond notices a dead member at all: MII or ARP monitoring is on."""
        return self.miimon_ms > 0 or self.arp_interval_ms > 0
