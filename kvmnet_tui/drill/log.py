"""What the prober's lines say, gathered: probes, steps, and how the members are now. Pure."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from kvmnet_tui.drill.statistics import STEADY, Probe
from kvmnet_tui.model.drill import DrillStep, Step, TargetProgress

HISTORY = 240  # probes shown as a sparkline
KEPT_WHILE_WAITING = 2_000

_STEPS = {
    "mii": Step.MII,
    "active": Step.ACTIVE,
    "aggregator": Step.AGGREGATOR,
}


class Log:
    """Takes lines of the prober (see there). `began` is what is looked at from, since the epoch."""

    def __init__(self, bond: str, member: str, targets: Sequence[str]) -> None:
        self.probes: list[Probe] = []
        self.steps: list[DrillStep] = []
        self.troubles: dict[int, str] = {}
        self.is_ready = False
        self._member = member
        self._bond = bond
        self._targets = tuple(targets)
        self._now: dict[tuple[str, str], Any] = {}
        self._sent = [0] * len(targets)
        self._lost = [0] * len(targets)
        self._answered_at = [0.0] * len(targets)
        self._history = [deque[float | None](maxlen=HISTORY) for _ in targets]

    def take(self, record: Sequence[Any]) -> None:
        """One line."""
        what, *rest = record
        if what == "probe":
            self._take_probe(*rest)
        elif what == "ready":
            self.is_ready = True
        elif what == "trouble":
            self.troubles[rest[0]] = rest[1]
        elif what == "peers":
            self.steps.append(DrillStep(rest[0], Step.PEERS, rest[1]))
        elif what == "arp":
            self.steps.append(DrillStep(rest[0], Step.ARP, self._bond, rest[1]))
        else:
            self._take_state(what, *rest)

    def _take_probe(self, target: int, sent: float, answered: float | None) -> None:
        self.probes.append(Probe(target, sent, answered))
        self._sent[target] += 1
        self._lost[target] += answered is None
        self._history[target].append(None if answered is None else (answered - sent) * 1000)
        self._answered_at[target] = max(self._answered_at[target], answered or 0.0)

    def _take_state(self, what: str, at: float, name: str, value: Any) -> None:
        before = self._now.get((name, what))
        self._now[name, what] = value
        if not self.is_ready or before == value:
            return
        if what == "carrier":
            step = Step.CARRIER_FOUND if value else Step.CARRIER_LOST
            self.steps.append(DrillStep(at, step, name))
        elif what == "up":
            self.steps.append(DrillStep(at, Step.SET_UP if value else Step.SET_DOWN, name))
        elif what in _STEPS:
            self.steps.append(DrillStep(at, _STEPS[what], name, str(value)))

    def add(self, step: DrillStep) -> None:
        """Something the drill did itself."""
        self.steps.append(step)

    # What the drill waits for.

    def state(self, name: str, what: str) -> Any:
        """The newest value: `carrier` and `up` True or False, `mii` a word, `active` a name."""
        return self._now.get((name, what))

    def step_after(self, at: float, step: Step, subject: str) -> DrillStep | None:
        """The first step of that sort about `subject` since then."""
        for one in self.steps:
            if one.step is step and one.subject == subject and one.at >= at:
                return one
        return None

    def answering(self) -> frozenset[int]:
        """The targets of which most probes were answered so far."""
        return frozenset(
            number
            for number, sent in enumerate(self._sent)
            if sent and self._lost[number] * 2 < sent
        )

    def is_steady(self, since: float, targets: frozenset[int]) -> bool:
        """Whether the newest probes of all these targets were sent since then and answered."""
        for number in targets:
            newest = self._newest(number)
            if len(newest) < STEADY or any(
                one.sent < since or one.answered is None for one in newest
            ):
                return False
        return True

    def _newest(self, target: int) -> list[Probe]:
        newest: list[Probe] = []
        for one in reversed(self.probes):
            if one.target == target:
                newest.append(one)
                if len(newest) == STEADY:
                    break
        return newest

    def forget_old(self) -> None:
        """Keep only the newest probes while nothing is measured yet."""
        if len(self.probes) > 2 * KEPT_WHILE_WAITING:
            del self.probes[:-KEPT_WHILE_WAITING]

    def progress(self) -> tuple[TargetProgress, ...]:
        """How each target does, for the screen."""
        return tuple(
            TargetProgress(
                address,
                self._sent[at],
                self._lost[at],
                tuple(self._history[at]),
                self._answered_at[at],
            )
            for at, address in enumerate(self._targets)
        )

    def ordered_steps(self) -> tuple[DrillStep, ...]:
        """Everything seen, by its time."""
        return tuple(sorted(self.steps, key=lambda step: step.at))
