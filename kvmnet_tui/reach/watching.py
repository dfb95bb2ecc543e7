"""Tells what happens after a NIC was plugged in: its tap, its port, its address, its first ping."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from kvmnet_tui.i18n import _
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.nic_settings import NicSettings, SourceKind
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Nic
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.present.cells import shown_addresses, sourced
from kvmnet_tui.present.plugs import network_of_nic
from kvmnet_tui.present.text import clean
from kvmnet_tui.reach.perform import reached
from kvmnet_tui.reach.reasons import address_to_try, way_to
from kvmnet_tui.requests import Context, Outcome, Perform, Performers, RequestError
from kvmnet_tui.requests.nics import AddNic, ChangeNic, NicName

TAP_SECONDS = 20.0
FORWARDING_SECONDS = 20.0  # and twice the bridge's forward delay
LEASE_SECONDS = 60.0
ADDRESS_SECONDS = 15.0
PINGS = 5


def performers(inner: Performers) -> Performers:
    """Those of `inner` that add or change a NIC, each with what happens afterwards."""
    return {
        AddNic: partial(_add, inner[AddNic]),
        ChangeNic: partial(_change, inner[ChangeNic]),
    }


async def _add(perform: Perform, request: AddNic, context: Context) -> Outcome:
    outcome = await perform(request, context)
    record = outcome.record
    if not (request.watch and record["live"] and record["mac"]):
        return replace(outcome, record={**record, "events": []})
    context.tell(outcome.sentence)
    settings = parse_settings(request.xml)
    events = await follow(Watched(request.guest, record["mac"], settings, context))
    return replace(
        outcome, details=(*outcome.details, *events), record={**record, "events": events}
    )


async def _change(perform: Perform, request: ChangeNic, context: Context) -> Outcome:
    outcome = await perform(request, context)
    if not outcome.record["live"]:
        return outcome
    context.tell(outcome.sentence)
    events = await changed(request, context)
    return replace(outcome, details=(*outcome.details, *events))


@dataclass(frozen=True, slots=True)
class Watched:
    """The new NIC of a guest, and where to tell what becomes of it."""

    guest: str
    mac: str
    settings: NicSettings
    context: Context

    def nic(self, state: HostState) -> Nic | None:
        """The NIC, once the picture has it."""
        return nic_of(state, NicName(self.guest, "", self.mac))

    def tap(self, state: HostState) -> Link | None:
        """Its tap, once the kernel has made it."""
        nic = self.nic(state)
        return state.link_named(nic.device) if nic and nic.device else None


def nic_of(state: HostState, name: NicName) -> Nic | None:
    """The live NIC of that name."""
    guest = state.guests.get(name.guest)
    nics = guest.nics if guest else ()
    return next((nic for nic in nics if nic.mac.lower() == name.mac.lower()), None)


async def follow(watched: Watched) -> list[str]:
    """What happened, a sentence each, told as it happens; ends with the first that does not."""
    lines: list[str] = []
    for step in (_tap, _forwarding, _address, _ping):
        said, goes_on = await step(watched)
        if said:
            watched.context.tell(said)
            lines.append(said)
        if not goes_on:
            break
    return lines


async def _tap(watched: Watched) -> tuple[str, bool]:
    if watched.settings.source.kind in {SourceKind.USER, SourceKind.HOSTDEV}:
        return _("This kind of NIC has no tap on the host."), False
    if not await _seen(watched, watched.tap, TAP_SECONDS):
        return _("No tap was made within {seconds} s.").format(seconds=round(TAP_SECONDS)), False
    tap = watched.tap(watched.context.state)
    name = clean(tap.name) if tap else ""
    return _("Tap {tap} was made.").format(tap=name), True


async def _forwarding(watched: Watched) -> tuple[str, bool]:
    def bridge_of(state: HostState) -> Link | None:
        tap = watched.tap(state)
        return state.links.get(tap.master) if tap else None

    def forwards(state: HostState) -> bool:
        tap = watched.tap(state)
        return bool(tap and tap.master and tap.port and tap.port.state == "forwarding")

    if watched.settings.source.kind is SourceKind.DIRECT:
        return "", watched.settings.link == "up"
    if watched.settings.link == "down":
        return _("The link is down, as was asked for."), False
    seconds = forwarding_seconds(bridge_of(watched.context.state))
    if not await _seen(watched, forwards, seconds):
        text = _("Its port does not forward within {seconds} s.")
        return text.format(seconds=round(seconds)), False
    bridge = bridge_of(watched.context.state)
    text = _("Its port in {bridge} forwards.")
    return text.format(bridge=clean(bridge.name) if bridge else "?"), True


async def _address(watched: Watched) -> tuple[str, bool]:
    def has_address(state: HostState) -> bool:
        return bool(shown_addresses(state.address_book.addresses_of(watched.mac)))

    state = watched.context.state
    nic = watched.nic(state)
    network = network_of_nic(state, nic) if nic else None
    seconds = LEASE_SECONDS if network and network.dhcp_ranges else ADDRESS_SECONDS
    watched.context.tell(_("Waiting for the guest to take an address"))
    if not await _seen(watched, has_address, seconds):
        text = _("No address is known within {seconds} s: the guest may not ask for one.")
        return text.format(seconds=round(seconds)), False
    known = shown_addresses(watched.context.state.address_book.addresses_of(watched.mac))
    return _("It has the address {addresses}.").format(addresses=sourced(known)), True


async def _ping(watched: Watched) -> tuple[str, bool]:
    state = watched.context.state
    nic = watched.nic(state)
    address = address_to_try(state, nic) if nic else ""
    way = way_to(state, nic, address) if nic else None
    if way is None:
        return "", False
    try:
        found = await reached(way, PINGS)
    except RequestError as error:
        return error.sentence, False
    answers = found.echo or found.resolved
    if not answers.received:
        return _("{address} does not answer yet.").format(address=address), False
    text = _("{address} answers in {milliseconds} ms.")
    shortest = f"{answers.spread[0]:.2f}"
    return text.format(address=address, milliseconds=shortest), True


async def _seen(watched: Watched, condition: Callable[[HostState], object], seconds: float) -> bool:
    return await watched.context.until(lambda state: bool(condition(state)), seconds)


# After a change.


async def changed(request: ChangeNic, context: Context) -> list[str]:
    """What the kernel shows of a move or of a pulled cable."""
    wanted = dict(request.settings)
    before = nic_of(context.state, request.nic)
    if "source" in wanted:
        return await _moved(request, context)
    if "link" in wanted and before is not None:

        def is_set(state: HostState) -> bool:
            nic = nic_of(state, request.nic)
            return nic is None or nic.link == wanted["link"]

        await context.until(is_set, TAP_SECONDS)
    return []


async def _moved(request: ChangeNic, context: Context) -> list[str]:
    source = dict(request.settings)["source"]

    def bridge_wanted(state: HostState) -> str:
        if source.kind is SourceKind.NETWORK:
            uuid = state.topology.network_by_name.get(source.name, "")
            network = state.networks.get(uuid)
            return network.bridge if network else ""
        return str(source.name)

    def is_there(state: HostState) -> bool:
        nic = nic_of(state, request.nic)
        if nic is None or source.name not in (nic.network, nic.source):
            return False
        tap = state.link_named(nic.device) if nic.device else None
        bridge = state.links.get(tap.master) if tap else None
        return bridge is not None and bridge.name == bridge_wanted(state)

    def forwards(state: HostState) -> bool:
        nic = nic_of(state, request.nic)
        tap = state.link_named(nic.device) if nic else None
        return bool(tap and tap.port and tap.port.state == "forwarding")

    name = bridge_wanted(context.state)
    if not name or source.kind not in {SourceKind.NETWORK, SourceKind.BRIDGE, SourceKind.OVS}:
        return []
    if not await context.until(is_there, TAP_SECONDS):
        return [_("The tap is not seen in {bridge} yet.").format(bridge=clean(name))]
    nic = nic_of(context.state, request.nic)
    text = _("The tap {tap} is in {bridge} now; MAC and bus address are the same.")
    lines = [text.format(tap=clean(nic.device) if nic else "?", bridge=clean(name))]
    if nic is not None and nic.link == "up":
        context.tell(lines[0])
        lines.append(await _forwarding_line(context, forwards, name))
    return lines


async def _forwarding_line(
    context: Context, forwards: Callable[[HostState], bool], name: str
) -> str:
    link = context.state.link_named(name)
    seconds = forwarding_seconds(link)
    if await context.until(forwards, seconds):
        return _("Its port in {bridge} forwards.").format(bridge=clean(name))
    return _("Its port does not forward within {seconds} s.").format(seconds=round(seconds))


def forwarding_seconds(bridge: Link | None) -> float:
    """How long a new port may take: STP listens and learns first, for a forward delay each."""
    delay = bridge.bridge.forward_delay if bridge and bridge.bridge else 0.0
    return FORWARDING_SECONDS + 2 * delay
