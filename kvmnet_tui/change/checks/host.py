"""Checks of the whole host: what is at stake, what the surroundings do, what else goes on."""

import re
from collections.abc import Iterator

from kvmnet_tui.change.checks.values import keeps_session
from kvmnet_tui.change.facts import HostFacts
from kvmnet_tui.change.findings import Finding, blocked, fine, warning
from kvmnet_tui.change.wishes import (
    AddPort,
    Addressing,
    CreateBond,
    CreateBridge,
    DeleteBond,
    DeleteBridge,
    Wish,
    top_device,
)
from kvmnet_tui.i18n import _

NEEDED_BYTES = 1 << 20  # a change and its guard take a third of it


def check_host(wish: Wish, links: tuple[str, ...], facts: HostFacts) -> Iterator[Finding]:
    """Everything that is not about one answer; `links` are those that the wish touches."""
    if facts.under_way:
        yield blocked(under_way_sentence(facts))
    if not facts.may_change:
        yield warning(_("Without root not every file can be read: the real plan may differ."))
    if links:
        yield from _session(wish, links, facts)
    if "root-on-network" in facts.notes:
        told = _("The root file system is on the network ({root}): its loss could not be undone.")
        yield blocked(told.format(root=facts.notes["root-on-network"]))
    yield from _room(facts)
    yield from _surroundings(wish, facts)
    for name in links:
        yield from _rules(name, facts)
        yield from _firewall(name, wish, facts)


def under_way_sentence(facts: HostFacts) -> str:
    """Why nothing else is begun now."""
    told = _("Another change is under way ({title}): keep it or take it back first.")
    return told.format(title=facts.under_way)


def only_root() -> str:
    """Why somebody may look and no more."""
    return _("Only root may change the host's networking: use sudo.")


def _session(wish: Wish, links: tuple[str, ...], facts: HostFacts) -> Iterator[Finding]:
    session = facts.session
    if not session.client:
        yield fine(_("No SSH session is at stake: this runs on a console."))
    elif session.device in links:
        addressing = getattr(wish, "addressing", Addressing())
        if not keeps_session(addressing, facts):
            return  # the check of the addresses says what becomes of it
        moves = isinstance(wish, (CreateBridge, CreateBond, DeleteBridge, DeleteBond))
        told = _("This SSH session from {client} comes over {link}, and moves along.")
        if not moves:
            told = _("This SSH session from {client} comes over {link}, which goes on.")
        yield warning(told.format(client=session.client, link=session.device))
    else:
        told = _("This SSH session comes over {link}, which is not touched.")
        yield fine(told.format(link=session.device or "-"))


def _room(facts: HostFacts) -> Iterator[Finding]:
    """The guard works in /run; without /var/lib a change has no history."""
    for path, finding in (("/run", blocked), ("/var/lib", warning)):
        problem = _no_room(path, facts)
        if problem:
            yield finding(problem)


def check_folder(folder: str, facts: HostFacts) -> Iterator[Finding]:
    """Whether what is to be kept can be written where its manager keeps it."""
    problem = _no_room(folder if folder in facts.disks else "/etc", facts)
    if problem:
        yield blocked(problem)


def _no_room(path: str, facts: HostFacts) -> str:
    disk = facts.disks.get(path)
    if disk is None:
        return ""
    if disk.is_read_only:
        return _("{path} cannot be written to: it is read-only.").format(path=path)
    if disk.free_bytes >= NEEDED_BYTES:
        return ""
    told = _("{path} is full: {free} kB are free, {needed} kB are needed.")
    return told.format(path=path, free=disk.free_bytes // 1024, needed=NEEDED_BYTES // 1024)


def _surroundings(wish: Wish, facts: HostFacts) -> Iterator[Finding]:
    """What keeps bridged guests from the network although the bridge itself works."""
    is_bridge = isinstance(wish, (CreateBridge, AddPort)) or (
        isinstance(wish, CreateBond) and wish.bridge is not None
    )
    if not is_bridge:
        return
    if facts.notes.get("br-netfilter") == "drop":
        yield warning(_("br_netfilter is on and the FORWARD policy drops: bridged guests are cut"
                        " off until rules let them through."))  # fmt: skip
    if "cloud" in facts.notes:
        told = _("This host is a virtual machine of {cloud}, which drops MACs that it does not"
                 " know: guests on the bridge will not get out.")  # fmt: skip
        yield warning(told.format(cloud=facts.notes["cloud"]))
    elif "hypervisor" in facts.notes:
        told = _("This host is a virtual machine on {hypervisor}: guests on the bridge get out"
                 " only if that lets other MACs through (promiscuous mode, forged transmits, MAC"
                 " spoofing).")  # fmt: skip
        yield warning(told.format(hypervisor=facts.notes["hypervisor"]))


def _rules(name: str, facts: HostFacts) -> Iterator[Finding]:
    if any(route.words[1:] == ("nexthop",) for route in facts.routes_of(name)):
        told = _("A route with several next hops uses {link}: it could not be moved.")
        yield blocked(told.format(link=name))
    if any(f" {key} {name} " in f"{rule} " for rule in facts.rules for key in ("iif", "oif")):
        told = _("A routing rule names {link}: it does not follow to the new device.")
        yield warning(told.format(link=name))


def _firewall(name: str, wish: Wish, facts: HostFacts) -> Iterator[Finding]:
    quoted = re.escape(name)
    if re.search(rf'"{quoted}"|-[io] {quoted}\s', facts.notes.get("firewall", "")):
        told = _("Firewall rules name {link}: check that they suit the new device, or new"
                 " logins may be refused.")  # fmt: skip
        yield warning(told.format(link=name))
    zone = facts.zones.get(name)
    if zone and isinstance(wish, (CreateBridge, CreateBond)):
        told = _("{link} is in the firewall zone {zone}: {device} comes into the default zone"
                 " unless you put it there too.")  # fmt: skip
        yield warning(told.format(link=name, zone=zone, device=top_device(wish)))
