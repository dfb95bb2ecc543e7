"""NetworkManager: profiles under /run for the trial, which a reboot forgets; then under /etc."""

from collections.abc import Sequence
from typing import Final

from kvmnet_tui.change.backends import keyfile
from kvmnet_tui.change.backends.layout import CannotConfigure, Kind, Layout
from kvmnet_tui.change.backends.nm_profiles import MODE, Profile, Profiles, profiles
from kvmnet_tui.change.backends.wished import layout_of
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding, Verdict
from kvmnet_tui.change.plan import FileChange, Step, ip_step, remove_step, run_step, write_step
from kvmnet_tui.change.wishes import BackendName, Wish

TRIAL: Final = "/run/NetworkManager/system-connections"
_PATIENCE: Final = 45  # seconds for an activation, of which DHCP may take most


class NetworkManager:
    """Profiles that a reboot forgets for the trial; the same under /etc to keep it."""

    name = BackendName.NM

    def dhcp(self, facts: HostFacts) -> None:
        """It asks by itself."""

    def is_leased(self, link: str, facts: HostFacts) -> bool:  # noqa: ARG002
        """Not for us to know."""
        return False

    def findings(self, wish: Wish, facts: HostFacts) -> tuple[Finding, ...]:
        """Why it cannot be done this way, or what to know before."""
        try:
            self._profiles(wish, facts)
        except CannotConfigure as error:
            return (Finding(Verdict.BLOCKED, str(error)),)
        return ()

    def files(self, wish: Wish, facts: HostFacts) -> tuple[FileChange, ...]:
        """The profiles as they will be."""
        commit = self._profiles(wish, facts).commit
        return tuple(FileChange(edit.path, edit.before, edit.after) for edit in commit)

    def trial(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """Profiles under /run that nothing activates but we."""
        planned = self._profiles(wish, facts)
        written = [write_step(_trial(one), _tried(one), None, MODE) for one in planned.own]
        loaded = [_nmcli("connection", "load", *map(_trial, planned.own))] if planned.own else []
        # A port does not bring up a controller that must not come up by itself.
        made = {kind: [one for one in planned.own if one.made is kind] for kind in Kind}
        above = [_begin(one.uuid, one.link) for one in (*made[Kind.BRIDGE], *made[Kind.BOND])]
        up = [_up(uuid, f"activate the profile of {link}") for uuid, link in planned.activate]
        up += [_up(one.uuid, f"make {one.link}") for one in made[Kind.VLAN]]
        down = [_nmcli("connection", "down", "uuid", uuid) for uuid, _link in planned.down]
        return (*written, *loaded, *above, *up, *down, *_gone(layout_of(wish, facts)))

    def commit(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """To /etc: ports, their controllers, last the old profiles; then nothing under /run."""
        planned = self._profiles(wish, facts)
        steps: list[Step] = []
        for edit in planned.commit:
            steps.append(write_step(edit.path, edit.after or "", edit.before, MODE))
            steps.append(_nmcli("connection", "load", edit.path))
        steps += [remove_step(_trial(one), _tried(one)) for one in planned.own]
        return (*steps, _nmcli("connection", "reload"))

    def settle(self, there: Sequence[str], gone: Sequence[str]) -> tuple[Step, ...]:  # noqa: ARG002
        """It sees for itself."""
        return ()

    def rollback(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """The old profiles up, our own gone."""
        planned = self._profiles(wish, facts)
        gone = {link for _uuid, link in planned.down}
        above = [_begin(uuid, link, may_fail=True) for uuid, link in reversed(planned.down)]
        ports = ((uuid, link) for link, uuid in planned.old.items() if link not in gone)
        up = [
            _up(uuid, f"activate the profile of {link} again", may_fail=True)
            for uuid, link in ports
        ]
        own = [one.uuid for one in planned.own]
        deleted = [_nmcli("connection", "delete", "uuid", uuid, may_fail=True) for uuid in own]
        left = [run_step(("rm", "-f", *map(_trial, planned.own)))] if planned.own else []
        return (*above, *up, *deleted, *left)

    def by_hand(self, wish: Wish, facts: HostFacts) -> tuple[str, ...]:
        """How to undo a committed change with nmcli."""
        planned = self._profiles(wish, facts)
        kept = [
            f"nmcli connection modify uuid {uuid} connection.autoconnect yes"
            for uuid in planned.old.values()
        ]
        up = [f"nmcli connection up uuid {uuid}" for uuid in reversed(tuple(planned.old.values()))]
        own = [f"nmcli connection delete uuid {one.uuid}" for one in planned.own]
        return (*kept, *up, *own)

    def _profiles(self, wish: Wish, facts: HostFacts) -> Profiles:
        active = {
            link: owner.config
            for link, owner in facts.owners.items()
            if owner.name == "NetworkManager" and owner.config
        }
        files = {path: text for path, text in facts.files.items() if path.endswith(".nmconnection")}
        return profiles(layout_of(wish, facts), files, active)


def _trial(profile: Profile) -> str:
    return f"{TRIAL}/{profile.file}"


def _tried(profile: Profile) -> str:
    """The profile for the trial: NetworkManager must not bring it up by itself."""
    return keyfile.changed(profile.text, "connection", "autoconnect", "false")


def _begin(uuid: str, link: str, *, may_fail: bool = False) -> Step:
    """A controller begins to come up; its ports and addresses are not waited for."""
    words = ("--wait", "0", "connection", "up", "uuid", uuid)
    return _nmcli(*words, say=f"make {link}", may_fail=may_fail)


def _up(uuid: str, say: str = "", *, may_fail: bool = False) -> Step:
    return _nmcli(
        "--wait", "45", "connection", "up", "uuid", uuid, say=say, may_fail=may_fail, seconds=50
    )


def _nmcli(*words: str, say: str = "", may_fail: bool = False, seconds: float = 30) -> Step:
    return run_step(
        ("nmcli", *words), say or f"nmcli {' '.join(words)}", may_fail=may_fail, seconds=seconds
    )


def _gone(layout: Layout) -> tuple[Step, ...]:
    """Links that NetworkManager found and did not make outlive their profiles."""
    lines = [f"link delete dev {name}" for name in layout.removed]
    return (ip_step(lines, force=True),) if lines else ()
