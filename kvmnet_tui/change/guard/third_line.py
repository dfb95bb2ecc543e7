"""The third line, behind guard and timer: NetworkManager's own checkpoint of the uplinks.

It fires when both others are dead, and puts the uplinks' profiles back; what the trial made stays,
with the same address on a link without ports, until the next guard removes it.

A path does not say whose checkpoint it is, for a daemon that was restarted counts anew. So each is
known by its path and the bus name of the daemon that made it, which nobody else ever has.
"""

from __future__ import annotations

from .host import Failed, link_named, run
from .journal import Journal
from .texts import _

LATE_SECONDS = 30.0  # after the deadline, which the guard keeps, and the timer's 10 s
CALL_SECONDS = 5.0
BUSCTL = ("busctl", "--system", "call")  # systemd's own, so wherever NetworkManager is usual
NO_FLAGS = "0"  # others unplug taps from bridges that have nothing to do with it
BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
SERVICE = "org.freedesktop.NetworkManager"
MANAGER = "/org/freedesktop/NetworkManager"


class ThirdLine:
    """The checkpoint of one change; without it the change goes on, and the journal says why."""

    def __init__(self, journal: Journal, uplinks: list[str]) -> None:
        self._journal = journal
        self._uplinks = uplinks

    def set_up(self, seconds: float) -> None:
        """Have NetworkManager put the uplinks back by itself, some time after so many seconds."""
        links = [link for link in self._uplinks if link_named(link)]
        if not links:
            return
        try:
            daemon = called(*BUS, "GetNameOwner", "s", SERVICE)
            devices = [_asked(daemon, "GetDeviceByIpIface", "s", link) for link in links]
            given = (str(len(devices)), *devices, _timeout(seconds), NO_FLAGS)
            path = _asked(daemon, "CheckpointCreate", "aouu", *given)
        except Failed as failed:
            self._say(failed)
        else:
            self._journal.save(checkpoint={"daemon": daemon, "path": path})

    def put_off(self, seconds: float) -> None:
        """Count from now again."""
        self._tell("CheckpointAdjustRollbackTimeout", "ou", _timeout(seconds))

    def take_away(self) -> None:
        """The change has ended: nothing may fire any more."""
        if self._tell("CheckpointDestroy", "o"):
            self._journal.save(checkpoint=None)

    def _tell(self, method: str, signature: str, *arguments: str) -> bool:
        own = self._journal["checkpoint"]
        if not own:
            return False
        try:
            _asked(own["daemon"], method, signature, own["path"], *arguments)
        except Failed as failed:
            self._say(failed)
            return False
        return True

    def _say(self, failed: Failed) -> None:
        said = _("NetworkManager's checkpoint does not help: {reason}")
        self._journal.note(said.format(reason=failed))


def _timeout(seconds: float) -> str:
    return str(round(max(seconds, 0.0) + LATE_SECONDS))


def _asked(daemon: str, method: str, *arguments: str) -> str:
    return called(daemon, MANAGER, SERVICE, method, *arguments)


def called(service: str, path: str, interface: str, method: str, *arguments: str) -> str:
    """What a method on the system bus answers: its one string, "" when it has none."""
    words = (service, path, interface, method, *arguments)
    answer = run([*BUSCTL, *words], seconds=CALL_SECONDS).split(maxsplit=1)
    return answer[1].strip().strip('"') if len(answer) > 1 else ""
