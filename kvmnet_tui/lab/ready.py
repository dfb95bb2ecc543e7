"""Waiting for the little host, in the program's own process."""

import asyncio
import time

from kvmnet_tui.i18n import _
from kvmnet_tui.lab import LabError
from kvmnet_tui.lab.outcome import told

_LOOK_AGAIN_SECONDS = 0.01


async def wait_ready(timeout: float = 20.0) -> tuple[str, ...]:  # noqa: ASYNC109
    """Wait until the little host is complete; returns remarks for the user, usually none.

    `timeout` in seconds. Raises LabError when the host could not be built or is not there in time.
    """
    deadline = time.monotonic() + timeout
    while (outcome := told()) is None:
        if time.monotonic() > deadline:
            late = _("The lab did not come up within {seconds:.0f} seconds.")
            raise LabError(late.format(seconds=timeout))
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    if outcome.failure:
        raise LabError(_("The lab could not be built: {reason}").format(reason=outcome.failure))
    if outcome.no_taps:
        remark = _("The guests' taps are veth links here, since there are no taps: {reason}")
        return (remark.format(reason=outcome.no_taps),)
    return ()
