"""Wishes become plans: what is refused and why, which lines, and that a rollback is exact."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvmnet_tui.change import kernel
from kvmnet_tui.change.facts import AddressFact, Guest, HostFacts, LinkFact, Owner, SessionFact
from kvmnet_tui.change.findings import Verdict
from kvmnet_tui.change.plan import Plan
from kvmnet_tui.change.planner import PlanError, make_plan, window_of
from kvmnet_tui.change.preflight import findings
from kvmnet_tui.change.preview import command_lines, fingerprint, rollback_script
from kvmnet_tui.change.wish_records import inverse, wish_of, wish_record
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
from tests.support.model_kernel import ModelKernel, RefusedError, course_facts

RUNTIME = BackendName.RUNTIME
SESSION = SessionFact("192.168.200.1", "192.168.200.132", "ens32")
BRIDGE = CreateBridge(BridgeSpec("virbr1"), "ens32", backend=RUNTIME)
BOND = CreateBond(BondSpec("bond0", ("ens32", "ens36")), backend=RUNTIME)
BOND_BRIDGE = replace(BOND, bridge=BridgeSpec("virbr1"))
ALL_OF_IT = replace(BOND_BRIDGE, vlan=100)


def with_bridge() -> HostFacts:
    """The course's host once virbr1 is there, with the address."""
    facts = course_facts()
    ens32 = facts.links["ens32"]
    links = {
        **facts.links,
        "virbr1": LinkFact("virbr1", "bridge", ens32.mac, addresses=ens32.addresses,
                           info={"stp_state": 0, "forward_delay": 0}),
        "ens32": replace(ens32, addresses=(), master="virbr1"),
        "ens36": replace(facts.links["ens36"], master="virbr1"),
    }  # fmt: skip
    routes = tuple(replace(route, device="virbr1") for route in facts.routes)
    return replace(facts, links=links, routes=routes)


def with_bond(bridge: str = "") -> HostFacts:
    """The course's host once bond0 is there, below a bridge or with the address itself."""
    facts = course_facts()
    ens32 = facts.links["ens32"]
    addresses = ens32.addresses
    info = {"mode": "active-backup", "miimon": 100, "active_slave": "ens32"}
    bond = LinkFact("bond0", "bond", ens32.mac, master=bridge, info=info,
                    addresses=() if bridge else addresses)  # fmt: skip
    links = {
        **facts.links,
        "bond0": bond,
        "ens32": replace(ens32, addresses=(), master="bond0"),
        "ens36": replace(facts.links["ens36"], mac=ens32.mac, master="bond0"),
        "ens40": LinkFact("ens40", mac="00:0c:29:96:3a:d9"),
    }
    if bridge:
        links[bridge] = LinkFact(bridge, "bridge", ens32.mac, addresses=addresses)
    top = bridge or "bond0"
    routes = tuple(replace(route, device=top) for route in facts.routes)
    return replace(facts, links=links, routes=routes)


CASES: dict[str, tuple[Wish, HostFacts]] = {
    "bridge": (BRIDGE, course_facts()),
    "bridge without IPv6": (
        replace(BRIDGE, addressing=Addressing(ipv6=False)), course_facts()),
    "bridge with another address": (
        replace(BRIDGE, addressing=Addressing(
            AddressMode.STATIC, ("192.168.200.200/24",), ("192.168.200.2",))), course_facts()),
    "bond": (BOND, course_facts()),
    "bond below a bridge": (BOND_BRIDGE, course_facts()),
    "bond, VLAN, bridge": (ALL_OF_IT, course_facts()),
    "port added": (AddPort("virbr1", "ens40", RUNTIME), replace(
        with_bridge(), links={**with_bridge().links, "ens40": LinkFact("ens40")})),
    "port removed": (RemovePort("virbr1", "ens36", RUNTIME), with_bridge()),
    "member added": (AddMember("bond0", "ens40", RUNTIME), with_bond()),
    "member removed": (RemoveMember("bond0", "ens36", RUNTIME), with_bond()),
    "bridge removed": (DeleteBridge("virbr1", "ens32", RUNTIME), with_bridge()),
    "bond removed": (DeleteBond("bond0", "ens36", RUNTIME), with_bond()),
    "bond removed below a bridge": (DeleteBond("bond0", "ens36", RUNTIME), with_bond("virbr1")),
}  # fmt: skip


def lines_of(steps: "tuple[dict[str, object], ...]") -> list[tuple[str, bool]]:
    return [(line, step["force"]) for step in steps if step["do"] == "ip" for line in step["lines"]]  # type: ignore[misc, attr-defined]


@pytest.mark.parametrize("name", CASES)
@given(share=st.floats(0.0, 1.0))
def test_a_rollback_after_any_line_of_the_trial_puts_everything_back(
    name: str, share: float
) -> None:
    wish, facts = CASES[name]
    trial = lines_of(kernel.trial(wish, facts))  # type: ignore[arg-type]
    model = ModelKernel(facts)
    before = model.picture()
    for line, force in trial[: round(share * len(trial))]:
        model.run(line, force=force)
    for again in range(2):
        for line, force in lines_of(kernel.rollback(wish, facts)):  # type: ignore[arg-type]
            model.run(line, force=force)
        assert model.picture() == before, f"round {again}"


@pytest.mark.parametrize("name", CASES)
def test_a_trial_runs_through_and_leaves_the_host_with_an_address_and_a_way_out(name: str) -> None:
    wish, facts = CASES[name]
    model = ModelKernel(facts)
    for line, force in lines_of(kernel.trial(wish, facts)):  # type: ignore[arg-type]
        try:
            model.run(line, force=force)
        except RefusedError as error:
            raise AssertionError(f"{line}: {error}") from error
    addressed = [link for link in model.links.values() if link.addresses]
    assert len(addressed) == 1
    assert addressed[0].master == ""
    device = model.routes["default", "0"][0]
    assert model.links[device] is addressed[0]


def test_the_bridge_is_complete_before_the_session_moves_in_one_batch() -> None:
    make, up, move, *_rest = kernel.trial(BRIDGE, course_facts())
    assert make["lines"] == [
        "link add virbr1 address 00:0c:29:96:3a:c5 type bridge stp_state 0 forward_delay 0"
    ]
    assert up["lines"] == ["link set virbr1 up"]
    assert move["moves"]
    assert move["lines"] == [
        "link set ens32 up",
        "link set ens32 master virbr1",
        "address add 192.168.200.132/24 broadcast 192.168.200.255 dev virbr1",
        "route replace default via 192.168.200.2 dev virbr1 proto static",
        "route replace 10.8.0.0/16 via 192.168.200.9 dev virbr1 metric 50",
        "address del 192.168.200.132/24 dev ens32",
    ]


def test_the_idle_member_joins_first_and_is_proved() -> None:
    facts = replace(course_facts(), session=SESSION)
    steps = kernel.trial(BOND, facts)
    kinds = [step["do"] for step in steps]
    assert "link set ens36 master bond0" in steps[1]["lines"]
    assert not any("ens32" in line for step in steps[:2] for line in step["lines"])
    proof = next(step for step in steps if step["do"] == "arp")
    assert (proof["link"], proof["target"], proof["must"]) == ("bond0", "192.168.200.2", True)
    moved = next(number for number, step in enumerate(steps) if step.get("moves"))
    assert kinds.index("arp") < moved
    assert "link set ens32 master bond0" in steps[moved]["lines"]
    assert "miimon 100" in steps[0]["lines"][0]


def test_behind_a_vlan_the_gateway_is_asked_for_with_its_tag() -> None:
    facts = replace(course_facts(), session=SESSION)
    proof = next(step for step in kernel.trial(replace(BOND, vlan=7), facts) if step["do"] == "arp")
    assert proof["link"] == "bond0.7"


def test_a_leased_address_does_not_run_out_where_nobody_renews_it() -> None:
    facts = course_facts()
    nic = facts.links["ens32"]
    leased = tuple(replace(one, lifetimes=(1800, 1800)) for one in nic.addresses)
    facts = replace(facts, links={**facts.links, "ens32": replace(nic, addresses=leased)})
    forth = [line for line, _force in lines_of(kernel.trial(BRIDGE, facts))]  # type: ignore[arg-type]
    back = [line for line, _force in lines_of(kernel.rollback(BRIDGE, facts))]  # type: ignore[arg-type]
    assert any(line.startswith("address add 192.168.200.132/24") for line in forth)
    assert not any("valid_lft" in line for line in forth)
    said = [one.text for one in findings(BRIDGE, facts)]
    assert any("nobody renews the lease" in text for text in said)
    assert any("dev ens32" in line and "valid_lft 1800" in line for line in back)


def test_with_lacp_the_idle_member_must_hear_its_partner_before_anything_moves() -> None:
    facts = replace(course_facts(), session=SESSION)
    wish = replace(BOND, bond=replace(BOND.bond, mode="802.3ad"))
    steps = kernel.trial(wish, facts)
    heard = next(n for n, step in enumerate(steps) if step.get("what") == "lacp")
    moved = next(n for n, step in enumerate(steps) if step.get("moves"))
    assert (steps[heard]["link"], heard < moved) == ("ens36", True)
    probes = [probe.link for probe in make_plan(wish, facts).probes if probe.kind == "lacp"]
    assert probes == ["ens36", "ens32"]


def test_spanning_tree_comes_last_so_that_nothing_listens_in_silence() -> None:
    wish = replace(BRIDGE, bridge=BridgeSpec("virbr1", stp=True, delay=15))
    lines = [line for line, _force in lines_of(kernel.trial(wish, course_facts()))]  # type: ignore[arg-type]
    assert "stp_state 0" in lines[0]
    assert lines[-1] == "link set virbr1 type bridge stp_state 1 forward_delay 1500"
    assert make_plan(wish, course_facts()).expected_interruption_seconds >= 30


def blocked(wish: Wish, facts: HostFacts) -> str:
    found = [one.text for one in findings(wish, facts) if one.verdict is Verdict.BLOCKED]
    assert found, "nothing is in the way"
    with pytest.raises(PlanError) as error:
        make_plan(wish, facts)
    assert error.value.sentence == found[0]
    return found[0]


def bridge_called(name: str) -> Wish:
    return replace(BRIDGE, bridge=BridgeSpec(name))


def with_link(link: LinkFact) -> HostFacts:
    facts = course_facts()
    return replace(facts, links={**facts.links, link.name: link})


NIC = LinkFact("ens40", mac="00:0c:29:96:3a:d9")
REFUSALS: dict[str, tuple[Wish, HostFacts]] = {
    "too long": (bridge_called("a-very-long-name"), course_facts()),
    "called ens36 already": (bridge_called("ens36"), course_facts()),
    "letters, digits": (bridge_called("br 1"), course_facts()),
    "libvirt names": (bridge_called("vnet7"), course_facts()),
    "Docker uses": (bridge_called("docker0"), course_facts()),
    "no link called ens99": (replace(BRIDGE, uplink="ens99"), course_facts()),
    "in virbr1 already": (
        CreateBridge(BridgeSpec("br9"), "ens32", backend=RUNTIME), with_bridge()),
    "wireless": (replace(BRIDGE, uplink="wlan0"), with_link(LinkFact("wlan0", is_wireless=True))),
    "cannot be taken: it is loopback": (replace(BRIDGE, uplink="lo"), course_facts()),
    "busy with it": (
        replace(BRIDGE, uplink="ens36"),
        with_link(LinkFact("macvtap3", "macvtap", lower="ens36"))),
    "no driver bonding": (BOND, replace(course_facts(), drivers={"bridge": True})),
    "Choose the members": (replace(BOND, bond=BondSpec("bond0", ())), course_facts()),
    "never notices": (
        replace(BOND, bond=replace(BOND.bond, miimon=0)), course_facts()),
    "rewrites MACs": (
        replace(BOND_BRIDGE, bond=replace(BOND.bond, mode="balance-alb")), course_facts()),
    "1 to 4094": (replace(BOND, vlan=5000), course_facts()),
    "None of ens40 has a carrier": (
        replace(BOND, bond=BondSpec("bond0", ("ens32", "ens40"))),
        with_link(replace(NIC, has_carrier=False))),
    "multicast MAC": (
        replace(BRIDGE, bridge=BridgeSpec("virbr1", mac="01:00:5e:00:00:01")), course_facts()),
    "is no MAC": (replace(BRIDGE, bridge=BridgeSpec("virbr1", mac="zz")), course_facts()),
    "An MTU": (replace(BRIDGE, bridge=BridgeSpec("virbr1", mtu=9)), course_facts()),
    "nobody takes it over": (
        replace(BRIDGE, addressing=Addressing(AddressMode.NONE)),
        replace(course_facts(), session=SESSION)),
    "cut off: centos6.5": (
        DeleteBridge("virbr1", "ens32", RUNTIME),
        replace(with_bridge(), guests=(Guest("centos6.5", "vnet0", "virbr1"),))),
    "last member with a carrier": (
        RemoveMember("bond0", "ens36", RUNTIME),
        replace(with_bond(), links={
            **with_bond().links,
            "ens32": replace(with_bond().links["ens32"], has_carrier=False)})),
    "make a bridge or bond with it instead": (
        AddPort("virbr1", "ens40", RUNTIME),
        replace(with_bridge(), links={**with_bridge().links, "ens40": NIC},
                session=replace(SESSION, device="ens40"))),
    "root file system": (BRIDGE, replace(course_facts(), notes={"root-on-network": "nfs"})),
    "who gets what virbr1 has: ens32, ens36": (  # containers' ports are no way out
        DeleteBridge("virbr1", "", RUNTIME),
        replace(with_bridge(), links={
            name: replace(link, kind="veth") if link.master == "virbr1" else link
            for name, link in with_bridge().links.items()})),
    "who gets what bond0 has: -": (
        DeleteBond("bond0", "", RUNTIME),
        replace(with_bond(), links={
            name: replace(link, master="") if link.master == "bond0" else link
            for name, link in with_bond().links.items()})),
    "stands on bond0": (
        DeleteBond("bond0", "ens36", RUNTIME),
        replace(with_bond(), links={
            **with_bond().links, "bond0.7": LinkFact("bond0.7", "vlan", lower="bond0")})),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSALS)
def test_what_cannot_be_is_refused_with_the_reason(text: str) -> None:
    assert text in blocked(*REFUSALS[text])


def warned(wish: Wish, facts: HostFacts) -> str:
    return " ".join(one.text for one in findings(wish, facts) if one.verdict is Verdict.WARNING)


def test_what_is_worth_knowing_is_said() -> None:
    facts = replace(
        course_facts(),
        session=SESSION,
        notes={"firewall": 'iifname "ens32" tcp dport 22 accept', "br-netfilter": "drop"},
        owners={"ens32": Owner("netplan", "a file", "")},
    )
    said = warned(replace(BRIDGE, backend=BackendName.AUTO), facts)
    for text in ("and moves along", "Firewall rules name ens32", "br_netfilter",
                 "netplan manages ens32"):  # fmt: skip
        assert text in said, text
    plain = make_plan(replace(BRIDGE, backend=BackendName.AUTO), facts)
    assert plain.backend == "runtime"


def test_addresses_that_the_bond_does_not_take_over_are_named() -> None:
    facts = course_facts()
    ens36 = replace(facts.links["ens36"], addresses=(AddressFact("192.168.200.136/24", 4),))
    said = warned(BOND, with_link(ens36))
    assert "ens36 loses its address 192.168.200.136/24" in said


def test_the_window_is_never_too_short_for_the_interruption_and_a_login() -> None:
    assert window_of(0, 0.02) == 120
    assert window_of(10, 30) == 105
    assert window_of(300, 30) == 300


def test_two_plans_that_read_alike_have_one_fingerprint_whatever_a_lease_has_left() -> None:
    def leased(seconds: int, cidr: str = "192.168.200.132/24") -> Plan:
        address = AddressFact(cidr, 4, lifetimes=(seconds, seconds))
        link = replace(course_facts().links["ens32"], addresses=(address,))
        return make_plan(BRIDGE, with_link(link))

    assert fingerprint(leased(600)) == fingerprint(leased(599))
    assert fingerprint(leased(600)) != fingerprint(leased(600, "192.168.200.133/24"))


def test_a_plan_goes_through_json_unchanged() -> None:
    plan = make_plan(ALL_OF_IT, replace(course_facts(), session=SESSION), identifier="1")
    assert Plan.from_json(plan.to_json()).to_json() == plan.to_json()
    with pytest.raises(ValueError, match="not a plan"):
        Plan.from_json("{}")


@pytest.mark.parametrize("name", CASES)
def test_a_wish_goes_through_its_record_unchanged(name: str) -> None:
    wish, _facts = CASES[name]
    assert wish_of(wish_record(wish)) == wish


def test_each_wish_of_one_step_has_its_inverse() -> None:
    assert inverse(BRIDGE) == DeleteBridge("virbr1", "ens32", RUNTIME)
    assert inverse(BOND) == DeleteBond("bond0", "", RUNTIME)
    assert inverse(AddPort("b", "p")) == RemovePort("b", "p")
    assert inverse(RemoveMember("b", "m")) == AddMember("b", "m")
    assert inverse(ALL_OF_IT) is None


def test_probes_ask_what_worked_where_it_moves_to() -> None:
    facts = replace(course_facts(), session=SESSION, nameservers=("192.168.200.3",))
    probes = {(one.kind, one.link, one.target, one.link_after)
              for one in make_plan(BRIDGE, facts).probes}  # fmt: skip
    assert probes == {
        ("carrier", "ens32", "", ""),
        ("forwarding", "ens32", "", ""),
        ("gateway", "ens32", "192.168.200.2", "virbr1"),
        ("ping", "ens32", "192.168.200.2", "virbr1"),
        ("session", "ens32", "192.168.200.1", "virbr1"),
        ("dns", "", "192.168.200.3", ""),
    }


def test_ifupdown_changes_the_files_it_reads_wherever_they_are_and_no_others() -> None:
    stanza = "auto ens32\niface ens32 inet static\n    address 192.168.200.132/24\n"
    files = {
        "/etc/network/interfaces": "source /etc/cabling/*.net\n",
        "/etc/cabling/office.net": stanza,
        "/etc/network/interfaces.d/old": stanza,
    }
    facts = replace(course_facts(), files=files, hooks=frozenset({"bridge"}))
    plan = make_plan(replace(BRIDGE, backend=BackendName.IFUPDOWN), facts)
    assert [change.path for change in plan.files] == ["/etc/cabling/office.net"]


def test_the_preview_names_the_commands_and_the_script_undoes_them() -> None:
    plan = make_plan(BRIDGE, course_facts())
    assert "ip link set ens32 master virbr1" in command_lines(plan)
    script = rollback_script(plan)
    assert script.startswith("#!/bin/sh\n")
    assert "ip link delete virbr1" in script
