"""How the links of bonds changed step by step, where one picture skips steps that matter."""

from dataclasses import dataclass
from enum import StrEnum

from kvmnet_tui.model.links import Link


class Notice(StrEnum):
    """Why the kernel told of a link, beside that it changed."""

    NONE = ""
    PEERS = "peers"  # it announces its addresses to its neighbours


@dataclass(frozen=True, slots=True)
class Moment:
    """One message of the kernel about one link, in the order of arrival; `at` since the epoch."""

    at: float
    link: Link
    notice: Notice = Notice.NONE
