"""Where in a recording the picture is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplayMoment:
    """`at` is when it was recorded, since the epoch; pictures are numbered from 1."""

    at: float
    number: int
    count: int
    speed: float = 1.0
    is_paused: bool = False
