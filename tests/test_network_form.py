"""The network wizards without a screen: proposals, every mode, and each refusal by its field."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kvmnet_tui.forms.form import errors_of
from kvmnet_tui.forms.network_form import EditNetworkForm, NewNetworkForm
from kvmnet_tui.forms.network_names import RenameForm
from kvmnet_tui.forms.network_subnets import dhcp_range, free_bridge, free_ipv4
from kvmnet_tui.model.routes import Route
from kvmnet_tui.model.sriov import PhysicalFunction, VirtualFunction
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml.network_fields import MODES, values_of
from kvmnet_tui.netxml.schema import FOLDER, schema_problem
from kvmnet_tui.present.sriov import sriov_sections
from kvmnet_tui.requests.networks import CreateNetwork, DefineNetwork, EditNetwork, RenameNetwork
from tests.support import pictures

RICH = (Path(__file__).parent / "data" / "rich-network.xml").read_text(encoding="utf-8")
CARD = PhysicalFunction(
    "ens36",
    "0000:3b:00.0",
    8,
    "ixgbe",
    (
        VirtualFunction(0, "0000:3b:02.0", "ens36v0", "ixgbevf"),
        VirtualFunction(1, "0000:3b:02.1", "", "vfio-pci"),
    ),
)


def course() -> HostState:
    routes = (Route("10.9.0.0/16", pictures.VIRBR1), Route("192.168.122.0/24", pictures.VIRBR0))
    return replace(pictures.course_host(), routes=routes, sriov=(CARD,))


def rich_host() -> tuple[HostState, Network]:
    network = Network(
        "5687d2e1-c14d-42bb-abe2-fcb4bfac2a77", "rich", True, True, True, "virbr77", "nat",
        addresses=("192.168.77.1/24", "fd00:77::1/64", "10.77.0.1/24"),
        xml=RICH, persistent_xml=RICH,
    )  # fmt: skip
    state = pictures.picture(networks=[network])
    return state, network


def answered(state: HostState, **answers: Any) -> tuple[NewNetworkForm, dict[str, Any]]:
    form = NewNetworkForm()
    values = dict(form.initial(state))
    for name, value in answers.items():
        values = dict(form.changed(state, {**values, name: value}, name))
    return form, values


def errors(state: HostState, **answers: Any) -> dict[str, str]:
    form, values = answered(state, **answers)
    return {one.field: one.text for one in errors_of(form.findings(state, values))}


def test_a_free_subnet_bridge_and_name_are_proposed() -> None:
    state = course()
    form, values = answered(state)
    assert values["ipv4"] == "192.168.100.1/24"
    assert values["dhcp4"] == "192.168.100.2 - 192.168.100.254"
    assert state.link_named(values["bridge"]) is None
    assert errors_of(form.findings(state, values)) == ()
    request = form.request(state, values)
    assert isinstance(request, DefineNetwork)
    assert (request.start, request.autostart) == (True, True)


def test_proposals_avoid_addresses_routes_and_networks() -> None:
    taken = [Route(f"192.168.{third}.0/24") for third in range(1, 255)]
    state = replace(course(), routes=tuple(taken))
    assert free_ipv4(state) == "10.100.0.1/24"
    assert free_bridge(state) not in {link.name for link in state.links.values()}


def test_ipv6_nat_brings_a_free_subnet_unless_there_is_one() -> None:
    state = course()
    form, values = answered(state, nat_ipv6=True)
    assert values["ipv6"] == "fd00:100::1/64"
    assert errors_of(form.findings(state, values)) == ()
    _, values = answered(state, ipv6="fd00:5::1/64", nat_ipv6=True)
    assert values["ipv6"] == "fd00:5::1/64"


def test_the_range_follows_the_subnet_until_it_is_the_users_own() -> None:
    state = course()
    _, values = answered(state, ipv4="10.1.2.1/25")
    assert values["dhcp4"] == "10.1.2.2 - 10.1.2.126"
    _, values = answered(state, dhcp4="", ipv4="10.1.2.1/25")
    assert values["dhcp4"] == ""
    assert dhcp_range("10.1.2.126/25") == "10.1.2.1 - 10.1.2.125"
    assert dhcp_range("10.0.0.1/8") == "10.0.0.2 - 10.0.255.255"


@pytest.mark.parametrize("mode", MODES)
def test_the_wizard_makes_a_valid_network_of_every_mode(mode: str) -> None:
    state = course()
    answers: dict[str, Any] = {"mode": mode, "more": True}
    if mode == "ovs":
        answers["bridge"] = "ovs0"
    if mode in ("macvtap-bridge", "vepa", "private", "passthrough"):
        answers["devices"] = ("ens36",)
    form, values = answered(state, **answers)
    assert errors_of(form.findings(state, values)) == ()
    (section,) = form.preview(state, values)
    assert values_of(section.text)["mode"] == mode
    if FOLDER.is_dir():
        assert schema_problem(section.text) is None
    asked = {field.name for step in form.steps(state, values) for field in step.fields}
    assert asked <= values.keys()


def test_a_pool_takes_the_whole_card_or_single_functions() -> None:
    state = course()
    _, values = answered(state, mode="hostdev")
    assert (values["pf"], values["functions"]) == ("ens36", ())
    form, values = answered(state, mode="hostdev", functions=("0000:3b:02.1",))
    assert values["pf"] == ""
    assert "slot='0x02' function='0x1'" in form.preview(state, values)[0].text


def test_a_mode_that_this_host_cannot_have_says_why() -> None:
    state = replace(pictures.course_host(), sriov=())
    form, values = answered(state)
    (modes,) = [one for one in form.steps(state, values)[0].fields if one.name == "mode"]
    refused = {option.value: option.why_not for option in modes.options if option.why_not}
    assert refused == {
        "ovs": "there is no Open vSwitch on this host",
        "hostdev": "no card of this host has SR-IOV",
    }


@pytest.mark.parametrize(
    ("answers", "field", "told"),
    [
        ({"name": ""}, "name", "needs a name"),
        ({"name": "default"}, "name", "There is a network default already"),
        ({"name": "a/b"}, "name", "no slash"),
        ({"name": "x" * 201}, "name", "too long"),
        ({"bridge": "sixteen-letters-"}, "bridge", "16 characters are too many"),
        ({"bridge": "br 0"}, "bridge", "letters, digits"),
        ({"bridge": "virbr0"}, "bridge", "Network default has a bridge of this name"),
        ({"bridge": "ens32"}, "bridge", "There is a link ens32 already"),
        ({"ipv4": "192.168.122.129/25"}, "ipv4", "overlaps network default"),
        ({"ipv4": "192.168.200.9/24"}, "ipv4", "overlaps an address of virbr1"),
        ({"ipv4": "10.9.8.1/24"}, "ipv4", "overlaps the host's route to 10.9.0.0/16"),
        ({"ipv4": "192.168.100.1"}, "ipv4", "prefix is missing"),
        ({"ipv4": "192.168.100.0/24"}, "ipv4", "first or last address"),
        ({"ipv4": "fd00::1/64"}, "ipv4", "other IP version"),
        ({"ipv4": "300.1.1.1/24"}, "ipv4", "no address with its prefix"),
        ({"ipv4": "", "dhcp4": ""}, "ipv4", "needs a subnet"),
        ({"dhcp4": "192.168.101.2 - 192.168.101.9"}, "dhcp4", "outside the subnet"),
        ({"dhcp4": "192.168.100.9 - 192.168.100.2"}, "dhcp4", "after its last"),
        ({"dhcp4": "192.168.100.9"}, "dhcp4", "FIRST - LAST"),
        ({"dhcp4": "192.168.100.2 - 192.168.100.9, 192.168.100.9 - 192.168.100.12"},
         "dhcp4", "overlap"),
        ({"ipv6": "fd00:1::/64"}, "ipv6", "means any router"),
        ({"dhcp6": "fd00::1 - fd00::2"}, "dhcp6", "nothing to hand out"),
        ({"nat_ipv6": True, "ipv6": ""}, "nat_ipv6", "no IPv6 subnet"),
        ({"nat_ports": "9-1"}, "nat_ports", "FIRST-LAST"),
        ({"mtu": "12"}, "mtu", "from 68"),
        ({"delay": "99"}, "delay", "up to 30"),
        ({"domain": "a b"}, "domain", "no name for the DNS"),
        ({"local_only": True}, "local_only", "Without a domain"),
        ({"inbound": "fast"}, "inbound", "bandwidth is"),
        ({"mode": "ovs", "bridge": "o", "vlan": "9999"}, "vlan", "from 1 to 4094"),
        ({"pins": "52:54:00:aa:00:01 192.168.5.5"}, "pins", "outside the subnet"),
        ({"pins": "52:54:00:aa:00:01 192.168.100.1"}, "pins", "network's own bridge"),
        ({"pins": "52:54:00:aa:00:01 192.168.100.5\n52:54:00:aa:00:01 192.168.100.6"},
         "pins", "Line 2: This is there already"),
        ({"pins": "52:54:00:aa:00:01 192.168.100.5\n52:54:00:aa:00:02 192.168.100.5"},
         "pins", "pinned twice"),
        ({"mode": "vepa", "devices": ("ens36",), "portgroups": "a in=100"},
         "portgroups", "limits no bandwidth"),
        ({"portgroups": "a default\nb default"}, "portgroups", "Only one portgroup"),
        ({"mode": "vepa"}, "devices", "get out"),
        ({"mode": "hostdev", "pf": ""}, "functions", "Which card"),
    ],
)  # fmt: skip
def test_a_bad_answer_is_refused_beside_its_field(
    answers: dict[str, Any], field: str, told: str
) -> None:
    found = errors(course(), **answers)
    assert told in found.get(field, ""), found


def test_a_text_edited_by_hand_becomes_the_answers_and_keeps_the_rest() -> None:
    state = course()
    form, values = answered(state)
    text = form.text(state, values).replace("<bridge", "<mtu size='1400'/><bridge")
    assert form.check_text(text) is None
    values = dict(form.edited(state, values, text))
    assert values["mtu"] == "1400"
    request = form.request(state, {**values, "stored": False})
    assert isinstance(request, CreateNetwork)
    assert "<mtu size='1400'/>" in request.xml


@pytest.mark.skipif(not FOLDER.is_dir(), reason="libvirt's schemas are not installed")
def test_a_text_that_the_schema_refuses_is_told_with_its_line() -> None:
    fault = NewNetworkForm().check_text("<network>\n<name>a</name>\n<fool/>\n</network>")
    assert fault == ("libvirt's schema does not allow this <fool> in <network>", 3)


def test_an_untouched_edit_of_a_rich_network_changes_nothing() -> None:
    state, network = rich_host()
    form = EditNetworkForm(network)
    values = form.initial(state)
    assert errors_of(form.findings(state, values)) == ()
    request = form.request(state, values)
    assert isinstance(request, EditNetwork)
    assert request.xml == request.base == RICH


def test_an_edit_says_what_goes_live_what_waits_and_who_is_plugged_in() -> None:
    state, network = rich_host()
    form = EditNetworkForm(network)
    values = {**form.initial(state), "mtu": "1400", "txt": "other text"}
    assert any(
        "waits for the network's restart: mtu" in f.text for f in form.findings(state, values)
    )
    how, plugged, diff = form.preview(state, values)
    assert "-  <mtu size='1450'/>" in diff.text
    assert [row[0].text for row in how.rows] == ["delete dns-txt", "add dns-txt", "<mtu>"]
    assert plugged.rows[0][0].text == "No guest is plugged into it."


def test_a_network_that_vanishes_meanwhile_is_noticed() -> None:
    state, network = rich_host()
    form = EditNetworkForm(network)
    values = form.initial(state)
    gone = form.findings(pictures.picture(), values)
    assert any("is gone" in finding.text for finding in errors_of(gone))


def test_a_new_name_is_checked_like_that_of_a_new_network() -> None:
    state, network = rich_host()
    form = RenameForm(network)
    assert errors_of(form.findings(state, {"name": "rich"}))
    assert errors_of(form.findings(state, {"name": ""}))
    assert not form.findings(state, {"name": "poor"})
    assert "+  <name>poor</name>" in form.preview(state, {"name": "poor"})[0].text
    assert isinstance(form.request(state, {"name": "poor"}), RenameNetwork)


def test_functions_are_shown_with_who_uses_them() -> None:
    state = course()
    (section,) = sriov_sections(state)
    assert [row[-1].text for row in section.rows] == ["free", "free"]
    (none,) = sriov_sections(replace(state, sriov=()))
    assert none.text == "No network card of this host has SR-IOV."
