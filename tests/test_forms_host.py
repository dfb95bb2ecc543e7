"""The wizards of the host's own network: what they propose, refuse, show and ask for."""

from dataclasses import replace

import pytest

from kvmnet_tui.change.facts import LinkFact, SessionFact
from kvmnet_tui.change.requests import StartChange
from kvmnet_tui.change.wishes import (
    AddMember,
    AddPort,
    AddressMode,
    BackendName,
    CreateBond,
    CreateBridge,
    DeleteBond,
    DeleteBridge,
    RemoveMember,
    RemovePort,
    Wish,
)
from kvmnet_tui.forms.form import Form, Values, errors_of
from kvmnet_tui.forms.host_bond import BondForm, DeleteBondForm
from kvmnet_tui.forms.host_bridge import BridgeForm, DeleteBridgeForm
from kvmnet_tui.forms.host_ports import (
    ADD_MEMBER,
    ADD_PORT,
    REMOVE_MEMBER,
    REMOVE_PORT,
    MoveForm,
)
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
