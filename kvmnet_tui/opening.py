"""`--host-or-lab`: this host when a libvirt daemon answers on it, else the lab."""

import socket
from dataclasses import dataclass
from pathlib import Path

from kvmnet_tui.i18n import _

SOCKETS = (Path("/run/libvirt/libvirt-sock"), Path("/run/libvirt/virtqemud-sock"))
ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Opening:
    """What to open, and one sentence on why."""

    lab: bool
    reason: str


def choose(sockets: tuple[Path, ...] = SOCKETS) -> Opening:
    """Try the daemons' sockets, the old single daemon's first."""
    for path in sockets:
        if _answers(path):
            told = _("Opening this host: a libvirt daemon answers at {path}.")
            return Opening(lab=False, reason=told.format(path=path))
    told = _("Opening the lab: no libvirt daemon answers on this host (tried {paths}).")
    return Opening(lab=True, reason=told.format(paths=", ".join(map(str, sockets))))


def _answers(path: Path) -> bool:
    """Whether something listens; a socket that this user may not use has a daemon behind it too."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(ANSWER_SECONDS)
        try:
            client.connect(str(path))
        except PermissionError:
            return True
        except OSError:
            return False
        return True
