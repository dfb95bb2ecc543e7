"""What a source is to the controller, and what the controller is to a source."""

from collections.abc import Callable, Iterable
from typing import Protocol

from kvmnet_tui.events import Event
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.state import HostState, SourceName


class Inbox(Protocol):
    """Where a source puts what it has to say; both calls belong on the event loop's thread."""

    def put(self, event: Event) -> None:
        """Say one thing, to be folded at the next flush."""

    def pull(self, take: Callable[[], Iterable[Event]]) -> None:
        """Have `take` called once at the next flush.

        For floods: the source keeps raw messages, newer ones replacing older ones of the same
        object, and decodes only what is left when the picture is about to be shown.
        """


class Source(Protocol):
    """One outside world. It never gives up: it says what is wrong and tries again."""

    name: SourceName

    async def run(self, inbox: Inbox) -> None:
        """Say SourceChanged and a complete reading, then changes, until cancelled.

        Leaves nothing open when cancelled. An exception that escapes is a bug; the controller
        shows it as a lost source and runs the source again.
        """

    def look_at(self, interest: Interest) -> None:
        """Read from now on what `interest` names, at once and then as it changes."""

    def follow(self, before: HostState, after: HostState) -> None:
        """Learn that the picture changed; cheap, since it is called after every flush."""
