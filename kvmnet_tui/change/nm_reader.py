"""What NetworkManager itself says of the whole host. Blocks."""

import re
from collections.abc import Callable

from kvmnet_tui.change.facts import NetworkManagerFact
from kvmnet_tui.change.folders import own_checkpoints

Ask = Callable[..., str]  # what a program prints, "" when it cannot

_CHECKPOINTS = (
    "get-property",
    "org.freedesktop.NetworkManager",
    "/org/freedesktop/NetworkManager",
    "org.freedesktop.NetworkManager",
    "Checkpoints",
)


def read_networkmanager(ask: Ask) -> NetworkManagerFact | None:
    """The daemon's version and the checkpoints it holds; None where it does not run."""
    running, _colon, version = ask(
        "nmcli", "-t", "-f", "RUNNING,VERSION", "general"
    ).strip().partition(":")  # fmt: skip
    if running != "running":
        return None
    paths = re.findall(r'"([^"]+)"', ask("busctl", "--system", *_CHECKPOINTS))
    own = own_checkpoints()
    foreign = tuple(path for path in paths if path not in own)
    return NetworkManagerFact(version, foreign, tuple(path for path in paths if path in own))
