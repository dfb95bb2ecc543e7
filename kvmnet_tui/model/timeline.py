"""What happened and when: entries of the one timeline that kernel and libvirt share."""

from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """Who said that it happened."""

    KERNEL = "kernel"
    BONDING = "bonding"
    LIBVIRT = "libvirt"
    PROGRAM = "program"


class Kind(StrEnum):
    """What happened; the values are what `watch --json` prints as `event`."""

    LINK_ADDED = "link-added"
    LINK_REMOVED = "link-removed"
    LINK_RENAMED = "link-renamed"
    LINK_UP = "link-up"
    LINK_DOWN = "link-down"
    CARRIER_FOUND = "carrier-found"
    CARRIER_LOST = "carrier-lost"
    MTU_CHANGED = "mtu-changed"
    MAC_CHANGED = "mac-changed"
    ADDRESS_ADDED = "address-added"
    ADDRESS_REMOVED = "address-removed"
    PORT_JOINED = "port-joined"
    PORT_LEFT = "port-left"
    PORT_STATE = "port-state"
    MEMBER_JOINED = "member-joined"
    MEMBER_LEFT = "member-left"
    MEMBER_MII = "member-mii"
    ACTIVE_MEMBER = "active-member"
    FAILED_BACK = "failed-back"
    PEERS_NOTIFIED = "peers-notified"
    LACP_PARTNER = "lacp-partner"
    LACP_AGGREGATOR = "lacp-aggregator"
    LACP_CHURN = "lacp-churn"
    NETWORK_DEFINED = "network-defined"
    NETWORK_UNDEFINED = "network-undefined"
    NETWORK_STARTED = "network-started"
    NETWORK_STOPPED = "network-stopped"
    NETWORK_CHANGED = "network-changed"
    GUEST_DEFINED = "guest-defined"
    GUEST_UNDEFINED = "guest-undefined"
    GUEST_STARTED = "guest-started"
    GUEST_STOPPED = "guest-stopped"
    GUEST_PAUSED = "guest-paused"
    GUEST_RESUMED = "guest-resumed"
    GUEST_CRASHED = "guest-crashed"
    GUEST_CHANGED = "guest-changed"
    NIC_ADDED = "nic-added"
    NIC_REMOVED = "nic-removed"
    NIC_CHANGED = "nic-changed"
    AGENT_CONNECTED = "agent-connected"
    AGENT_DISCONNECTED = "agent-disconnected"
    LEASE_ADDED = "lease-added"
    LEASE_REMOVED = "lease-removed"
    SOURCE_LIVE = "source-live"
    SOURCE_LOST = "source-lost"
    SOURCE_RESYNCED = "source-resynced"
    HISTORY_LOST = "history-lost"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One happening. `at` is seconds since the epoch; `serial` orders entries of one millisecond.

    `subject` is what it happened to (a link's, network's or guest's name), `other` what else took
    part (the bridge a port joined, the NIC of a guest); `before` and `after` are values, "" where
    there are none. `count` is how often it happened, where a burst was too fast to tell apart.
    """

    serial: int
    at: float
    origin: Origin
    kind: Kind
    subject: str
    other: str = ""
    before: str = ""
    after: str = ""
    count: int = 1
