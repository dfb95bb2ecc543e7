"""`kvmnet-tui bridge` and `bond` that change the host: what they print, refuse and ask for."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import pytest

from kvmnet_tui.arguments import parse
from kvmnet_tui.change.facts import HostFacts, LinkFact, Owner
from kvmnet_tui.change.requests import ReadFacts, StartChange
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
from kvmnet_tui.commands import bond_change, bridge
from kvmnet_tui.commands.shop import Shop
from kvmnet_tui.model.state import HostState, SourceName
from kvmnet_tui.requests import Outcome, Request
from tests.support.model_kernel import course_facts
from tests.test_change_planner import SESSION, with_bond, with_bridge

BRIDGE = "bridge create virbr1 --uplink ens32"
BOND = "bond create bond0 --member ens32 --member ens36"


def _none(*_words: object) -> None:
    raise AssertionError("nobody needs a controller here")


@dataclass(frozen=True)
class StillShop(Shop):
    """Answers with the facts it is given, and remembers what was asked for."""

    make_controller: Callable[..., object] = _none  # type: ignore[assignment]
    facts: HostFacts = field(default_factory=course_facts)
    asked: list[Request] = field(default_factory=list)

    def ask(
        self,
        build: Callable[[HostState], Request],
        needs: Iterable[SourceName] = (),
        hears: Iterable[SourceName] = (),
    ) -> Outcome:
        """Do nothing but remember."""
        self.asked.append(build(HostState()))
        if isinstance(self.asked[-1], ReadFacts):
            return Outcome("", record=self.facts)
        return Outcome("On trial.", record="20261124-195200")

    @property
    def wish(self) -> Wish:
        """What was to be tried."""
        (request,) = (one for one in self.asked if isinstance(one, StartChange))
        return request.wish


def run(words: str, facts: HostFacts | None = None) -> tuple[int, StillShop]:
    said = parse(["--lang", "en", *words.split()]).said
    shop = StillShop(facts=facts or course_facts())
    command = bridge if words.startswith("bridge") else bond_change
    return command.run(said, shop), shop


def free_nic(facts: HostFacts) -> HostFacts:
    return replace(facts, links={**facts.links, "ens40": LinkFact("ens40")})


RUNTIME = BackendName.RUNTIME
WISHES: dict[str, tuple[Wish, HostFacts]] = {
    BRIDGE: (CreateBridge(BridgeSpec("virbr1"), "ens32"), course_facts()),
    f"{BRIDGE} --stp --delay 4 --mtu 1400 --mac 52:54:00:AA:00:01 --vlan-filtering --no-ipv6": (
        CreateBridge(
            BridgeSpec("virbr1", stp=True, delay=4, mac="52:54:00:aa:00:01", mtu=1400,
                       vlan_filtering=True),
            "ens32", Addressing(ipv6=False)), course_facts()),
    f"{BRIDGE} --stp": (
        CreateBridge(BridgeSpec("virbr1", stp=True, delay=15), "ens32"), course_facts()),
    f"{BRIDGE} --address dhcp --backend runtime": (
        CreateBridge(BridgeSpec("virbr1"), "ens32", Addressing(AddressMode.DHCP), RUNTIME),
        course_facts()),
    f"{BRIDGE} --address 10.0.0.2/24 --address fd00::2/64 --gateway 10.0.0.1 --dns 10.0.0.3": (
        CreateBridge(
            BridgeSpec("virbr1"), "ens32",
            Addressing(AddressMode.STATIC, ("10.0.0.2/24", "fd00::2/64"), ("10.0.0.1",),
                       ("10.0.0.3",))), course_facts()),
    "bridge delete virbr1 --heir ens36": (DeleteBridge("virbr1", "ens36"), with_bridge()),
    "bridge add-port virbr1 ens40": (AddPort("virbr1", "ens40"), free_nic(with_bridge())),
    "bridge remove-port virbr1 ens36": (RemovePort("virbr1", "ens36"), with_bridge()),
    f"{BOND} --mode 1": (CreateBond(BondSpec("bond0", ("ens32", "ens36"))), course_facts()),
    f"{BOND} --mode 4 --option lacp_rate=fast --updelay 200 --downdelay 100 --mtu 1400": (
        CreateBond(BondSpec("bond0", ("ens32", "ens36"), "802.3ad", 100, 200, 100,
                            options=(("lacp_rate", "fast"),), mtu=1400)), course_facts()),
    f"{BOND} --primary ens36 --option fail_over_mac=follow --vlan 7 --bridge virbr1 --stp": (
        CreateBond(BondSpec("bond0", ("ens32", "ens36"), primary="ens36",
                            options=(("fail_over_mac", "follow"),)),
                   7, BridgeSpec("virbr1", stp=True, delay=15)), course_facts()),
    f"{BOND} --miimon 0 --option arp_interval=200 --option arp_ip_target=192.168.200.2": (
        CreateBond(BondSpec("bond0", ("ens32", "ens36"), miimon=0, options=(
            ("arp_interval", "200"), ("arp_ip_target", "192.168.200.2")))), course_facts()),
    "bond delete bond0 --heir ens36": (DeleteBond("bond0", "ens36"), with_bond()),
    "bond add-member bond0 ens40": (AddMember("bond0", "ens40"), with_bond()),
    "bond remove-member bond0 ens36": (RemoveMember("bond0", "ens36"), with_bond()),
}  # fmt: skip


@pytest.mark.parametrize("words", WISHES)
def test_what_is_said_is_what_is_tried(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    wish, facts = WISHES[words]
    status, shop = run(f"{words} --yes", facts)
    told = capsys.readouterr()
    assert (status, shop.wish) == (0, wish), told.err
    assert "kvmnet-tui change confirm 20261124-195200" in told.out


@pytest.mark.parametrize("words", WISHES)
def test_a_dry_run_prints_the_plan_for_people_and_for_programs(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _wish, facts = WISHES[words]
    assert run(f"{words} --dry-run", facts)[0] == 0
    text = capsys.readouterr().out
    assert "Interruption: about" in text
    assert "# the trial\nip link" in text
    status, shop = run(f"{words} --dry-run --json", facts)
    told = capsys.readouterr()
    assert (status, told.err, shop.asked) == (0, "", [ReadFacts()])
    record = json.loads(told.out)
    assert record["title"] == text.partition("\n")[0]
    assert record["commands"][0] == "# the trial"
    assert {one["verdict"] for one in record["preflight"]} <= {"ok", "warning"}


REFUSED: dict[str, tuple[str, HostFacts]] = {
    f"{BRIDGE} --address 10.0.0.1": ("10.0.0.1 is no address with prefix", course_facts()),
    f"{BRIDGE} --address dhcp --address 10.0.0.1/24": ("dhcp is no address", course_facts()),
    f"{BRIDGE} --gateway 10.0.0.1": ("go with an address of your own", course_facts()),
    f"{BRIDGE} --address 10.0.0.2/24 --gateway 10.9.0.1": ("in none of the", course_facts()),
    f"{BRIDGE} --delay 4": ("--delay goes with --stp", course_facts()),
    f"{BRIDGE} --stp --delay 99": ("2 to 30 s", course_facts()),
    f"{BRIDGE} --mtu 1": ("An MTU is a number", course_facts()),
    f"{BRIDGE} --mac zz": ("zz is no MAC", course_facts()),
    f"{BRIDGE} --window 99999": ("at most 3600 s", course_facts()),
    f"{BRIDGE} --backend nm": ("NetworkManager configures nothing", course_facts()),
    f"{BRIDGE} --backend ifcfg": ("ifcfg configures nothing", course_facts()),
    f"{BRIDGE} --backend ifupdown": ("ifupdown configures nothing", course_facts()),
    "bridge create much-too-long-name --uplink ens32": ("too long", course_facts()),
    "bridge create virbr1 --uplink ens99": ("no link called ens99", course_facts()),
    "bridge delete ens32": ("ens32 is no bridge", course_facts()),
    "bridge delete virbr1 --heir ens99": ("ens99 is not in virbr1", with_bridge()),
    "bridge add-port virbr1 ens36": ("in virbr1 already", with_bridge()),
    "bridge remove-port virbr1 lo": ("lo is not in virbr1", with_bridge()),
    f"{BOND} --mode 9": ("There is no mode 9", course_facts()),
    f"{BOND} --stp": ("go with --bridge", course_facts()),
    f"{BOND} --option fast": ("fast is not NAME=VALUE", course_facts()),
    f"{BOND} --option colour=red": ("no option colour", course_facts()),
    f"{BOND} --primary ens40": ("primary must be a member", course_facts()),
    f"{BOND} --vlan 4095": ("1 to 4094", course_facts()),
    f"{BOND} --miimon 0": ("never notices a failure", course_facts()),
    f"{BOND} --bridge bond0": ("called bond0 already", course_facts()),
    f"{BOND} --mode 6 --bridge virbr1": ("rewrites MACs", course_facts()),
    "bond delete bond9": ("no link called bond9", with_bond()),
    "bond remove-member bond0 lo": ("lo is not in bond0", with_bond()),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_is_begun(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence, facts = REFUSED[words]
    for how in ("--yes", "--dry-run --json"):
        status, shop = run(f"{words} {how}", facts)
        told = capsys.readouterr()
        assert (status, told.out) == (2, "")
        assert any(
            sentence in line for line in told.err.splitlines() if line.startswith("kvmnet-tui: ")
        ), told.err
        assert not any(isinstance(one, StartChange) for one in shop.asked)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("bridge", "VERB"),
        ("bridge create", "NAME"),
        ("bridge create virbr1", "--uplink"),
        ("bridge fly virbr1", "fly"),
        ("bond create bond0", "--member"),
        (f"{BRIDGE} --window soon", "soon"),
        (f"{BRIDGE} --backend windows", "windows"),
    ],
)
def test_what_cannot_be_understood_is_told_in_one_line(
    words: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--lang", "en", *words.split()])
    told = capsys.readouterr()
    assert (ended.value.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert sentence in told.err


def test_everything_in_the_way_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    status, _shop = run(f"{BRIDGE} --mac zz --mtu 9 --yes")
    assert status == 2
    assert capsys.readouterr().err == (
        "kvmnet-tui: zz is no MAC.\n  An MTU is a number from 68 to 65535.\n"
    )


def test_where_nobody_can_be_asked_nothing_is_begun(capsys: pytest.CaptureFixture[str]) -> None:
    status, shop = run(BRIDGE)
    told = capsys.readouterr()
    assert (status, shop.asked) == (2, [ReadFacts()])
    assert "ip link set ens32 master virbr1" in told.out
    assert "say --yes" in told.err


def test_json_alone_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"{BRIDGE} --yes --json", replace(course_facts(), session=SESSION))[0] == 0
    assert json.loads(capsys.readouterr().out) == {
        "id": "20261124-195200", "title": "Bridge virbr1 on ens32", "window_seconds": 120.0,
    }  # fmt: skip


def test_the_window_and_who_keeps_it_are_the_users_choice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    owned = replace(course_facts(), owners={"ens32": Owner("netplan", "a file")})
    _status, shop = run(f"{BRIDGE} --yes --window 300", owned)
    assert [one.window for one in shop.asked if isinstance(one, StartChange)] == [300]
    assert "netplan manages ens32" in capsys.readouterr().err
