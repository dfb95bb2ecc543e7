"""NetworkManager: profiles under /run for the trial, which a reboot forgets; then under /etc."""

from collections.abc import Sequence
from typing import Final

from kvmnet_tui.change import kernel
from kvmnet_tui.change.backends import keyfile
from kvmnet_tui.change.backends.layout import CannotConfigure, Kind, Layout
from kvmnet_tui.change.backends.nm_findings import layout_findings, version_findings
from kvmnet_tui.change.backends.nm_profiles import MODE, Profile, Profiles, profiles
from kvmnet_tui.change.backends.nm_steps import (
    ADDRESS_SECONDS,
    LEASE_SECONDS,
    SERVICE,
    activate,
    begin,
    nmcli,
)
from kvmnet_tui.change.backends.together import at_once
from kvmnet_tui.change.backends.wished import layout_of
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding, Verdict
from kvmnet_tui.change.plan import (
    FileChange,
    Step,
    ip_step,
    lease_step,
    remove_step,
    resume_step,
    run_step,
    wait_step,
    write_step,
)
from kvmnet_tui.change.wishes import BackendName, Wish
from kvmnet_tui.i18n import _

TRIAL: Final = "/run/NetworkManager/system-connections"


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
        texts = {link: facts.files.get(path, "") for link, path in _active(facts).items()}
        layout = layout_of(wish, facts)
        return (*version_findings(facts), *layout_findings(layout, texts, facts))

    def files(self, wish: Wish, facts: HostFacts) -> tuple[FileChange, ...]:
        """The profiles as they will be."""
        commit = self._profiles(wish, facts).commit
        return tuple(FileChange(edit.path, edit.before, edit.after) for edit in commit)

    def trial(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """Profiles under /run that nothing activates but we."""
        planned = self._profiles(wish, facts)
        written = [write_step(_trial(one), _tried(one), None, MODE) for one in planned.own]
        loaded = [nmcli("connection", "load", *map(_trial, planned.own))] if planned.own else []
        # A port does not bring up a controller that must not come up by itself.
        made = {kind: [one for one in planned.own if one.made is kind] for kind in Kind}
        above = [begin(one.uuid, one.link) for one in (*made[Kind.BRIDGE], *made[Kind.BOND])]
        heard = dict(kernel.lacp_proof(wish, facts))
        up = [
            step
            for uuid, link in planned.activate
            for step in (
                activate(uuid, _("activate the profile of {link}").format(link=link)),
                *((heard[link],) if link in heard else ()),
            )
        ]
        up += [
            activate(one.uuid, _("make {link}").format(link=one.link)) for one in made[Kind.VLAN]
        ]
        down = [nmcli("connection", "down", "uuid", uuid) for uuid, _link in planned.down]
        layout = layout_of(wish, facts)
        making = (*kernel.proof_alone(wish, facts), *written, *loaded, *above, *up)
        return (*making, *down, *_gone(layout), *_addressed(layout, facts))

    def commit(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """To /etc: ports, their controllers, last the old profiles; then nothing under /run."""
        planned = self._profiles(wish, facts)
        service = SERVICE if facts.has_systemd else ""
        loaded = nmcli("connection", "load", *(edit.path for edit in planned.commit))
        written = at_once(planned.commit, service, (loaded,)) if planned.commit else ()
        gone = (remove_step(_trial(one), _tried(one)) for one in planned.own)
        return (*written, *gone, nmcli("connection", "reload"))

    def settle(self, there: Sequence[str], gone: Sequence[str]) -> tuple[Step, ...]:  # noqa: ARG002
        """It sees for itself."""
        return ()

    def rollback(self, wish: Wish, facts: HostFacts) -> tuple[Step, ...]:
        """The old profiles up, our own gone."""
        planned = self._profiles(wish, facts)
        gone = {link for _uuid, link in planned.down}
        above = [begin(uuid, link, may_fail=True) for uuid, link in reversed(planned.down)]
        ports = ((uuid, link) for link, uuid in planned.old.items() if link not in gone)
        up = [_again(uuid, link, has_lease=link in planned.leased) for uuid, link in ports]
        leases = [lease_step(link, planned.old[link], LEASE_SECONDS) for link in planned.leased]
        own = [one.uuid for one in planned.own]
        deleted = [nmcli("connection", "delete", "uuid", uuid, may_fail=True) for uuid in own]
        left = [run_step(("rm", "-f", *map(_trial, planned.own)))] if planned.own else []
        found = [resume_step(link, uuid) for link, uuid in planned.old.items() if link not in gone]
        return (*above, *up, *leases, *deleted, *left, *found)

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
        files = {path: text for path, text in facts.files.items() if path.endswith(".nmconnection")}
        return profiles(layout_of(wish, facts), files, _active(facts))


def _active(facts: HostFacts) -> dict[str, str]:
    """The path of each link's profile."""
    return {
        link: owner.config
        for link, owner in facts.owners.items()
        if owner.name == "NetworkManager" and owner.config
    }


def _trial(profile: Profile) -> str:
    return f"{TRIAL}/{profile.file}"


def _tried(profile: Profile) -> str:
    """The profile for the trial: NetworkManager must not bring it up by itself."""
    return keyfile.changed(profile.text, "connection", "autoconnect", "false")


def _again(uuid: str, link: str, *, has_lease: bool) -> Step:
    """An old profile comes up; whether DHCP has answered is asked for later."""
    if has_lease:
        return begin(uuid, link, may_fail=True)
    said = _("activate the profile of {link} again").format(link=link)
    return activate(uuid, said, may_fail=True)


def _addressed(layout: Layout, facts: HostFacts) -> tuple[Step, ...]:
    """Whatever takes over from a link with an address must come by one."""
    seconds = ADDRESS_SECONDS + _listening(layout)
    return tuple(
        wait_step("addressed", taker, seconds)
        for taker, source in layout.takers
        if source in facts.links
        and any(one.scope == "global" for one in facts.links[source].addresses)
    )


def _listening(layout: Layout) -> float:
    return max((2.0 * made.delay for made in layout.made if made.stp), default=0.0)


def _gone(layout: Layout) -> tuple[Step, ...]:
    """Links that NetworkManager found and did not make outlive their profiles."""
    lines = [f"link delete dev {name}" for name in layout.removed]
    return (ip_step(lines, force=True),) if lines else ()
