"""Requests about the host's own networking; `change.perform` does them."""

from dataclasses import dataclass

from kvmnet_tui.change.wishes import Wish
from kvmnet_tui.change.words import wish_title
from kvmnet_tui.i18n import _
from kvmnet_tui.requests import Request


@dataclass(frozen=True, slots=True)
class ReadFacts(Request):
    """Read what a plan depends on; the outcome's record is the HostFacts."""

    changes = False

    @property
    def title(self) -> str:
        """What it does."""
        return _("Look at this host's configuration")


@dataclass(frozen=True, slots=True)
class StartChange(Request):
    """Plan a wish and have the guard try it; `window` in seconds, 0 for the usual.

    `seen` is the fingerprint of the plan that the user saw: another one is not tried.
    """

    wish: Wish
    window: int = 0
    seen: str = ""

    @property
    def title(self) -> str:
        """What it does."""
        return wish_title(self.wish)


@dataclass(frozen=True, slots=True)
class ConfirmChange(Request):
    """Keep what is on trial; `anyway` without the proof by a new login."""

    id: str
    anyway: bool = False

    @property
    def title(self) -> str:
        """What it does."""
        return _("Keep the change")


@dataclass(frozen=True, slots=True)
class ExtendChange(Request):
    """Give the trial more time."""

    id: str
    seconds: int = 60

    @property
    def title(self) -> str:
        """What it does."""
        return _("Extend the trial")


@dataclass(frozen=True, slots=True)
class CancelChange(Request):
    """Take back what is on trial now."""

    id: str

    @property
    def title(self) -> str:
        """What it does."""
        return _("Take the change back")


@dataclass(frozen=True, slots=True)
class UndoChange(Request):
    """Undo a change that was kept, in the same safe way."""

    id: str
    window: int = 0

    @property
    def title(self) -> str:
        """What it does."""
        return _("Undo a change")
