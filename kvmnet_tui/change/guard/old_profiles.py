"""NetworkManager's old profiles on their way back: DHCP may be silent, the daemon may be dead."""

from __future__ import annotations

import re
import time
from pathlib import Path

from .disk import write_whole
from .host import Data, Failed, link_named, run
from .texts import _

# NetworkManager gives a silent server 45 s, then takes every address off the link and begins anew.
# Told like this it asks for ever, and leaves alone what others put there meanwhile.
_FOR_EVER = ("ipv4.dhcp-timeout", "2147483647")
_SETTLES = 1.0  # in 0.1 s it has let go of the addresses there were
_LOOK_AGAIN = 0.1
_DEVICES = Path("/run/NetworkManager/devices")


def do_lease(step: Data) -> None:
    """Wait for a profile's lease; without one its link shall keep what is put back after this."""
    end = time.monotonic() + step["seconds"]
    while (state := _state(step["uuid"])) != "activated":
        if time.monotonic() >= end:
            _have_patience(step["link"], state)
            said = _("{link} has no lease yet: NetworkManager goes on asking")
            raise Failed(said.format(link=step["link"]))
        time.sleep(_LOOK_AGAIN)


def _state(uuid: str) -> str:
    """`activated`, `activating`, or "" of a profile that is not in use."""
    words = ["nmcli", "-g", "GENERAL.STATE", "connection", "show", "uuid", uuid]
    return run(words, seconds=5).strip()


def _have_patience(link: str, state: str) -> None:
    if state == "activating":
        run(["nmcli", "device", "modify", link, *_FOR_EVER], seconds=5)
        time.sleep(_SETTLES)


def do_resume(step: Data) -> None:
    """Have a daemon that is dead find the old profile in use when it starts again.

    It keeps a note of what each link runs on; a link with an address and a profile that is gone it
    would take for somebody else's, and renew no lease there.
    """
    link = link_named(step["link"])
    if link is None or _is_running():
        return
    note = _DEVICES / str(link["ifindex"])
    try:
        text = note.read_text()
        uuid = f"connection-uuid={step['uuid']}"
        write_whole(note, re.sub("^connection-uuid=.*$", uuid, text, flags=re.MULTILINE), 0o644)
    except OSError as error:
        raise Failed(f"{note}: {error.strerror}") from None


def _is_running() -> bool:
    try:
        said = run(["nmcli", "-t", "-f", "RUNNING", "general"], seconds=5)
    except Failed:
        return False
    return said.strip() == "running"
