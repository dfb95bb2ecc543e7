"""What is said to NetworkManager, as steps of a plan."""

from typing import Final

from kvmnet_tui.change.plan import Step, run_step
from kvmnet_tui.i18n import _

SERVICE: Final = "NetworkManager.service"
ADDRESS_SECONDS: Final = 15.0  # a DHCP client asks four times meanwhile
LEASE_SECONDS: Final = 3.0  # then the host has its address back without one


def nmcli(*words: str, say: str = "", may_fail: bool = False, seconds: float = 30) -> Step:
    """One command."""
    return run_step(
        ("nmcli", *words), say or f"nmcli {' '.join(words)}", may_fail=may_fail, seconds=seconds
    )


def begin(uuid: str, link: str, *, may_fail: bool = False) -> Step:
    """A link begins to come up; its ports and addresses are not waited for."""
    words = ("--wait", "0", "connection", "up", "uuid", uuid)
    return nmcli(*words, say=_("make {link}").format(link=link), may_fail=may_fail)


def activate(uuid: str, say: str, *, may_fail: bool = False) -> Step:
    """A link comes up, all of it."""
    words = ("--wait", "45", "connection", "up", "uuid", uuid)
    return nmcli(*words, say=say, may_fail=may_fail, seconds=50)
