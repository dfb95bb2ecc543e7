"""Plugs running guests' taps back into the bridge that they belong in, and checks it.

A network that stops takes its bridge away; the guests' taps stay, in no bridge, also when it
starts again. libvirt 9.0 calls an update of the NIC with its own text a success and does nothing.
It does plug the tap in when the NIC's type changes: so a NIC of the network becomes one of the
bridge and then again one of the network, which brings back its port (limits, VLAN, the count of
connections) as well. What libvirt could not do is done by the kernel, where this is its host.
"""

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from kvmnet_tui.i18n import _
from kvmnet_tui.model.plugs import uses_of_network
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml.syntax import Element, parse
from kvmnet_tui.requests import Context, RequestError
from kvmnet_tui.sources.threads import call_in_thread
from kvmnet_tui.sources.virt.caller import VirtCaller

LIVE = 1  # VIR_DOMAIN_AFFECT_LIVE
SEEN_SECONDS = 5.0
BRIDGE_SECONDS = 10.0
STP_MARGIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class LostPlug:
    """A tap, whose it is, and the bridge and network it belongs in ("" for no network)."""

    tap: str
    guest: str
    guest_name: str
    bridge: str
    network: str = ""


def plugs_of(state: HostState, network: Network) -> tuple[LostPlug, ...]:
    """The taps of running guests that belong in a network's bridge."""
    found = []
    for guest, nic, coming in uses_of_network(state, network):
        if coming or not guest.is_active:
            continue
        link = state.link_named(nic.device) if nic.device else None
        if nic.device and network.bridge and (link is None or link.kind == "tun"):
            found.append(LostPlug(nic.device, guest.uuid, guest.name, network.bridge, network.name))
    return tuple(found)


def tap_records(plugs: Iterable[LostPlug]) -> list[dict[str, str]]:
    """Taps and whose they are, for JSON."""
    return [{"tap": one.tap, "guest": one.guest_name, "bridge": one.bridge} for one in plugs]


def is_plugged(state: HostState, plug: LostPlug) -> bool:
    """Whether the tap is in its bridge."""
    tap, bridge = state.link_named(plug.tap), state.link_named(plug.bridge)
    return tap is not None and bridge is not None and tap.master == bridge.index


class Replugger:
    """Plugs taps in; `sees_kernel` says that the picture's links are those of libvirt's host."""

    def __init__(self, caller: VirtCaller, *, sees_kernel: bool) -> None:
        self._caller = caller
        self._sees_kernel = sees_kernel

    async def plug(self, plugs: tuple[LostPlug, ...], context: Context) -> tuple[str, ...]:
        """Plug in what is loose; what became of each, a sentence a line. Raises RequestError."""
        if not plugs:
            return ()
        if self._sees_kernel:
            bridges = {plug.bridge for plug in plugs}
            await context.until(
                lambda state: all(state.link_named(name) for name in bridges), BRIDGE_SECONDS
            )
        loose = [plug for plug in plugs if not self._done(context.state, plug)]
        by_libvirt, refusals = await self._by_libvirt(loose, context)
        if not self._sees_kernel:
            return tuple(_told_by_libvirt(plug, refusals) for plug in plugs)
        await context.until(lambda state: _all_in(state, by_libvirt), SEEN_SECONDS)
        await self._by_kernel([p for p in loose if not is_plugged(context.state, p)], context)
        await self._forwarding(loose, context)
        return _report(context.state, plugs, refusals)

    def _done(self, state: HostState, plug: LostPlug) -> bool:
        return self._sees_kernel and is_plugged(state, plug)

    async def _by_libvirt(
        self, loose: list[LostPlug], context: Context
    ) -> tuple[list[LostPlug], dict[str, str]]:
        """Plug in by libvirt: those that it took, and why not by the tap of each it refused."""
        taken: list[LostPlug] = []
        refusals: dict[str, str] = {}
        async with self._caller.opened() as call:
            for plug in loose:
                context.tell(_("Plugging {tap} into {bridge}.").format(**_names(plug)))
                try:
                    if await call(partial(_change_and_change_back, plug=plug)):
                        taken.append(plug)
                except RequestError as error:
                    refusals[plug.tap] = error.sentence
        return taken, refusals

    async def _by_kernel(self, plugs: list[LostPlug], context: Context) -> None:
        for plug in plugs:
            await call_in_thread("ip", partial(_enslave, plug))
        await context.until(lambda state: _all_in(state, plugs), SEEN_SECONDS)

    async def _forwarding(self, plugs: list[LostPlug], context: Context) -> None:
        """Wait until the bridge forwards: with STP it listens and learns first."""
        taps = [plug.tap for plug in plugs if is_plugged(context.state, plug)]
        delays = [_delay(context.state, plug.bridge) for plug in plugs]
        if taps and max(delays) > 0:
            context.tell(_("The taps are in; waiting until the bridge forwards (STP)."))
        await context.until(
            lambda state: all(_forwards(state, tap) for tap in taps),
            2 * max(delays, default=0.0) + STP_MARGIN_SECONDS,
        )


def _all_in(state: HostState, plugs: Iterable[LostPlug]) -> bool:
    return all(is_plugged(state, plug) for plug in plugs)


def _delay(state: HostState, bridge: str) -> float:
    link = state.link_named(bridge)
    return link.bridge.forward_delay if link and link.bridge and link.bridge.stp else 0.0


def _forwards(state: HostState, tap: str) -> bool:
    link = state.link_named(tap)
    return link is None or link.port is None or link.port.state in ("forwarding", "disabled")


def _report(
    state: HostState, plugs: Iterable[LostPlug], refusals: Mapping[str, str]
) -> tuple[str, ...]:
    """A line for each tap; raises RequestError when one is still loose."""
    lines, failed = [], 0
    for plug in plugs:
        if is_plugged(state, plug):
            text = _("{tap} of {guest} is plugged into {bridge}.")
        else:
            failed += 1
            text = _("{tap} of {guest} is still in no bridge.")
        lines.append(text.format(**_names(plug)))
        if not is_plugged(state, plug) and refusals.get(plug.tap):
            lines.append(refusals[plug.tap])
    if failed:
        raise RequestError(_("Not every tap could be plugged back in."), tuple(lines))
    return tuple(lines)


def _told_by_libvirt(plug: LostPlug, refusals: Mapping[str, str]) -> str:
    if refusals.get(plug.tap):
        return f"{plug.tap}: {refusals[plug.tap]}"
    text = _("{tap} of {guest} was plugged into {bridge}; from here that cannot be checked.")
    return text.format(**_names(plug))


def _names(plug: LostPlug) -> dict[str, str]:
    return {"tap": plug.tap, "guest": plug.guest_name, "bridge": plug.bridge}


def _change_and_change_back(virt: Any, plug: LostPlug) -> bool:
    """Make the NIC another way into the same bridge, then what it was; False: there is none."""
    guest = virt.lookupByUUIDString(plug.guest)
    document = parse(str(guest.XMLDesc(0)), "domain")
    interface = _interface(document.root, plug.tap)
    if interface is None:
        raise RequestError(_("{guest} has no NIC {tap} any more.").format(**_names(plug)))
    source = interface.first("source")
    if source is None:
        return False
    _forget_actual(interface, source)
    original = str(interface)
    is_of_network = interface.get("type") == "network"
    if not is_of_network and not (interface.get("type") == "bridge" and plug.network):
        return False  # the kernel's part
    other = {"network": plug.network} if not is_of_network else {"bridge": plug.bridge}
    source.attributes.clear()
    source.set(*next(iter(other.items())))
    interface.set("type", "bridge" if is_of_network else "network")
    guest.updateDeviceFlags(str(interface), LIVE)
    guest.updateDeviceFlags(original, LIVE)
    return True


def _interface(domain: Element, tap: str) -> Element | None:
    devices = domain.first("devices")
    found = devices.all("interface") if devices else []
    return next((each for each in found if each.value("target", "dev") == tap), None)


def _forget_actual(interface: Element, source: Element) -> None:
    """Take out what libvirt tells of the running NIC only: what its network came down to."""
    source.set("portid", "")
    if source.get("network"):
        source.set("bridge", "")
        interface.set("type", "network")


def _enslave(plug: LostPlug) -> None:
    command = ["ip", "link", "set", "dev", plug.tap, "master", plug.bridge]
    subprocess.run(command, capture_output=True, check=False, timeout=10)
