"""A live host of the libvirt lab, to ask for changes of its networks as wizard and form do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kvmnet_tui.forms.form import errors_of
from kvmnet_tui.forms.network_form import EditNetworkForm, NewNetworkForm
from kvmnet_tui.model.interest import Interest
from kvmnet_tui.model.virt import Lease, Network
from kvmnet_tui.requests import Outcome, Request, RequestError
from kvmnet_tui.requests.networks import NetworkRef
from kvmnet_tui.sources.netlink import NetlinkSource
from kvmnet_tui.sources.netlink.routes import RouteSource
from kvmnet_tui.sources.virt import VirtSource
from kvmnet_tui.sources.virt.caller import VirtCaller
from kvmnet_tui.sources.virt.perform.networks import performers
from tests.support.guest import BootedGuest
from tests.support.libvirtd import Libvirtd
from tests.support.live import LiveHost, live_host
from tests.support.virt import is_live, network, nics

LONG = 60.0


class NetworkHost:
    """The live picture and the requests of one test."""

    def __init__(self, live: LiveHost, lab: Libvirtd) -> None:
        self.live = live
        self.lab = lab

    async def do(self, request: Request) -> Outcome:
        return await self.live.controller.perform(request)

    async def refused(self, request: Request) -> str:
        with pytest.raises(RequestError) as caught:
            await self.do(request)
        return caught.value.sentence

    def network(self, name: str) -> Network:
        found = network(self.live.state, name)
        assert found is not None, name
        return found

    def ref(self, name: str) -> NetworkRef:
        return NetworkRef(self.network(name).uuid, name)

    def stored(self, name: str) -> str:
        return self.network(name).persistent_xml

    async def wizard(self, **answers: Any) -> Outcome:
        """What the wizard would ask for, done."""
        form, state = NewNetworkForm(), self.live.state
        values = dict(form.initial(state))
        for name, value in answers.items():
            values = dict(form.changed(state, {**values, name: value}, name))
        assert errors_of(form.findings(state, values)) == ()
        return await self.do(form.request(state, values))

    async def edit(self, name: str, **answers: Any) -> Outcome:
        """What the form of an existing network would ask for, done."""
        form, state = EditNetworkForm(self.network(name)), self.live.state
        values = {**form.initial(state), **answers}
        assert errors_of(form.findings(state, values)) == ()
        return await self.do(form.request(state, values))

    async def plug_in(self, guest: BootedGuest, name: str, mac: str) -> None:
        """Give the running guest a second NIC, on a network."""
        plug = ["--type", "network", "--source", name, "--model", "virtio", "--mac", mac]
        self.lab.virsh("attach-interface", guest.name, *plug, "--live")
        await self.live.until(lambda state: len(nics(state, guest.name)) == 2, LONG)

    async def move(self, guest: BootedGuest, name: str, mac: str) -> None:
        """Plug that NIC into another network, as virsh does it."""
        nic = f"""<interface type='network'><mac address='{mac}'/>
          <source network='{name}'/><model type='virtio'/></interface>"""
        self.lab.virsh("update-device", guest.name, "/dev/stdin", "--live", text=nic)
        await self.live.until(
            lambda state: any(
                nic.network == name or nic.source == name for nic in nics(state, guest.name)
            ),
            LONG,
        )

    async def unplug(self, guest: BootedGuest, mac: str) -> None:
        """Take that NIC away."""
        (kind,) = {nic.type for nic in nics(self.live.state, guest.name) if nic.mac == mac}
        self.lab.virsh("detach-interface", guest.name, kind, "--mac", mac, "--live")
        await self.live.until(lambda state: len(nics(state, guest.name)) == 1, LONG)

    async def lease(self, name: str, mac: str, version: int = 4) -> Lease:
        """The lease of a MAC (or of the DUID made of it), once there is one."""

        def found() -> list[Lease]:
            return [
                one
                for one in self.network(name).leases
                if (":" in one.address) == (version == 6)
                and (one.mac == mac or one.client_id.endswith(mac))
            ]

        await self.live.until(lambda _state: found(), LONG)
        return found()[0]

    def is_plugged(self, guest: BootedGuest, bridge: str, position: int = 0) -> bool:
        """Whether the tap of the guest's NIC is in the bridge."""
        state = self.live.state
        tap = state.link_named(nics(state, guest.name)[position].device)
        link = state.link_named(bridge)
        return bool(tap and link and tap.master == link.index)


@asynccontextmanager
async def network_host(lab: Libvirtd, log: Path) -> AsyncIterator[NetworkHost]:
    """The lab's host while it is watched; changes are logged to `log`."""
    with lab.entered():
        virt = VirtSource(lab.uri, read_only=False)
        load = partial(performers, VirtCaller(lab.uri, virt), log)
        sources = (virt, NetlinkSource(), RouteSource())
        async with live_host(*sources, performers=load) as live:
            live.controller.look_at(Interest(guests=True))
            await live.until(lambda state: is_live(state) and state.links and state.routes, LONG)
            yield NetworkHost(live, lab)


def answers_ping(lab: Libvirtd, address: str, *within: str) -> bool:
    """Whether one ping is answered, from the lab's host or a command line inside it."""
    ping = ("ping", "-c1", "-W2", address)
    return " 0% packet loss" in lab.run(*within, *ping, check=False)
