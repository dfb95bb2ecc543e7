"""The wizards of the host's own network: what they propose, refuse, show and ask for."""

from dataclasses import replace

import pytest

from kvmnet_tui.change.facts import HostFacts, LinkFact, SessionFact
from kvmnet_tui.change.requests import StartChange
from kvmnet_tui.change.wishes import (
    AddMember,
    AddPort,
    Addressing,
    AddressMode,
    BackendName,
    BondSpec,
    BridgeSpec,
    CreateBond,
    CreateBridge,
    DeleteBond,
    DeleteBridge,
    RemoveMember,
    RemovePort,
    Wish,
)
from kvmnet_tui.forms.form import Form, Values, errors_of
from kvmnet_tui.forms.host_bond import BondForm
from kvmnet_tui.forms.host_bridge import BridgeForm
from kvmnet_tui.forms.host_ports import (
    ADD_MEMBER,
    ADD_PORT,
    REMOVE_MEMBER,
    REMOVE_PORT,
    MoveForm,
)
from kvmnet_tui.forms.host_removal import DeleteBondForm, DeleteBridgeForm
from kvmnet_tui.model.state import HostState
from kvmnet_tui.requests import Outcome
from tests.support import pictures
from tests.support.model_kernel import course_facts
from tests.support.screens import on_stage
from tests.test_change_planner import with_bond, with_bridge

NOTHING = HostState()
SESSION = SessionFact("192.168.200.1", "192.168.200.132", "ens32")


def answered(form: Form, **answers: object) -> Values:
    """The proposals with these answers instead, each given in turn."""
    values = dict(form.initial(NOTHING))
    for name, value in answers.items():
        values = dict(form.changed(NOTHING, {**values, name: value}, name))
    return values


def wish_of(form: Form, values: Values) -> Wish:
    assert errors_of(form.findings(NOTHING, values)) == ()
    request = form.request(NOTHING, values)
    assert isinstance(request, StartChange)
    return request.wish


def asked(form: Form, values: Values) -> set[str]:
    return {field.name for step in form.steps(NOTHING, values) for field in step.fields}


def shown(form: Form, values: Values) -> str:
    sections = form.preview(NOTHING, values)
    parts = [section.text for section in sections]
    parts += [cell.text for section in sections for row in section.rows for cell in row]
    return "\n".join(parts)


def test_a_bridge_is_proposed_on_the_nic_with_the_address() -> None:
    form = BridgeForm(replace(course_facts(), session=SESSION))
    values = form.initial(NOTHING)
    assert (values["name"], values["uplink"]) == ("virbr1", "ens32")
    wish = wish_of(form, values)
    assert isinstance(wish, CreateBridge)
    assert (wish.uplink, wish.addressing.mode) == ("ens32", AddressMode.INHERIT)
    uplinks = form.steps(NOTHING, values)[0].fields[1].options
    assert "carries this SSH session" in uplinks[0].hint
    said = shown(form, values)
    assert "ip link set ens32 master virbr1" in said
    assert "and moves along" in said


def test_what_is_asked_depends_on_what_was_answered() -> None:
    form = BridgeForm(course_facts())
    assert not {"delay", "addresses"} & asked(form, form.initial(NOTHING))
    values = answered(form, stp=True, address="static")
    assert {"delay", "addresses", "gateways", "dns"} <= asked(form, values)
    assert values["delay"] == "15"


@pytest.mark.parametrize(
    ("answers", "field", "text"),
    [
        ({"name": "much-too-long-name"}, "name", "too long"),
        ({"name": "ens36"}, "name", "already"),
        ({"name": ""}, "name", "missing"),
        ({"address": "static"}, "addresses", "An address is missing"),
        ({"address": "static", "addresses": "10.0.0.1"}, "addresses", "no address with prefix"),
        ({"address": "static", "addresses": "10.0.0.1/24", "gateways": "x"}, "gateways", "x is no"),
        ({"mtu": "many"}, "mtu", "whole number"),
        ({"window": "soon"}, "window", "whole number"),
        ({"mac": "zz"}, "mac", "is no MAC"),
    ],
)
def test_a_wrong_answer_is_refused_beside_its_field(
    answers: dict[str, object], field: str, text: str
) -> None:
    form = BridgeForm(course_facts())
    found = errors_of(form.findings(NOTHING, answered(form, **answers)))
    assert [one for one in found if one.field == field and text in one.text], found


def test_a_bond_of_two_below_a_bridge_is_one_wish() -> None:
    form = BondForm(course_facts(), ("ens36",))
    assert form.initial(NOTHING)["members"] == ("ens36",)
    values = answered(
        form, members=("ens32", "ens36"), with_bridge=True, with_vlan=True, vlan="100",
        mode="802.3ad", lacp_rate="fast",
    )  # fmt: skip
    assert {"bridge", "vlan", "lacp_rate", "hash"} <= asked(form, values)
    wish = wish_of(form, values)
    assert isinstance(wish, CreateBond)
    assert (wish.bond.mode, wish.vlan) == ("802.3ad", 100)
    assert ("lacp_rate", "fast") in wish.bond.options
    assert wish.bridge is not None
    assert wish.bridge.name == "virbr1"


def test_a_primary_that_is_no_member_any_more_is_forgotten() -> None:
    form = BondForm(course_facts())
    values = answered(form, members=("ens32", "ens36"), primary="ens36")
    assert wish_of(form, values).bond.primary == "ens36"  # type: ignore[union-attr]
    fewer = form.changed(NOTHING, {**values, "members": ("ens32",)}, "members")
    assert fewer["primary"] == ""


def test_a_bond_needs_members() -> None:
    form = BondForm(course_facts())
    (error,) = errors_of(form.findings(NOTHING, form.initial(NOTHING)))
    assert error.field == "members"


def test_ports_and_members_are_put_in_and_taken_out() -> None:
    bridged = with_bridge()
    free = replace(bridged, links={**bridged.links, "ens40": LinkFact("ens40")})
    cases = (
        (MoveForm(free, ADD_PORT, "virbr1"), AddPort("virbr1", "ens40")),
        (MoveForm(bridged, REMOVE_PORT, "virbr1", "ens36"), RemovePort("virbr1", "ens36")),
        (MoveForm(with_bond(), ADD_MEMBER, "bond0"), AddMember("bond0", "ens40")),
        (MoveForm(with_bond(), REMOVE_MEMBER, "bond0", "ens36"), RemoveMember("bond0", "ens36")),
    )
    for form, wish in cases:
        assert wish_of(form, form.initial(NOTHING)) == wish
        assert shown(form, form.initial(NOTHING))


def test_what_is_removed_has_an_heir() -> None:
    bridge = DeleteBridgeForm(with_bridge(), "virbr1")
    assert wish_of(bridge, bridge.initial(NOTHING)) == DeleteBridge("virbr1", "ens32")
    bond = DeleteBondForm(with_bond(), "bond0")
    values = answered(bond, heir="ens36", backend="runtime")
    assert wish_of(bond, values) == DeleteBond("bond0", "ens36", BackendName.RUNTIME)
    assert "ip link delete bond0" in shown(bond, values)


async def test_from_the_bridges_screen_to_a_trial() -> None:
    async with on_stage(pictures.course_host(), (100, 30)) as stage:
        stage.host.outcome = Outcome("", record=replace(course_facts(), session=SESSION))
        await stage.press("2", "n")
        await stage.sees("Name and uplink")
        assert "carries this SSH session" in stage.text
        await stage.press("enter", "enter", "enter", "enter")
        await stage.sees("Preview")
        await stage.press("enter")
        await stage.until(lambda: len(stage.host.requests) == 2)
        request = stage.host.requests[-1]
        assert isinstance(request, StartChange)
        assert isinstance(request.wish, CreateBridge)


# Every choice of the list is asked for, and reaches the wish.


def test_every_choice_of_a_bridge_reaches_its_wish() -> None:
    form = BridgeForm(course_facts())
    values = answered(
        form, name="br7", uplink="ens32", stp=True, delay="4", vlan_filtering=True, mtu="1400",
        mac="52:54:00:AA:00:01", address="static", addresses="10.0.0.2/24, fd00::2/64",
        gateways="10.0.0.1", dns="10.0.0.3 10.0.0.4", backend="runtime", window="300",
    )  # fmt: skip
    assert set(values) <= {*asked(form, values)}
    assert wish_of(form, values) == CreateBridge(
        BridgeSpec("br7", stp=True, delay=4, mac="52:54:00:aa:00:01", mtu=1400,
                   vlan_filtering=True),
        "ens32",
        Addressing(AddressMode.STATIC, ("10.0.0.2/24", "fd00::2/64"), ("10.0.0.1",),
                   ("10.0.0.3", "10.0.0.4")),
        BackendName.RUNTIME,
    )  # fmt: skip
    request = form.request(NOTHING, values)
    assert isinstance(request, StartChange)
    assert request.window == 300
    for mode in (AddressMode.DHCP, AddressMode.NONE):
        plain = answered(form, uplink="ens36", address=mode.value, ipv6=False)
        wish = wish_of(form, plain)
        assert isinstance(wish, CreateBridge)
        assert wish.addressing == Addressing(mode, ipv6=False)


BOTH = ("ens32", "ens36")
MODES: dict[str, tuple[dict[str, object], BondSpec]] = {
    "active-backup": (
        {"primary": "ens36", "fail_over_mac": "follow", "options": "primary_reselect=better"},
        BondSpec("bond0", BOTH, primary="ens36",
                 options=(("fail_over_mac", "follow"), ("primary_reselect", "better")))),
    "802.3ad": (
        {"lacp_rate": "fast", "hash": "layer3+4", "options": "min_links=1"},
        BondSpec("bond0", BOTH, "802.3ad", options=(
            ("lacp_rate", "fast"), ("xmit_hash_policy", "layer3+4"), ("min_links", "1")))),
    "balance-xor": (
        {"hash": "layer2"},
        BondSpec("bond0", BOTH, "balance-xor", options=(("xmit_hash_policy", "layer2"),))),
    "balance-rr": (
        {"miimon": "50", "updelay": "200", "downdelay": "100"},
        BondSpec("bond0", BOTH, "balance-rr", 50, 200, 100)),
    "broadcast": ({}, BondSpec("bond0", BOTH, "broadcast")),
    "balance-tlb": (
        {"primary": "ens32"},
        BondSpec("bond0", BOTH, "balance-tlb", primary="ens32",
                 options=(("xmit_hash_policy", "layer2+3"),))),
    "balance-alb": (
        {"mtu": "1400", "mac": "52:54:00:aa:00:01"},
        BondSpec("bond0", BOTH, "balance-alb", mtu=1400, mac="52:54:00:aa:00:01")),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_a_bond_asks_for_its_own_options(mode: str) -> None:
    answers, bond = MODES[mode]
    form = BondForm(course_facts())
    values = answered(form, members=BOTH, mode=mode, **answers)
    assert set(answers) <= asked(form, values)
    wish = wish_of(form, values)
    assert wish == CreateBond(bond)
    assert " ".join(f"{name} {value}" for name, value in bond.options) in shown(form, values)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"name": "ens32"}, "name"),
        ({"members": ()}, "members"),
        ({"miimon": "0"}, "miimon"),
        ({"updelay": "-1"}, "updelay"),
        ({"options": "colour=red"}, "options"),
        ({"options": "fast"}, "options"),
        ({"with_vlan": True, "vlan": "5000"}, "vlan"),
        ({"with_vlan": True, "vlan": ""}, "vlan"),
        ({"with_bridge": True, "bridge": "bond0"}, "bridge"),
        ({"with_bridge": True, "stp": True, "delay": "1"}, "delay"),
        ({"with_bridge": True, "mode": "balance-alb"}, "mode"),
        ({"with_bridge": True, "mac": "zz"}, "mac"),
        ({"mtu": "9"}, "mtu"),
        ({"address": "static", "addresses": "10.0.0.2/24", "gateways": "10.9.0.1"}, "gateways"),
        ({"address": "static", "addresses": "10.0.0.2/24", "dns": "dns"}, "dns"),
        ({"address": "static", "addresses": "fd00::2/64", "ipv6": False}, "ipv6"),
        ({"backend": "nm"}, "backend"),
        ({"window": "4000"}, "window"),
    ],
)
def test_each_refusal_of_a_bond_stands_beside_its_answer(
    answers: dict[str, object], field: str
) -> None:
    form = BondForm(course_facts())
    values = answered(form, **{"members": BOTH, **answers})
    found = errors_of(form.findings(NOTHING, values))
    assert field in {one.field for one in found}, found
    assert field in asked(form, values)


def test_a_window_too_short_for_a_login_says_what_it_becomes() -> None:
    form = BridgeForm(course_facts())
    found = form.findings(NOTHING, answered(form, window="5"))
    assert [one.field for one in found if "It becomes 45 s" in one.text] == ["window"]


def test_whoever_may_only_look_sees_the_plan_and_why_it_cannot_be_tried() -> None:
    form = BridgeForm(replace(course_facts(), may_change=False))
    values = form.initial(NOTHING)
    assert [one.text for one in errors_of(form.findings(NOTHING, values))] == [
        "Only root may change the host's networking: use sudo."
    ]
    assert "ip link set ens32 master virbr1" in shown(form, values)


def test_a_wizard_with_nothing_to_choose_from_says_why() -> None:
    taken = {name: replace(link, master="virbr9") for name, link in course_facts().links.items()}
    facts = replace(course_facts(), links=taken)
    for form in (BridgeForm(facts), BondForm(facts)):
        assert "There is no free NIC" in form.steps(NOTHING, form.initial(NOTHING))[0].intro
    put_in = MoveForm(with_bridge(), ADD_PORT, "virbr1")
    take_out = MoveForm(course_facts(), REMOVE_PORT, "virbr1")
    assert "no link to put in" in put_in.steps(NOTHING, put_in.initial(NOTHING))[0].intro
    assert "nothing in virbr1" in take_out.steps(NOTHING, take_out.initial(NOTHING))[0].intro


# The same wizards by keys, as the screens start them.


WITH_BOND_KEYS: dict[str, tuple[HostFacts, tuple[str, ...], tuple[str, ...], Wish]] = {
    "new bond": (
        course_facts(), ("5", "b"),
        ("tab", "space", "down", "space", "enter", "enter", "enter", "enter", "enter"),
        CreateBond(BondSpec("bond0", BOTH))),
    "new bond with a VLAN and a bridge": (
        course_facts(), ("5", "b"),
        ("tab", "space", "down", "space", "enter", "enter", "space", "tab", *"100", "tab", "space",
         "enter", "enter", "enter"),
        CreateBond(BondSpec("bond0", BOTH), 100, BridgeSpec("virbr1"))),
    "member out": (
        with_bond(), ("3", "j", "x"), ("enter", "enter"), RemoveMember("bond0", "ens32")),
    "member in": (with_bond(), ("3", "i"), ("enter", "enter"), AddMember("bond0", "ens40")),
    "bond removed": (with_bond(), ("3", "d"), ("enter", "enter"), DeleteBond("bond0", "ens32")),
}  # fmt: skip


@pytest.mark.parametrize("name", WITH_BOND_KEYS)
async def test_from_a_screen_by_keys_to_the_wish(name: str) -> None:
    facts, opening, keys, wish = WITH_BOND_KEYS[name]
    async with on_stage(pictures.course_host(), (100, 40)) as stage:
        stage.host.outcome = Outcome("", record=facts)
        await stage.press(*opening)
        await stage.sees("step 1 of")
        await stage.press(*keys)
        await stage.sees("This is what would be done")
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.host.requests[-1], StartChange))
        request = stage.host.requests[-1]
        assert isinstance(request, StartChange)
        assert request.wish == wish


async def test_an_error_of_an_earlier_step_leads_back_to_its_field() -> None:
    async with on_stage(pictures.course_host(), (80, 24)) as stage:
        stage.host.outcome = Outcome("", record=course_facts())
        await stage.press("5", "n")
        await stage.sees("step 1 of 5")
        await stage.press("enter", "enter", "enter", *"0", "enter", "tab")
        await stage.press("escape", "escape")
        await stage.sees("step 3 of 5")
        await stage.press("tab", "tab", *"9", "enter")
        await stage.sees("× An MTU is a number from 68 to 65535.")
        assert len(stage.host.requests) == 1
