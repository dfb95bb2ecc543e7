"""How a connection fails. Imports no libvirt."""

from dataclasses import dataclass

from kvmnet_tui.model.state import Problem


@dataclass(frozen=True, slots=True)
class Failure:
    """Why libvirt did not do it, and its own words ("" when it said nothing)."""

    problem: Problem
    detail: str = ""


class Lost(Exception):  # noqa: N818 - it says what happened to the connection
    """The connection cannot be had, or used any more."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure
