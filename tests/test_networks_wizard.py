"""The network wizard on the screen: every mode from the first key to the request, every refusal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual import events

from kvmnet_tui.model.state import HostState
from kvmnet_tui.netxml.network_fields import MODES, values_of
from kvmnet_tui.requests import RequestError
from kvmnet_tui.requests.networks import CreateNetwork, DefineNetwork, EditNetwork
from kvmnet_tui.screens.fields import FieldBox
from kvmnet_tui.screens.form import FormScreen
from tests.support import pictures
from tests.support.screens import Stage, on_stage
from tests.test_network_form import course, rich_host

MOST_STEPS = 9


def host_with_everything() -> HostState:
    """The course's host, with a card that can be split and Open vSwitch."""
    state = course()
    switch = pictures.link(90, "ovs-system", "openvswitch")
    spare = pictures.link(91, "ens40")
    links = {**state.links, 90: switch, 91: spare}
    return pictures.picture(
        links.values(), state.networks.values(), state.guests.values(),
        routes=state.routes, sriov=state.sriov,
    )  # fmt: skip


class Wizard:
    """The form on the screen, answered with keys."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    @property
    def form(self) -> FormScreen:
        screen = self.stage.app.screen
        assert isinstance(screen, FormScreen), self.stage.text
        return screen

    def box(self, name: str) -> FieldBox | None:
        return next((one for one in self.form.query(FieldBox) if one.field.name == name), None)

    async def next(self) -> None:
        """On to the next step, also from where Enter begins a new line."""
        await self.stage.press("ctrl+n")

    async def reach(self, name: str) -> FieldBox:
        """Go to the step of that name's field, and to the field."""
        for _step in range(MOST_STEPS):
            box = self.box(name)
            if box is not None:
                break
            await self.next()
        assert box is not None, f"{name} is not asked: {self.stage.text}"
        if not box.has_focus_within:
            box.take_focus()
            await self.stage.pilot.pause()
        return box

    async def write(self, name: str, text: str) -> None:
        """Have `text`, and nothing else, in a field."""
        await self.reach(name)
        await self.stage.press("end", "ctrl+u")
        await self.paste(text)

    async def paste(self, text: str) -> None:
        """Have the terminal paste a text."""
        self.stage.app.post_message(events.Paste(text))
        await self.stage.pilot.pause()

    async def mark(self, name: str) -> None:
        """Mark the first option, or give a toggle's other answer."""
        await self.reach(name)
        await self.stage.press("space")

    async def choose_mode(self, mode: str) -> None:
        await self.reach("mode")
        await self.stage.press(*["down"] * MODES.index(mode))

    async def finish(self) -> None:
        """Through the rest of the steps, and done."""
        for _step in range(MOST_STEPS):
            if "Enter does it" in self.stage.text:
                break
            await self.next()
        await self.stage.sees("Enter does it")
        await self.stage.press("enter")
        await self.stage.until(lambda: self.stage.host.requests)

    def said_at(self, name: str) -> str:
        """What the terminal shows where the field is, in one line."""
        box = self.box(name)
        if box is None:
            return ""
        top, bottom = box.region.y, box.region.bottom
        return " ".join(" ".join(self.stage.lines[top:bottom]).split())


@asynccontextmanager
async def new_network() -> AsyncIterator[Wizard]:
    async with on_stage(host_with_everything(), (80, 24)) as stage:
        await stage.press("n")
        await stage.sees("How do guests on this network reach others?")
        yield Wizard(stage)


@pytest.mark.parametrize("mode", MODES)
async def test_every_mode_leads_from_the_first_key_to_its_network(mode: str) -> None:
    async with new_network() as wizard:
        await wizard.choose_mode(mode)
        if mode == "ovs":
            await wizard.write("bridge", "ovs0")
        if mode in ("macvtap-bridge", "vepa", "private", "passthrough"):
            await wizard.mark("devices")
        await wizard.finish()
        (request,) = wizard.stage.host.requests
        assert isinstance(request, DefineNetwork)
        assert values_of(request.xml)["mode"] == mode
        assert (request.start, request.autostart) == (True, True)


async def test_everything_is_asked_where_it_is_wanted_and_lines_take_enter() -> None:
    async with new_network() as wizard:
        await wizard.mark("more")
        await wizard.write("nat_ports", "2000-3000")
        await wizard.write("ipv6", "fd00:5::1/64")
        await wizard.write(
            "pins", "52:54:00:aa:00:11 192.168.100.11\n52:54:00:aa:00:12 192.168.100.12"
        )
        await wizard.stage.sees("Ctrl+N next")
        await wizard.write("txt", "a b c")
        await wizard.write("srv", "ldap tcp target=dc1.lab port=389")
        await wizard.write("portgroups", "blue default in=1000")
        await wizard.mark("stored")
        await wizard.finish()
        (request,) = wizard.stage.host.requests
        assert isinstance(request, CreateNetwork)
        values = values_of(request.xml)
        assert values["nat_ports"] == "2000-3000"
        assert values["ipv6"] == "fd00:5::1/64"
        assert values["pins"].count("\n") == 1
        assert values["txt"] == "a b c"
        assert values["srv"] == "ldap tcp target=dc1.lab port=389"
        assert values["portgroups"] == "blue default in=1000"


# By step: answers that are refused, with the field and what is said there.
REFUSALS = {
    "Kind": [
        ("name", "", "A network needs a name."),
        ("name", "default", "There is a network default already."),
        ("name", "a/b", "no slash"),
        ("name", "x" * 201, "The name is too long."),
    ],
    "Bridge": [
        ("bridge", "sixteen-letters-", "16 characters are too many"),
        ("bridge", "br 0", "letters, digits"),
        ("bridge", "virbr0", "Network default has a bridge of this name."),
        ("bridge", "ens32", "There is a link ens32 already"),
        ("nat_ports", "9-1", "Ports are written FIRST-LAST"),
        ("nat_addresses", "here", "IPv4 addresses are written FIRST-LAST."),
        ("delay", "99", "a number of seconds up to 30"),
        ("mtu", "12", "The MTU is a number from 68"),
        ("zone", "a b", "A firewalld zone is of letters"),
    ],
    "Addresses": [
        ("ipv4", "192.168.122.129/25", "overlaps network default."),
        ("ipv4", "192.168.200.9/24", "overlaps an address of virbr1."),
        ("ipv4", "10.9.8.1/24", "overlaps the host's route to 10.9.0.0/16."),
        ("ipv4", "192.168.100.1", "The prefix is missing"),
        ("ipv4", "192.168.100.0/24", "first or last address"),
        ("ipv4", "300.1.1.1/24", "This is no address with its prefix"),
        ("ipv4", "", "What is routed needs a subnet."),
        ("ipv4", "192.168.100.1/24", ""),
        ("dhcp4", "192.168.101.2 - 192.168.101.9", "outside the subnet 192.168.100.0/24"),
        ("dhcp4", "192.168.100.9 - 192.168.100.2", "comes after its last"),
        ("dhcp4", "192.168.100.9", "A range is written FIRST - LAST."),
        ("ipv6", "192.168.1.1/24", "This is the other IP version."),
        ("ipv6", "", ""),
        ("dhcp6", "fd00::1 - fd00::2", "nothing to hand out"),
        ("domain", "a_b", "no name for the DNS"),
    ],
    "Pins": [
        ("pins", "52:54:00:aa:00:01 192.168.5.5", "192.168.5.5 is outside the subnet"),
        ("pins", "52:54:00:aa:00:01 192.168.100.255", "first or last address"),
        ("pins", "52:54:00:aa:00:01 192.168.100.1", "network's own bridge"),
        ("pins", "52:54:00:aa:00:01 fd00::5", "not to a MAC"),
        ("pins", "52:54:00:aa:00:01 x", "lacks an address"),
    ],
    "DNS": [
        ("dns_hosts", "192.168.100.9", "Line 1: The line lacks a host name."),
        ("forwarders", "a!b", "no name for the DNS"),
        ("txt", "alone", "lacks the record's text"),
        ("srv", "ldap", "lacks the protocol"),
    ],
    "Limits": [
        ("inbound", "fast", "bandwidth is average,peak,burst"),
        ("outbound", ",5", "bandwidth begins with the average"),
        ("portgroups", "blue vlan=9999", "VLAN tags are numbers from 1 to 4094."),
        ("routes", "10.0.0.0/8", "A route is SUBNET via ADDRESS"),
    ],
}


@pytest.mark.parametrize("step", REFUSALS)
async def test_a_refusal_stands_beside_its_field_and_holds_the_wizard(step: str) -> None:
    async with new_network() as wizard:
        await wizard.mark("more")
        for name, text, told in REFUSALS[step]:
            await wizard.write(name, text)
            if told:
                await wizard.stage.until(lambda: told in wizard.said_at(name))  # noqa: B023
                await wizard.next()
                assert f": {step}" in wizard.stage.lines[0], wizard.stage.text
        assert wizard.stage.host.requests == []


async def test_a_switch_that_cannot_be_on_says_why() -> None:
    async with new_network() as wizard:
        await wizard.mark("nat_ipv6")
        await wizard.write("ipv6", "")
        await wizard.mark("local_only")
        await wizard.stage.until(
            lambda: "Without a domain nothing is local." in wizard.said_at("local_only")
        )
        await wizard.stage.press("escape")
        told = "There is no IPv6 subnet to translate."
        await wizard.stage.until(lambda: told in wizard.said_at("nat_ipv6"))


@pytest.mark.parametrize(
    ("mode", "name", "text", "told"),
    [
        ("ovs", "bridge", "", "Which bridge is to be used?"),
        ("ovs", "vlan", "9999", "VLAN tags are numbers from 1 to 4094."),
        ("vepa", "devices", None, "Through which links do guests get out?"),
    ],
)
async def test_what_other_modes_need_is_refused_beside_its_field(
    mode: str, name: str, text: str | None, told: str
) -> None:
    async with new_network() as wizard:
        await wizard.mark("more")
        await wizard.choose_mode(mode)
        if name == "vlan":
            await wizard.write("bridge", "ovs0")
        if text is not None:
            await wizard.write(name, text)
        else:
            await wizard.reach(name)
        await wizard.next()
        await wizard.stage.until(lambda: told in wizard.said_at(name))


async def test_a_mode_that_this_host_cannot_have_stays_unchosen_and_says_why() -> None:
    async with on_stage(replace(pictures.course_host(), sriov=()), (80, 24)) as stage:
        await stage.press("n")
        await stage.sees("How do guests on this network reach others?")
        wizard = Wizard(stage)
        await wizard.choose_mode("hostdev")
        await stage.sees("SR-IOV pool: no card of this host has SR-IOV")
        assert "(●) macvtap passthrough" in stage.text


async def test_the_preview_can_be_edited_and_a_fault_is_shown_with_its_line() -> None:
    async with new_network() as wizard:
        stage = wizard.stage
        for _step in range(MOST_STEPS):
            if "Enter does it" in stage.text:
                break
            await wizard.next()
        await stage.press("ctrl+e")
        await stage.sees("Ctrl+S")
        await stage.press("down", "end")
        await wizard.paste("<fool/>")
        await stage.press("ctrl+s")
        await stage.sees("Line 2: libvirt's schema does not allow this <fool> in <network>")
        await stage.press("end", *["backspace"] * 7)
        await wizard.paste("<mtu size='1400'/>")
        await stage.press("ctrl+s")
        await stage.sees("Enter does it")
        await stage.press("enter")
        await stage.until(lambda: stage.host.requests)
        (request,) = stage.host.requests
        assert isinstance(request, DefineNetwork)
        assert values_of(request.xml)["mtu"] == "1400"


async def test_a_change_says_how_each_part_is_put_into_effect() -> None:
    state, network = rich_host()
    async with on_stage(state, (80, 24)) as stage:
        await stage.press("e")
        await stage.sees("Change network rich")
        wizard = Wizard(stage)
        await wizard.write("mtu", "1400")
        await wizard.write("txt", "example other text")
        for _step in range(MOST_STEPS):
            if "Enter does it" in stage.text:
                break
            await wizard.next()
        await stage.sees("This waits for the network's restart: mtu.")
        line = next(one for one in stage.lines if "add dns-txt" in one)
        assert "virNetworkUpdate" in line
        assert "at once, and stored" in line
        assert "after a restart" in next(one for one in stage.lines if "<mtu>" in one)
        await stage.press("enter")
        await stage.until(lambda: stage.host.requests)
        (request,) = stage.host.requests
        assert isinstance(request, EditNetwork)
        assert request.base == network.persistent_xml


async def test_what_libvirt_refuses_comes_back_with_all_that_was_answered() -> None:
    async with new_network() as wizard:
        stage = wizard.stage
        stage.host.refusals = [RequestError("Network mine cannot start.", ("no such luck",))]
        await wizard.write("name", "mine")
        await wizard.write("mtu", "1400")
        await wizard.finish()
        await stage.sees("no such luck")
        await stage.press("escape")
        await stage.sees("Enter does it")
        await stage.press("escape", "escape")
        await wizard.write("ipv6", "fd00:5::1/64")
        stage.host.requests.clear()
        await wizard.finish()
        (request,) = stage.host.requests
        values = values_of(request.xml)
        assert (values["name"], values["mtu"], values["ipv6"]) == ("mine", "1400", "fd00:5::1/64")
