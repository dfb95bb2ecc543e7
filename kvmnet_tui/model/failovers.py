"""Failovers as they are kept across runs: who was lost, who took over, how long each part took."""

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why a bond moved, or lost a member."""

    CARRIER = "carrier"  # the member lost its carrier
    SET_DOWN = "set-down"  # somebody set the member down
    MONITOR = "monitor"  # the driver gave it up though it has a carrier (ARP monitoring)
    FAILBACK = "failback"  # the primary is back
    CHOICE = "choice"  # somebody, or the driver's own policy, chose another member


@dataclass(frozen=True, slots=True)
class Failover:
    """One member lost, or one move of the active member. Times since the epoch, 0 for not (yet).

    `member` is who was lost or moved away from; `took_over` who is active instead, "" where the
    others share the traffic. `lost_at` is the carrier's end, `noticed_at` the driver's verdict,
    `restored_at` when the driver uses the member again.
    """

    bond: str
    member: str
    cause: Cause
    mode: str = ""
    took_over: str = ""
    lost_at: float = 0.0
    noticed_at: float = 0.0
    moved_at: float = 0.0
    announced_at: float = 0.0
    restored_at: float = 0.0

    @property
    def at(self) -> float:
        """When it began."""
        known = (self.lost_at, self.noticed_at, self.moved_at)
        return next((at for at in known if at), 0.0)

    @property
    def key(self) -> str:
        """The same for every record of one failover."""
        return f"{self.bond}/{self.member}/{self.at:.3f}"

    @property
    def detection_ms(self) -> float | None:
        """From the carrier's end to the driver's verdict."""
        return _ms(self.lost_at, self.noticed_at or self.moved_at)

    @property
    def total_ms(self) -> float | None:
        """From the carrier's end until another member was active."""
        return _ms(self.lost_at, self.moved_at)

    @property
    def out_seconds(self) -> float | None:
        """How long the member was of no use; None while it still is."""
        if not self.restored_at or self.cause in {Cause.FAILBACK, Cause.CHOICE}:
            return None
        return self.restored_at - self.at


def _ms(begin: float, end: float) -> float | None:
    return round((end - begin) * 1000, 1) if begin and end >= begin else None
