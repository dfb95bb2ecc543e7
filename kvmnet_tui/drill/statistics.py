"""What probes mean: losses, silences, and an interruption split into its parts. Pure."""

import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from kvmnet_tui.model.drill import Baseline, DrillStep, Outage, Step, TargetOutage

# A probe sent this long before the carrier went may have been lost with it.
JUST_BEFORE = 0.05
# So many answers in a row end an interruption: a probe lost later has another cause.
STEADY = 25
TRACE_SECONDS = 0.5  # before and after an interruption that its picture shows
TRACE_POINTS = 800


class Probe(NamedTuple):
    """One probe of one target: when it was sent and answered (None: never), since the epoch."""

    target: int
    sent: float
    answered: float | None


def baseline_of(address: str, probes: Sequence[Probe]) -> Baseline:
    """How a target answers while nothing is wrong."""
    times = [(one.answered - one.sent) * 1000 for one in probes if one.answered is not None]
    return Baseline(
        address,
        len(probes),
        len(probes) - len(times),
        round(statistics.median(times), 3) if times else None,
        round(max(times), 3) if times else None,
    )


def longest_silence(probes: Sequence[Probe], began: float, until: float) -> float:
    """The longest time in seconds without an answer, of which some part is after `began`."""
    answers = sorted(one.answered for one in probes if one.answered is not None)
    before = [at for at in answers if at <= began][-1:] or [began]
    inside = [at for at in answers if began < at < until]
    after = [at for at in answers if at >= until][:1] or [until]
    times = [*before, *inside, *after]
    return max(later - earlier for earlier, later in pairwise(times))


def outage_of_target(
    address: str, probes: Sequence[Probe], began: float, until: float
) -> TargetOutage:
    """What one target's probes say about an interruption that began at `began`."""
    ordered = sorted(probes, key=lambda probe: probe.sent)
    inside = [one for one in ordered if began - JUST_BEFORE <= one.sent < until]
    lost = [one for one in inside if one.answered is None]
    sent_after = [one for one in ordered if one.sent >= began and one.answered is not None]
    first = min((one.answered for one in sent_after if one.answered), default=None)
    last_lost = _last_lost(inside, began)
    steady = min(
        (one.answered for one in ordered if one.sent > last_lost and one.answered), default=None
    )
    return TargetOutage(
        address,
        len(inside),
        len(lost),
        round(longest_silence(ordered, began, until) * 1000, 1),
        None if first is None else round((first - began) * 1000, 1),
        None if steady is None else round((steady - began) * 1000, 1),
        _trace(ordered, began, steady or until),
    )


def _trace(
    probes: Sequence[Probe], began: float, end: float
) -> tuple[tuple[float, float | None], ...]:
    """The probes around an interruption, as far as a picture of it needs them."""
    first, last = began - TRACE_SECONDS, end + TRACE_SECONDS
    points = [
        (
            round((one.sent - began) * 1000, 1),
            None if one.answered is None else round((one.answered - one.sent) * 1000, 3),
        )
        for one in probes
        if first <= one.sent <= last
    ]
    step = len(points) // TRACE_POINTS + 1
    return tuple(points[::step])


def _last_lost(probes: Sequence[Probe], began: float) -> float:
    """When the last probe was sent that was lost before answers came steadily."""
    last, answers = began, 0
    for probe in probes:
        answers = 0 if probe.answered is None else answers + 1
        if probe.answered is None:
            last = max(began, probe.sent)
        if answers >= STEADY:
            break
    return last


def outage(
    targets: Sequence[str],
    probes: Sequence[Probe],
    began: float,
    until: float,
    moments: "Moments",
) -> Outage:
    """The whole interruption: the worst target's times, all targets' losses."""
    each = tuple(
        outage_of_target(address, [one for one in probes if one.target == number], began, until)
        for number, address in enumerate(targets)
    )
    answered = [one for one in each if one.first_answer_ms is not None]
    total = max((_total(one) for one in answered), default=None)
    detection = moments.noticed_after(began)
    # Where an answer came before the driver noticed, nothing had to be switched over.
    switch = None if total is None or detection is None else max(0.0, round(total - detection, 1))
    return Outage(
        began,
        detection,
        switch,
        total,
        moments.moved_after(began),
        moments.announced_after(began),
        sum(one.lost for one in each),
        sum(one.sent for one in each),
        max((one.longest_silence_ms for one in each), default=0.0),
        each,
    )


def _total(one: TargetOutage) -> float:
    """Until answers come again for good, where any were lost."""
    first, steady = one.first_answer_ms or 0.0, one.steady_ms
    return steady if one.lost and steady is not None else first


class Moments(NamedTuple):
    """When the driver noticed, moved and announced, found among the steps seen."""

    steps: tuple[DrillStep, ...]
    member: str
    noticed: str  # the member's MII status that ends the detection: down or up
    bond: str

    def noticed_after(self, began: float) -> float | None:
        """Ms until the driver gave the member its new status, or moved away from it."""
        times = [
            step.at
            for step in self.steps
            if step.at >= began and (self._is_status(step) or self._is_move(step))
        ]
        return _ms(times, began)

    def moved_after(self, began: float) -> float | None:
        """Ms until another member was active."""
        return _ms([one.at for one in self.steps if one.at >= began and self._is_move(one)], began)

    def announced_after(self, began: float) -> float | None:
        """Ms until a gratuitous ARP left."""
        times = [one.at for one in self.steps if one.at >= began and one.step is Step.ARP]
        return _ms(times, began)

    def _is_status(self, step: DrillStep) -> bool:
        is_mii = step.step is Step.MII and step.subject == self.member
        return is_mii and step.value == self.noticed

    def _is_move(self, step: DrillStep) -> bool:
        away = step.value not in ("", self.member) if self.noticed == "down" else True
        return step.step is Step.ACTIVE and away


def _ms(times: list[float], began: float) -> float | None:
    return round((min(times) - began) * 1000, 1) if times else None
