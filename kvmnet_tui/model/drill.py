"""A failover drill: how far it is, what was measured, and the report that is kept."""

from dataclasses import dataclass
from enum import StrEnum


class DrillPhase(StrEnum):
    """How far a drill is, in order."""

    BASELINE = "baseline"
    WAITING = "waiting"  # for the cable to be pulled
    OUTAGE = "outage"
    TAKEN_OVER = "taken-over"
    RESTORING = "restoring"  # the member is brought up, or the cable awaited
    FAILBACK = "failback"
    DONE = "done"
    FAILED = "failed"


class How(StrEnum):
    """How the member is taken away."""

    DOWN = "down"  # set down like `ip link set dev down`
    PULL = "pull"  # somebody pulls the cable


class Step(StrEnum):
    """What was seen; the values are what reports say."""

    SET_DOWN = "set-down"
    SET_UP = "set-up"
    CARRIER_LOST = "carrier-lost"
    CARRIER_FOUND = "carrier-found"
    MII = "mii"
    ACTIVE = "active"
    AGGREGATOR = "aggregator"
    PEERS = "peers"
    ARP = "arp"
    FIRST_ANSWER = "first-answer"
    GIVEN_BACK = "given-back"


@dataclass(frozen=True, slots=True)
class DrillStep:
    """One thing seen, at seconds since the epoch; `value` is the state, member or address."""

    at: float
    step: Step
    subject: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class DrillTarget:
    """An address that is probed: `how` is arp or icmp, `label` why it is (`gateway` or "")."""

    address: str
    how: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class TargetOutage:
    """What one target's probes say about an interruption; times in ms after it began, or None.

    `trace` is the probes around it, for the picture: when sent, and the answer's time or None.
    """

    address: str
    sent: int
    lost: int
    longest_silence_ms: float
    first_answer_ms: float | None
    steady_ms: float | None
    trace: tuple[tuple[float, float | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Outage:
    """An interruption. `began` is when the carrier was lost (or found again, for the fail-back).

    `detection_ms` is until the driver called the member down (or up again), `switch_ms` from
    there to the first answer, `total_ms` both: until the first answer. None: not seen.
    """

    began: float
    detection_ms: float | None
    switch_ms: float | None
    total_ms: float | None
    moved_ms: float | None
    announced_ms: float | None
    lost: int
    sent: int
    longest_silence_ms: float
    targets: tuple[TargetOutage, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a target answered before anything was done; times in ms."""

    address: str
    sent: int
    lost: int
    median_ms: float | None
    worst_ms: float | None


@dataclass(frozen=True, slots=True)
class DrillReport:
    """What a drill found. `took_over` is the member that did, "" where several share the traffic.

    Times in ms except `began` and `ended` (seconds since the epoch); `remarks` are codes of
    `Remark`.
    """

    name: str
    host: str
    bond: str
    mode: str
    member: str
    how: How
    device: str
    began: float
    ended: float
    interval_ms: int
    miimon_ms: int = 0
    up_delay_ms: int = 0
    down_delay_ms: int = 0
    arp_interval_ms: int = 0
    bridge: str = ""
    primary: str = ""
    took_over: str = ""
    targets: tuple[DrillTarget, ...] = ()
    baseline: tuple[Baseline, ...] = ()
    failover: Outage | None = None
    failback: Outage | None = None
    steps: tuple[DrillStep, ...] = ()
    remarks: tuple[str, ...] = ()


class Remark(StrEnum):
    """What deserves attention in a report."""

    NO_ANSWER = "no-answer"  # nothing answered before the time was up
    SILENT_TARGET = "silent-target"  # some target never answered, not even before
    NO_FAILBACK = "no-failback"  # the primary did not take over again in time
    NOT_BACK = "not-back"  # the cable was not plugged in again in time
    MEMBER_STAYS_OUT = "member-stays-out"  # it is up, and the driver does not use it


@dataclass(frozen=True, slots=True)
class TargetProgress:
    """The probes of one target so far; `history` is the newest probes: ms, or None for lost.

    A probe is lost a second after it was sent; `answered_at` tells of a silence before that.
    """

    address: str
    sent: int = 0
    lost: int = 0
    history: tuple[float | None, ...] = ()
    answered_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill under way, or the last one; `until` is when the phase gives up (since the epoch)."""

    bond: str
    member: str
    how: How
    phase: DrillPhase
    began: float
    until: float = 0.0
    targets: tuple[TargetProgress, ...] = ()
    steps: tuple[DrillStep, ...] = ()
    report: DrillReport | None = None
    sentence: str = ""

    @property
    def is_running(self) -> bool:
        """Whether it is not over yet."""
        return self.phase not in {DrillPhase.DONE, DrillPhase.FAILED}
