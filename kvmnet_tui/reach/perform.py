"""Performs PingNic: tries to reach a NIC, and says why when it cannot."""

import ipaddress
from collections.abc import Sequence
from typing import Any

from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Nic
from kvmnet_tui.present.text import clean
from kvmnet_tui.reach.firewall import dropping_policies
from kvmnet_tui.reach.frames import Ends
from kvmnet_tui.reach.probe import Answers, Reach, probe
from kvmnet_tui.reach.reasons import HOPELESS, Reason, Way, address_to_try, reasons, way_to
from kvmnet_tui.requests import Context, Outcome, Performers, RequestError
from kvmnet_tui.requests.nics import NicName, PingNic
from kvmnet_tui.sources.threads import call_in_thread

PORT_SECONDS = 35.0  # twice the forward delay that bridges have by default, and a little


def performers() -> Performers:
    """Who performs what."""
    return {PingNic: _ping}


async def _ping(request: PingNic, context: Context) -> Outcome:
    guest, nic = the_nic(context.state, request.nic)
    await _forwarding(nic, context)
    address = wanted_address(context.state, nic, request.address)
    policies = await call_in_thread("firewall", dropping_policies)
    told = reasons(context.state, guest, nic, address, policies)
    hopeless = [one for one in told if one.why in HOPELESS]
    way = way_to(context.state, nic, address)
    if hopeless or way is None:
        first = hopeless[0] if hopeless else told[0]
        raise RequestError(first.sentence, tuple(one.sentence for one in told if one != first))
    context.tell(_("Asking {address} over {link}").format(address=address, link=way.link.name))
    found = await reached(way, request.count)
    lines = (*_lines(way, found), *_suspicions(nic, found, told))
    if not _answered(found):
        text = _("{address} does not answer over {link}.")
        raise RequestError(text.format(address=address, link=way.link.name), lines)
    text = _("{address} answers over {link}.")
    sentence = text.format(address=address, link=way.link.name)
    return Outcome(sentence, lines, _record(guest, nic, way, found, told))


async def _forwarding(nic: Nic, context: Context) -> None:
    """STP lets a new port wait before it passes anything on: so do we."""

    def waits(state: HostState) -> bool:
        tap = state.link_named(nic.device) if nic.device else None
        return bool(tap and tap.port and tap.port.state in {"listening", "learning"})

    if waits(context.state):
        context.tell(_("Waiting for the port {tap} to forward").format(tap=nic.device))
        await context.until(lambda state: not waits(state), PORT_SECONDS)


async def reached(way: Way, count: int) -> Reach:
    """Probe in a thread; raises RequestError without the rights for it."""
    ends = Ends(way.link.mac, way.own_address, way.address)
    try:
        return await call_in_thread("probe", lambda: probe(way.link.name, ends, count))
    except PermissionError as error:
        text = _("Sending test frames over {link} takes root's rights.")
        raise RequestError(text.format(link=way.link.name)) from error
    except OSError as error:
        text = _("Nothing can be sent over {link}: {reason}.")
        raise RequestError(text.format(link=way.link.name, reason=error.strerror)) from error


def the_nic(state: HostState, name: NicName) -> tuple[Guest, Nic]:
    """The guest and its NIC, live ones first; raises RequestError when they are gone."""
    guest = state.guests.get(name.guest)
    if guest is None:
        text = _("Guest {guest} is no longer there.").format(guest=clean(name.guest_name))
        raise RequestError(text)
    same = [nic for nic in (*guest.nics, *guest.coming_nics) if nic.mac.lower() == name.mac.lower()]
    same.sort(key=lambda nic: nic.slot != name.slot)
    if not same:
        text = _("{guest} has no NIC with the MAC {mac} any more.")
        raise RequestError(text.format(guest=clean(guest.name), mac=clean(name.mac)))
    return guest, same[0]


def wanted_address(state: HostState, nic: Nic, asked: str) -> str:
    """The address asked for, or the one that is known; raises RequestError for what is none."""
    if not asked:
        return address_to_try(state, nic)
    try:
        return str(ipaddress.ip_address(asked))
    except ValueError as error:
        text = _("{address} is no IP address.").format(address=clean(asked))
        raise RequestError(text) from error


def _answered(found: Reach) -> bool:
    return bool((found.echo or found.resolved).received)


def _lines(way: Way, found: Reach) -> tuple[str, ...]:
    asking = "NDP" if ":" in way.address else "ARP"
    lines = [_line(asking, found.resolved)] if found.resolved.sent else []
    if found.echo is not None:
        lines.append(_line("ping", found.echo))
    return tuple(lines)


def _line(name: str, answers: Answers) -> str:
    counted = _("{name}: {sent} sent, {received} answered, {loss}% lost").format(
        name=name, sent=answers.sent, received=answers.received, loss=round(answers.loss)
    )
    if not answers.received:
        return counted
    shortest, mean, longest = answers.spread
    trips = _("min/avg/max {shortest}/{mean}/{longest} ms").format(
        shortest=f"{shortest:.2f}", mean=f"{mean:.2f}", longest=f"{longest:.2f}"
    )
    return f"{counted}, {trips}"


def _suspicions(nic: Nic, found: Reach, told: Sequence[Reason]) -> tuple[str, ...]:
    """What may be the reason, or may become one; another owner of the address first."""
    lines = [one.sentence for one in told]
    owner = found.resolved.mac
    if owner and owner != nic.mac.lower():
        text = _("The address is answered for by {mac}, which is not this NIC.")
        lines.insert(0, text.format(mac=owner))
    if not _answered(found) and found.resolved.received:
        lines.append(_("It answers ARP: the guest's own firewall may drop pings."))
    elif not _answered(found) and not told:
        lines.append(_("Nothing wrong is seen on the host's side: look into the guest."))
    return tuple(lines)


def _record(
    guest: Guest, nic: Nic, way: Way, found: Reach, told: Sequence[Reason]
) -> dict[str, Any]:
    return {
        "guest": guest.name,
        "mac": nic.mac,
        "address": way.address,
        "over": way.link.name,
        "resolved": _numbers(found.resolved),
        "ping": _numbers(found.echo) if found.echo else None,
        "remarks": [one.why.value for one in told],
    }


def _numbers(answers: Answers) -> dict[str, Any]:
    shortest, mean, longest = answers.spread
    return {
        "sent": answers.sent,
        "received": answers.received,
        "loss_percent": answers.loss,
        "mac": answers.mac or None,
        "min_ms": round(shortest, 3) if answers.received else None,
        "avg_ms": round(mean, 3) if answers.received else None,
        "max_ms": round(longest, 3) if answers.received else None,
    }
