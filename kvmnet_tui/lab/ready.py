"""How the builder tells the program that the little host is complete, or why it is not."""

import asyncio
import json
import time
from pathlib import Path
from typing import NamedTuple

from kvmnet_tui.i18n import _
from kvmnet_tui.lab import LabError

_OUTCOME = Path("/run/kvmnet-tui/outcome.json")
_LOOK_AGAIN_SECONDS = 0.01


class Outcome(NamedTuple):
    """`failure`: why there is no lab. `no_taps`: why taps had to be something else. "" for none."""

    failure: str = ""
    no_taps: str = ""


def tell(outcome: Outcome) -> None:
    """Say how the building ended."""
    unfinished = _OUTCOME.with_suffix(".new")
    unfinished.write_text(json.dumps(outcome._asdict()))
    unfinished.rename(_OUTCOME)


async def wait_ready(timeout: float = 20.0) -> tuple[str, ...]:  # noqa: ASYNC109
    """Wait until the little host is complete; returns remarks for the user, usually none.

    `timeout` in seconds. Raises LabError when the host could not be built or is not there in time.
    """
    deadline = time.monotonic() + timeout
    while (outcome := _told()) is None:
        if time.monotonic() > deadline:
            told = _("The lab did not come up within {seconds:.0f} seconds.")
            raise LabError(told.format(seconds=timeout))
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    if outcome.failure:
        raise LabError(_("The lab could not be built: {reason}").format(reason=outcome.failure))
    if outcome.no_taps:
        told = _("The guests' taps are veth links here, since there are no taps: {reason}")
        return (told.format(reason=outcome.no_taps),)
    return ()


def _told() -> Outcome | None:
    try:
        return Outcome(**json.loads(_OUTCOME.read_text()))
    except FileNotFoundError:
        return None
