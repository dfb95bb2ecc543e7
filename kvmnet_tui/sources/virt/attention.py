"""How often leases are worth reading: libvirt has no event for them. Pure; monotonic seconds."""

from dataclasses import dataclass, field
from math import inf

# A grant shows first as a neighbour that dnsmasq tells the kernel; the lease's file follows soon.
GRANT_SECONDS, GRANT_PACE = 3.0, 0.5
# A guest that starts, or gets a NIC, asks for its address once its system has come up.
START_SECONDS, START_PACE = 90.0, 2.0
WATCHED_PACE = 5.0


@dataclass(slots=True)
class LeaseClock:
    """When to read the leases next. `watched` says that somebody looks at them."""

    watched: bool = False
    last: float = field(default=-inf)
    expiry: float = inf
    _grant_until: float = field(default=-inf)
    _start_until: float = field(default=-inf)

    def neighbour_appeared(self, now: float) -> None:
        """Somebody new answers on a network's bridge."""
        self._grant_until = now + GRANT_SECONDS

    def guest_plugged(self, now: float) -> None:
        """A guest started, or was given a NIC."""
        self._start_until = now + START_SECONDS

    def due(self, now: float) -> float:
        """When the next reading is due; infinity when nothing is expected to change."""
        return min(self.last + self._pace(now), max(self.expiry, self.last + WATCHED_PACE))

    def _pace(self, now: float) -> float:
        if now < self._grant_until:
            return GRANT_PACE
        if now < self._start_until:
            return START_PACE
        return WATCHED_PACE if self.watched else inf
