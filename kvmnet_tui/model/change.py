"""A change of the host's own networking, as the guard's files tell of it."""

from dataclasses import dataclass
from enum import StrEnum


class ChangeState(StrEnum):
    """The guard's states; UNDONE_BY_REBOOT is what another boot id means for a trial."""

    PREPARED = "prepared"
    ARMED = "armed"
    APPLYING = "applying"
    TRIAL = "trial"
    COMMITTING = "committing"
    COMMITTED = "committed"
    ROLLING_BACK = "rolling-back"
    ROLLED_BACK = "rolled-back"
    ROLLBACK_FAILED = "rollback-failed"
    REFUSED = "refused"
    UNDONE_BY_REBOOT = "undone-by-reboot"


FINAL = frozenset(
    {
        ChangeState.COMMITTED,
        ChangeState.ROLLED_BACK,
        ChangeState.ROLLBACK_FAILED,
        ChangeState.REFUSED,
        ChangeState.UNDONE_BY_REBOOT,
    }
)


@dataclass(frozen=True, slots=True)
class ProbeStatus:
    """One probe: `kind` and `what` it asks, whether it passed before, and passes now (None: not
    asked yet).
    """

    kind: str
    what: str
    before: bool
    now: bool | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the guard's journal; `at` in seconds since the epoch."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class ChangeStatus:
    """One change. Times in seconds since the epoch; `deadline` is when the trial is taken back.

    `problem` is why something did not go as planned, in one sentence ("" when all is well).
    `diff` are the configuration files' differences, `commands` what was done, a line each.
    """

    id: str
    title: str
    state: ChangeState
    backend: str = ""
    began: float = 0.0
    ended: float = 0.0
    deadline: float = 0.0
    window_seconds: float = 0.0
    interruption_seconds: float | None = None  # as measured by the guard, where it could
    probes: tuple[ProbeStatus, ...] = ()
    new_login: bool = False
    guard_alive: bool = False
    problem: str = ""
    log: tuple[LogLine, ...] = ()
    diff: str = ""
    commands: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    rollback_script: str = ""
    top_device: str = ""
    can_undo: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL
