"""A kept change taken back in NetworkManager's terms: the profiles it set aside come up again.

Whatever it was made of, bond, VLAN and bridge, goes at once, and the files become what they were.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kvmnet_tui.change.backends import keyfile
from kvmnet_tui.change.backends.layout import FileEdit
from kvmnet_tui.change.backends.nm_profiles import MODE, wants_lease
from kvmnet_tui.change.backends.nm_steps import (
    ADDRESS_SECONDS,
    LEASE_SECONDS,
    SERVICE,
    activate,
    begin,
    nmcli,
)
from kvmnet_tui.change.backends.together import at_once
from kvmnet_tui.change.plan import (
    FileChange,
    Step,
    ip_step,
    lease_step,
    resume_step,
    wait_step,
)
from kvmnet_tui.i18n import _

_CONTROLLERS: Final = ("bridge", "bond")  # in the order in which they begin to come up
_VIRTUAL: Final = (*_CONTROLLERS, "vlan")


@dataclass(frozen=True)
class _Profile:
    link: str
    uuid: str
    type: str
    wants_lease: bool


def back(files: Sequence[FileChange], addressed: Collection[str]) -> tuple[Step, ...]:
    """The trial: what the change set aside comes up, what it made goes down; no file changes.

    `addressed` are the links that had addresses before the change.
    """
    made, old = _made(files), _old(files)
    waits = (
        wait_step("addressed", one.link, ADDRESS_SECONDS) for one in old if one.link in addressed
    )
    return (*_up(old), *_down(made, old), *waits)


def forth(files: Sequence[FileChange]) -> tuple[Step, ...]:
    """Its rollback: what the change made comes up again, what it had set aside goes down."""
    made, old = _made(files), _old(files)
    leases = (lease_step(one.link, one.uuid, LEASE_SECONDS) for one in made if one.wants_lease)
    found = (resume_step(one.link, one.uuid) for one in made if one.type not in _VIRTUAL)
    return (*_up(made, may_fail=True), *_down(old, made), *leases, *found)


def commit(files: Sequence[FileChange], *, has_systemd: bool) -> tuple[Step, ...]:
    """The old profiles first, so that there is one for each link at every step; then ours go."""
    back_again = [one for one in files if one.before is not None]
    gone = [one for one in files if one.before is None]
    edits = [FileEdit(one.path, one.after, one.before, MODE) for one in (*back_again, *gone)]
    loaded = nmcli("connection", "load", *(one.path for one in back_again))
    then = (loaded,) if back_again else ()
    service = SERVICE if has_systemd else ""
    return (*at_once(edits, service, then), nmcli("connection", "reload"))


def _made(files: Sequence[FileChange]) -> list[_Profile]:
    return [_profile(one.after or "") for one in files if one.before is None]


def _old(files: Sequence[FileChange]) -> list[_Profile]:
    return [_profile(one.before) for one in files if one.before is not None]


def _profile(text: str) -> _Profile:
    said = keyfile.read(text)
    connection = said.get("connection", {})
    return _Profile(
        link=connection.get("interface-name", ""),
        uuid=connection.get("uuid", ""),
        type=connection.get("type", ""),
        wants_lease=wants_lease(said),
    )


def _up(profiles: Iterable[_Profile], *, may_fail: bool = False) -> list[Step]:
    """Controllers begin, their ports come up; who wants a lease is not waited for."""
    there = list(profiles)
    waited = [one for one in there if one.type not in _VIRTUAL and not one.wants_lease]
    begun = [one for kind in _CONTROLLERS for one in there if one.type == kind]
    begun += [one for one in there if one.type not in _VIRTUAL and one.wants_lease]
    vlans = [one for one in there if one.type == "vlan"]
    steps = [begin(one.uuid, one.link, may_fail=may_fail) for one in begun]
    told = _("activate the profile of {link}")
    return steps + [
        activate(one.uuid, told.format(link=one.link), may_fail=may_fail)
        for one in (*waited, *vlans)
    ]


def _down(gone: Sequence[_Profile], there: Sequence[_Profile]) -> list[Step]:
    """Ports before their controllers; what nothing else has taken the place of goes altogether."""
    links = {one.link for one in there}
    left = [one for one in gone if one.link not in links]
    ordered = sorted(left, key=lambda one: one.type in _VIRTUAL)
    steps = [nmcli("connection", "down", "uuid", one.uuid, may_fail=True) for one in ordered]
    lines = [f"link delete dev {one.link}" for one in reversed(ordered) if one.type in _VIRTUAL]
    return [*steps, ip_step(lines, force=True)] if lines else steps
