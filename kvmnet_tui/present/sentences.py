"""States and happenings as sentences: what is wrong with a source, what an entry tells."""

from collections.abc import Mapping

from kvmnet_tui.i18n import N_, _, ngettext
from kvmnet_tui.model.state import HostState, Phase, Problem, SourceName, SourceStatus
from kvmnet_tui.model.timeline import Kind, Origin, TimelineEntry
from kvmnet_tui.present.table import Severity
from kvmnet_tui.present.text import clean
from kvmnet_tui.present.units import clock_text

_SOURCES: Mapping[str, str] = {
    SourceName.KERNEL: N_("kernel"),
    SourceName.LIBVIRT: N_("libvirt"),
    SourceName.BONDING: N_("bonding driver"),
    SourceName.MANAGERS: N_("link managers"),
}

_ORIGINS: Mapping[Origin, str] = {
    Origin.KERNEL: N_("kernel"),
    Origin.BONDING: N_("bonding"),
    Origin.LIBVIRT: N_("libvirt"),
    Origin.PROGRAM: N_("program"),
}

_LOST: Mapping[Problem, str] = {
    Problem.NONE: N_("{source}: not available since {time}, retrying"),
    Problem.NOT_RUNNING: N_("{source}: daemon not reachable since {time}, retrying"),
    Problem.NO_RIGHTS: N_("{source}: this user has no rights to read it, retrying"),
    Problem.NOT_ANSWERING: N_("{source}: no answer since {time}, retrying"),
    Problem.BAD_URI: N_("{source}: the connection URI is not usable, see --connect"),
    Problem.NOT_INSTALLED: N_("{source}: not installed"),
    Problem.CONNECTION_LOST: N_("{source}: connection lost at {time}, reconnecting"),
    Problem.OVERFLOW: N_("{source}: more messages than could be read at {time}, reading all again"),
    Problem.NO_DRIVER: N_("{source}: not loaded in this kernel"),
    Problem.FAILED: N_("{source}: failed at {time}, retrying: {detail}"),
}

# For who asks once and does not wait for another try.
_NOT_THERE: Mapping[Problem, str] = {
    Problem.NONE: N_("{source}: not available"),
    Problem.NOT_RUNNING: N_("{source}: the daemon cannot be reached"),
    Problem.NO_RIGHTS: N_("{source}: this user has no rights to read it"),
    Problem.NOT_ANSWERING: N_("{source}: no answer"),
    Problem.BAD_URI: N_("{source}: the connection URI is not usable, see --connect"),
    Problem.NOT_INSTALLED: N_("{source}: not installed"),
    Problem.CONNECTION_LOST: N_("{source}: the connection was lost"),
    Problem.OVERFLOW: N_("{source}: more messages than could be read"),
    Problem.NO_DRIVER: N_("{source}: not loaded in this kernel"),
    Problem.FAILED: N_("{source}: failed"),
}

_LIBVIRT_NO_RIGHTS = N_(
    "{source}: no rights to connect (be root or a member of group libvirt), retrying"
)

_KINDS: Mapping[Kind, str] = {
    Kind.LINK_ADDED: N_("link {subject} appeared"),
    Kind.LINK_REMOVED: N_("link {subject} is gone"),
    Kind.LINK_RENAMED: N_("link {before} is now called {after}"),
    Kind.LINK_UP: N_("link {subject} was set up"),
    Kind.LINK_DOWN: N_("link {subject} was set down"),
    Kind.CARRIER_FOUND: N_("{subject} has a carrier"),
    Kind.CARRIER_LOST: N_("{subject} lost its carrier"),
    Kind.MTU_CHANGED: N_("MTU of {subject} changed from {before} to {after}"),
    Kind.MAC_CHANGED: N_("MAC of {subject} changed from {before} to {after}"),
    Kind.ADDRESS_ADDED: N_("{subject} has the address {after}"),
    Kind.ADDRESS_REMOVED: N_("{subject} lost the address {before}"),
    Kind.PORT_JOINED: N_("{subject} joined bridge {other}"),
    Kind.PORT_LEFT: N_("{subject} left bridge {other}"),
    Kind.PORT_STATE: N_("port {subject} of {other} went from {before} to {after}"),
    Kind.MEMBER_JOINED: N_("{subject} joined bond {other}"),
    Kind.MEMBER_LEFT: N_("{subject} left bond {other}"),
    Kind.MEMBER_MII: N_("member {subject} of {other} went from {before} to {after}"),
    Kind.ACTIVE_MEMBER: N_("{subject} moved from {before} to {after}"),
    Kind.FAILED_BACK: N_("{subject} failed back from {before} to its primary {after}"),
    Kind.PEERS_NOTIFIED: N_("{subject} announced {after} to its neighbours (gratuitous ARP)"),
    Kind.LACP_PARTNER: N_("LACP partner of {subject} changed from {before} to {after}"),
    Kind.LACP_AGGREGATOR: N_(
        "member {subject} of {other} moved from aggregator {before} to aggregator {after}"
    ),
    Kind.LACP_CHURN: N_("LACP churn of member {subject} of {other} went from {before} to {after}"),
    Kind.NETWORK_DEFINED: N_("network {subject} was defined"),
    Kind.NETWORK_UNDEFINED: N_("network {subject} was undefined"),
    Kind.NETWORK_STARTED: N_("network {subject} started"),
    Kind.NETWORK_STOPPED: N_("network {subject} stopped"),
    Kind.NETWORK_CHANGED: N_("network {subject} changed"),
    Kind.GUEST_DEFINED: N_("guest {subject} was defined"),
    Kind.GUEST_UNDEFINED: N_("guest {subject} was undefined"),
    Kind.GUEST_STARTED: N_("guest {subject} started"),
    Kind.GUEST_STOPPED: N_("guest {subject} stopped"),
    Kind.GUEST_PAUSED: N_("guest {subject} paused"),
    Kind.GUEST_RESUMED: N_("guest {subject} resumed"),
    Kind.GUEST_CRASHED: N_("guest {subject} crashed"),
    Kind.GUEST_CHANGED: N_("guest {subject} changed"),
    Kind.NIC_ADDED: N_("guest {subject} has a new NIC {other}"),
    Kind.NIC_REMOVED: N_("guest {subject} lost its NIC {other}"),
    Kind.NIC_CHANGED: N_("NIC {other} of guest {subject} changed"),
    Kind.AGENT_CONNECTED: N_("agent of guest {subject} connected"),
    Kind.AGENT_DISCONNECTED: N_("agent of guest {subject} disconnected"),
    Kind.LEASE_ADDED: N_("network {subject} leased {after} to {other}"),
    Kind.LEASE_REMOVED: N_("lease of {after} to {other} in network {subject} ended"),
    Kind.SOURCE_LIVE: N_("{subject} is back"),
    Kind.SOURCE_LOST: N_("{subject} is lost"),
    Kind.SOURCE_RESYNCED: N_("{subject}: everything was read again"),
    Kind.HISTORY_LOST: N_("failovers cannot be kept for the next run: {subject}"),
}

# Sentences for entries in which a part is missing.
_NEW_MEMBER_ACTIVE = N_("{subject} now uses {after}")
_NO_MEMBER_ACTIVE = N_("{subject} has no active member left, it was {before}")
_BORN_IN_BRIDGE = N_("link {subject} appeared in {other}")

_SEVERITIES: Mapping[Kind, Severity] = {
    Kind.CARRIER_LOST: Severity.ERROR,
    Kind.GUEST_CRASHED: Severity.ERROR,
    Kind.SOURCE_LOST: Severity.ERROR,
    Kind.LINK_DOWN: Severity.WARNING,
    Kind.LINK_REMOVED: Severity.WARNING,
    Kind.PORT_LEFT: Severity.WARNING,
    Kind.MEMBER_LEFT: Severity.WARNING,
    Kind.MEMBER_MII: Severity.WARNING,
    Kind.ACTIVE_MEMBER: Severity.WARNING,
    Kind.FAILED_BACK: Severity.OK,
    Kind.LACP_PARTNER: Severity.WARNING,
    Kind.LACP_AGGREGATOR: Severity.WARNING,
    Kind.LACP_CHURN: Severity.WARNING,
    Kind.NETWORK_STOPPED: Severity.WARNING,
    Kind.GUEST_STOPPED: Severity.WARNING,
    Kind.SOURCE_RESYNCED: Severity.WARNING,
    Kind.HISTORY_LOST: Severity.WARNING,
    Kind.CARRIER_FOUND: Severity.OK,
    Kind.LINK_UP: Severity.OK,
    Kind.SOURCE_LIVE: Severity.OK,
    Kind.NETWORK_STARTED: Severity.OK,
    Kind.GUEST_STARTED: Severity.OK,
}


def source_word(name: SourceName) -> str:
    """A source's name."""
    return _(_SOURCES[name])


def origin_word(origin: Origin) -> str:
    """Who said that something happened."""
    return _(_ORIGINS[origin])


def status_sentence(name: SourceName, status: SourceStatus) -> str:
    """What is wrong with a source, in one sentence; empty when nothing is."""
    if status.phase is Phase.LIVE:
        return ""
    if status.phase is Phase.STARTING:
        return _("{source}: not read yet").format(source=source_word(name))
    message = _LOST[status.problem]
    if name is SourceName.LIBVIRT and status.problem is Problem.NO_RIGHTS:
        message = _LIBVIRT_NO_RIGHTS
    return _(message).format(
        source=source_word(name), time=clock_text(status.since), detail=clean(status.detail)
    )


def full_status_sentence(name: SourceName, status: SourceStatus) -> str:
    """The same with the library's own words, where it said any."""
    sentence = status_sentence(name, status)
    return sentence if status.problem is Problem.FAILED else _with_detail(sentence, status)


def not_there_sentence(name: SourceName, status: SourceStatus) -> str:
    """Why a source has nothing to say, for who asks once, with the library's own words."""
    if status.phase is Phase.STARTING:
        return _("{source}: no answer in time").format(source=source_word(name))
    return _with_detail(_(_NOT_THERE[status.problem]).format(source=source_word(name)), status)


def _with_detail(sentence: str, status: SourceStatus) -> str:
    if not sentence or not status.detail:
        return sentence
    return _("{sentence} ({detail})").format(sentence=sentence, detail=clean(status.detail))


def problems(state: HostState) -> tuple[str, ...]:
    """One sentence for each source that is lost."""
    return tuple(
        status_sentence(name, status)
        for name, status in state.sources.items()
        if status.phase is Phase.LOST
    )


def entry_sentence(entry: TimelineEntry) -> str:
    """What happened, in one sentence."""
    sentence = _(_message(entry)).format(
        subject=_subject(entry),
        other=clean(entry.other),
        before=_value(entry, entry.before),
        after=_value(entry, entry.after),
    )
    if entry.count < 2:
        return sentence
    return ngettext("{sentence}, {count} time", "{sentence}, {count} times", entry.count).format(
        sentence=sentence, count=entry.count
    )


def entry_severity(entry: TimelineEntry) -> Severity:
    """How bad it is."""
    if entry.kind is Kind.MEMBER_MII and entry.after == "up":
        return Severity.OK
    return _SEVERITIES.get(entry.kind, Severity.PLAIN)


def _message(entry: TimelineEntry) -> str:
    if entry.kind is Kind.ACTIVE_MEMBER and not entry.after:
        return _NO_MEMBER_ACTIVE
    if entry.kind is Kind.ACTIVE_MEMBER and not entry.before:
        return _NEW_MEMBER_ACTIVE
    if entry.kind is Kind.LINK_ADDED and entry.other:
        return _BORN_IN_BRIDGE
    return _KINDS[entry.kind]


def _subject(entry: TimelineEntry) -> str:
    if entry.origin is Origin.PROGRAM and entry.subject in _SOURCES:
        return _(_SOURCES[entry.subject])
    return clean(entry.subject)


def _value(entry: TimelineEntry, value: str) -> str:
    if entry.kind in {Kind.PORT_STATE, Kind.MEMBER_MII}:
        return state_word(value)
    return clean(value)


def state_word(state: str) -> str:
    """The kernel's and libvirt's words for states, in the user's language."""
    return _(_STATES[state]) if state in _STATES else clean(state)


_STATES: Mapping[str, str] = {
    # bridge ports
    "disabled": N_("disabled"),
    "listening": N_("listening"),
    "learning": N_("learning"),
    "forwarding": N_("forwarding"),
    "blocking": N_("blocking"),
    # bonds' members
    "up": N_("up"),
    "down": N_("down"),
    "going down": N_("going down"),
    "going back": N_("going back"),
    # guests
    "running": N_("running"),
    "idle": N_("idle"),
    "paused": N_("paused"),
    "in shutdown": N_("in shutdown"),
    "shut off": N_("shut off"),
    "crashed": N_("crashed"),
    "pmsuspended": N_("pmsuspended"),
    "no state": N_("no state"),
}
