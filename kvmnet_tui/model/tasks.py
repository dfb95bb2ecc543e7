"""Requests under way and what became of them, as the screens show it."""

from dataclasses import dataclass
from enum import StrEnum


class TaskPhase(StrEnum):
    """How far a task is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Task:
    """One request being performed. Texts are translated; times in seconds since the epoch.

    `told` is how far it is while it runs; `sentence` and `details` what became of it.
    """

    serial: int
    title: str
    began: float
    phase: TaskPhase = TaskPhase.RUNNING
    told: str = ""
    sentence: str = ""
    details: tuple[str, ...] = ()
    ended: float = 0.0
