"""Who keeps a change: the backend that was asked for, or the one of whoever manages the link."""

from dataclasses import dataclass

from kvmnet_tui.change import kernel
from kvmnet_tui.change.backends.base import Backend
from kvmnet_tui.change.backends.ifcfg import Ifcfg
from kvmnet_tui.change.backends.ifupdown import Ifupdown
from kvmnet_tui.change.backends.networkmanager import NetworkManager
from kvmnet_tui.change.backends.runtime import Runtime
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.wishes import BackendName, CreateBond, Wish
from kvmnet_tui.i18n import _

# What `sources.managers` calls them.
_BY_OWNER = {
    "NetworkManager": BackendName.NM,
    "ifcfg": BackendName.IFCFG,
    "ifupdown": BackendName.IFUPDOWN,
}
_LATER = frozenset({"netplan", "networkd", "systemd-networkd", "wicked"})


@dataclass(frozen=True, slots=True)
class Choice:
    """The backend and why. `later` is a manager that is known but not supported yet."""

    backend: Backend
    reason: str
    link: str = ""
    later: str = ""


def backend_of(wish: Wish, facts: HostFacts) -> Choice:
    """Who keeps this change."""
    if wish.backend is not BackendName.AUTO:
        told = _("Kept by {backend}, as was asked for.")
        return Choice(backend_named(wish.backend), told.format(backend=wish.backend.value))
    link = _decisive_link(wish, facts)
    owner = facts.owner(link)
    name = _BY_OWNER.get(owner.name, BackendName.RUNTIME)
    if name is BackendName.RUNTIME:
        told = _("Nobody manages {link}.")
    else:
        told = _("{manager} manages {link} ({evidence}).")
    reason = told.format(manager=owner.name, link=link or "-", evidence=owner.evidence)
    later = owner.name if owner.name in _LATER else ""
    return Choice(backend_named(name), reason, link, later)


def backend_named(name: BackendName) -> Backend:
    """A backend by its name."""
    if name is BackendName.NM:
        return NetworkManager()
    if name is BackendName.IFCFG:
        return Ifcfg(kernel.trial)
    if name is BackendName.IFUPDOWN:
        return Ifupdown(kernel.trial)
    return Runtime()


def _decisive_link(wish: Wish, facts: HostFacts) -> str:
    """The link whose manager keeps the change: the uplink, or the first member that has one."""
    names: tuple[str, ...]
    if isinstance(wish, CreateBond):
        names = wish.bond.members
    else:
        fields = ("uplink", "bridge", "bond", "port", "member")
        given = (getattr(wish, name, "") for name in fields)
        names = tuple(name for name in given if isinstance(name, str) and name)
    managed = (name for name in names if facts.owner(name).name in {*_BY_OWNER, *_LATER})
    return next(managed, next(iter(names), ""))
