"""Requests as data: what a user wants done, and what became of it.

Screens and commands make requests; the controller has them performed (`Controller.perform`) by
whoever can: see `composition` for who performs what.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from kvmnet_tui.model.state import HostState


class Request:
    """Something to do. Each kind is a frozen dataclass.

    `changes` is False for those that only look, which --read-only allows.
    """

    changes: ClassVar[bool] = True

    @property
    def title(self) -> str:
        """What it does, translated, such as `Restart network default`."""
        raise NotImplementedError


class RequestError(Exception):
    """Why a request was not done: one translated sentence, and lines that say more."""

    def __init__(self, sentence: str, details: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: a translated sentence, lines that say more, and JSON for `--json`."""

    sentence: str
    details: tuple[str, ...] = ()
    record: Any = None


class Context(Protocol):
    """What a performer may use while it works."""

    @property
    def state(self) -> HostState:
        """The newest picture."""

    def tell(self, sentence: str) -> None:
        """Say how far it is: one translated sentence, which replaces the one before."""

    async def until(self, condition: Callable[[HostState], bool], seconds: float) -> bool:
        """Wait until the live picture satisfies `condition`; False when it does not in time."""


# Raises RequestError. The first argument is of the request's own type.
Perform = Callable[[Any, Context], Awaitable[Outcome]]
Performers = Mapping[type[Request], Perform]
