"""The pre-flight: what is said of surroundings, addresses and options before anything is tried."""

from dataclasses import replace
from pathlib import Path

import pytest

from kvmnet_tui.change import surroundings
from kvmnet_tui.change.facts import (
    AddressFact,
    Disk,
    HostFacts,
    LinkFact,
    Owner,
    SessionFact,
)
from kvmnet_tui.change.findings import Finding, Verdict
from kvmnet_tui.change.planner import PlanError, make_plan
from kvmnet_tui.change.preflight import findings
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
    RemovePort,
    Wish,
)
from tests.support.model_kernel import course_facts
from tests.test_change_planner import (
    BOND,
    BOND_BRIDGE,
    BRIDGE,
    NIC,
    RUNTIME,
    SESSION,
    with_bond,
    with_bridge,
    with_link,
)

IFUPDOWN_HOST = replace(
    course_facts(),
    owners={"ens32": Owner("ifupdown", "ifstate")},
    hooks=frozenset({"bridge"}),
    files={"/etc/network/interfaces": "auto ens32\niface ens32 inet dhcp\n"},
)
LEASED = AddressFact("192.168.200.132/24", 4, lifetimes=(600, 600))


def said(wish: Wish, facts: HostFacts, verdict: Verdict) -> list[Finding]:
    return [one for one in findings(wish, facts) if one.verdict is verdict]


def static(*addresses: str, **others: object) -> Wish:
    addressing = Addressing(AddressMode.STATIC, addresses, **others)  # type: ignore[arg-type]
    return replace(BRIDGE, addressing=addressing)


def with_options(**options: str) -> Wish:
    return replace(BOND, bond=replace(BOND.bond, options=tuple(options.items())))


def with_bond_spec(**values: object) -> Wish:
    return replace(BOND, bond=replace(BOND.bond, **values))  # type: ignore[arg-type]


def noted(**notes: str) -> HostFacts:
    return replace(course_facts(), notes={name.replace("_", "-"): text
                                          for name, text in notes.items()})  # fmt: skip


def with_disk(path: str, disk: Disk) -> HostFacts:
    return replace(IFUPDOWN_HOST, disks={path: disk})


FULL, READ_ONLY = Disk(4096), Disk(1 << 30, is_read_only=True)
KEPT = replace(BRIDGE, backend=BackendName.AUTO)

BLOCKED: dict[str, tuple[Wish, HostFacts, str, str]] = {
    "no prefix": (static("10.0.0.1"), course_facts(), "addresses", "no address with prefix"),
    "too long a prefix": (static("10.0.0.1/40"), course_facts(), "addresses", "with prefix"),
    "no address at all": (static(), course_facts(), "addresses", "An address is missing"),
    "the subnet itself": (static("10.0.0.0/24"), course_facts(), "addresses", "no address of a"),
    "its broadcast": (static("10.0.0.255/24"), course_facts(), "addresses", "no address of a host"),
    "multicast": (static("224.0.0.5/24"), course_facts(), "addresses", "no address of a host"),
    "another link's": (
        static("192.168.200.132/24"), replace(with_link(NIC), links={
            **with_link(NIC).links,
            "ens40": replace(NIC, addresses=(AddressFact("192.168.200.132/24", 4),))}),
        "addresses", "ens40 has the address 192.168.200.132 already"),
    "the gateway's own": (
        static("192.168.200.2/24"), course_facts(), "addresses", "is another host's"),
    "the client's own": (
        static("192.168.200.1/24"), replace(course_facts(), session=SESSION), "addresses",
        "is another host's"),
    "a gateway that is none": (
        static("10.0.0.2/24", gateways=("x",)), course_facts(), "gateways", "x is no address"),
    "a gateway far away": (
        static("10.0.0.2/24", gateways=("10.9.0.1",)), course_facts(), "gateways", "in none of"),
    "itself as gateway": (
        static("10.0.0.2/24", gateways=("10.0.0.2",)), course_facts(), "gateways", "own address"),
    "two gateways": (
        static("10.0.0.2/24", gateways=("10.0.0.1", "10.0.0.3")), course_facts(), "gateways",
        "One gateway"),
    "a second way out": (
        replace(static("10.0.0.2/24", gateways=("10.0.0.1",)), uplink="ens36"), course_facts(),
        "gateways", "The default route goes over ens32"),
    "a name server by name": (
        static("10.0.0.2/24", dns=("dns",)), course_facts(), "dns", "dns is no address"),
    "IPv6 switched off and given": (
        static("fd00::2/64", ipv6=False), course_facts(), "ipv6", "switched off"),
    "IPv6 switched off under a session": (
        replace(BRIDGE, addressing=Addressing(ipv6=False)),
        replace(course_facts(), session=SessionFact("fd00::9", "fd00::2", "ens32")),
        "ipv6", "session uses IPv6"),
    "a delay the kernel refuses": (
        replace(BRIDGE, bridge=BridgeSpec("virbr1", stp=True, delay=1)), course_facts(), "delay",
        "2 to 30"),
    "no MAC at all": (
        replace(BRIDGE, bridge=BridgeSpec("virbr1", mac="00:00:00:00:00:00")), course_facts(),
        "mac", "is no MAC"),
    "another MAC in a cloud": (
        replace(BRIDGE, bridge=BridgeSpec("virbr1", mac="52:54:00:00:00:01")),
        noted(cloud="Amazon EC2"), "mac", "this host would be lost"),
    "a bridge in a bridge": (
        AddPort("virbr1", "br9", RUNTIME), replace(with_bridge(), links={
            **with_bridge().links, "br9": LinkFact("br9", "bridge")}), "uplink", "bridge itself"),
    "libvirt's own bridge": (
        DeleteBridge("virbr1", "ens32", RUNTIME),
        replace(with_bridge(), networks={"virbr1": "default"}), "name", "network default"),
    "bond and bridge of one name": (
        replace(BOND, bridge=BridgeSpec("bond0")), course_facts(), "bridge", "called bond0"),
    "a VLAN's name too long": (
        replace(BOND, vlan=4000, bond=replace(BOND.bond, name="a-long-bond")), course_facts(),
        "vlan", "too long"),
    "one member twice": (
        with_bond_spec(members=("ens32", "ens32")), course_facts(), "members", "only once"),
    "an unknown option": (
        with_options(colour="red"), course_facts(), "options", "no option colour"),
    "an option's wrong value": (
        with_options(primary_reselect="sometimes"), course_facts(), "options", "no value of"),
    "a line break in a value": (
        with_options(num_grat_arp="1\nlink delete ens36"), course_facts(), "options", "no value"),
    "an option of another mode": (
        with_options(lacp_rate="fast"), course_facts(), "options", "nothing in mode active-backup"),
    "ARP monitoring without targets": (
        with_options(arp_interval="100"), course_facts(), "options", "arp_ip_target"),
    "two monitors": (
        with_options(arp_interval="100", arp_ip_target="10.0.0.1"), course_facts(), "miimon",
        "Either miimon or arp_interval"),
    "no such mode": (with_bond_spec(mode="fast"), course_facts(), "mode", "no mode fast"),
    "a primary in a mode without": (
        with_bond_spec(mode="802.3ad", primary="ens32"), course_facts(), "primary", "no primary"),
    "a delay without miimon": (
        with_bond_spec(miimon=0, updelay=100), course_facts(), "updelay", "needs miimon"),
    "the session's only way out": (
        RemovePort("virbr1", "ens32", RUNTIME),
        replace(with_bridge(), session=replace(SESSION, device="virbr1"), links={
            name: link for name, link in with_bridge().links.items() if name != "ens36"}),
        "uplink", "last way out of virbr1. This SSH session comes over it"),
    "another change under way": (
        BRIDGE, replace(course_facts(), under_way="Bond bond0"), "", "change is under way (Bond"),
    "no room in /run": (KEPT, with_disk("/run", FULL), "", "/run is full: 4 kB are free"),
    "/etc read-only": (KEPT, with_disk("/etc", READ_ONLY), "", "/etc cannot be written to"),
}  # fmt: skip


@pytest.mark.parametrize("name", BLOCKED)
def test_what_cannot_work_is_in_the_way_beside_its_answer(name: str) -> None:
    wish, facts, about, text = BLOCKED[name]
    found = said(wish, facts, Verdict.BLOCKED)
    assert [one for one in found if one.about == about and text in one.text], found
    with pytest.raises(PlanError) as refused:
        make_plan(wish, facts)
    assert (refused.value.sentence, *refused.value.details) == tuple(one.text for one in found)


WARNED: dict[str, tuple[Wish, HostFacts]] = {
    "ens36 is in 10.0.0.0/24 too": (static("10.0.0.2/24"), replace(course_facts(), links={
        **course_facts().links,
        "ens36": LinkFact("ens36", addresses=(AddressFact("10.0.0.9/24", 4),))})),
    "Without a gateway": (static("10.0.0.2/24"), course_facts()),
    "this SSH session ends": (
        static("10.0.0.2/24"), replace(course_facts(), session=SESSION)),
    "ens32 has an MTU of 1500": (
        replace(BRIDGE, bridge=BridgeSpec("virbr1", mtu=9000)), course_facts()),
    "there is no IPv6": (replace(BRIDGE, bridge=BridgeSpec("virbr1", mtu=1000)), course_facts()),
    "of Amazon EC2, which drops MACs": (BRIDGE, noted(cloud="Amazon EC2")),
    "on VMware: guests on the bridge": (BOND_BRIDGE, noted(hypervisor="VMware")),
    "FORWARD policy drops": (BRIDGE, noted(br_netfilter="drop")),
    "comes over virbr1, which goes on": (
        RemovePort("virbr1", "ens36", RUNTIME),
        replace(with_bridge(), session=replace(SESSION, device="virbr1"))),
    "Firewall rules name ens32": (BRIDGE, noted(firewall="-A INPUT -i ens32 -j ACCEPT")),
    "in the firewall zone trusted: virbr1": (
        BRIDGE, replace(course_facts(), zones={"ens32": "trusted"})),
    "its frames do not reach the bridge": (
        BRIDGE, with_link(LinkFact("ens32.7", "vlan", lower="ens32"))),
    "fails with it: make it on the bond": (
        BOND, with_link(LinkFact("ens32.7", "vlan", lower="ens32"))),
    "client identifier ff56": (
        BRIDGE, replace(course_facts(), leases={"ens32": "ff56"})),
    "the active member's": (with_options(fail_over_mac="active"), course_facts()),
    "rounds delays down": (with_bond_spec(updelay=150), course_facts()),
    "/var/lib is full": (BRIDGE, with_disk("/var/lib", FULL)),
    "hears no LACP partner": (AddMember("bond0", "ens40", RUNTIME), replace(with_bond(), links={
        **with_bond().links,
        "bond0": replace(with_bond().links["bond0"], info={"mode": "802.3ad"})})),
    "in one LACP group": (DeleteBond("bond0", "ens36", RUNTIME), replace(with_bond(), links={
        **with_bond().links, "bond0": replace(with_bond().links["bond0"], info={
            "mode": "802.3ad", "ad_info": {"partner_mac": "00:1b:21:00:00:01"}})})),
}  # fmt: skip


@pytest.mark.parametrize("text", WARNED)
def test_what_is_worth_knowing_is_said_and_nothing_is_in_the_way(text: str) -> None:
    wish, facts = WARNED[text]
    assert said(wish, facts, Verdict.BLOCKED) == []
    assert [one for one in said(wish, facts, Verdict.WARNING) if text in one.text]


@pytest.mark.parametrize(
    ("wish", "facts"),
    [
        (static("10.0.0.2/24", gateways=("10.0.0.1",), dns=("10.0.0.1",)), course_facts()),
        (static("10.0.0.2/24", "fd00::2/64", gateways=("10.0.0.1", "fe80::1")), course_facts()),
        (static("10.0.0.2/31", gateways=("10.0.0.3",)), course_facts()),
        (with_options(primary_reselect="failure", num_grat_arp="3"), course_facts()),
        (with_bond_spec(miimon=0, options=(
            ("arp_interval", "200"), ("arp_ip_target", "10.0.0.1,10.0.0.2"))), course_facts()),
        (KEPT, replace(IFUPDOWN_HOST, disks={"/etc": Disk(1 << 30), "/run": Disk(1 << 30)})),
    ],
)  # fmt: skip
def test_what_is_well_formed_is_planned(wish: Wish, facts: HostFacts) -> None:
    assert make_plan(wish, facts).trial


def test_an_idle_nic_that_is_down_may_be_a_member_the_trial_brings_it_up() -> None:
    down = replace(NIC, is_up=False, has_carrier=False)
    wish = CreateBond(BondSpec("bond0", ("ens32", "ens40")), backend=RUNTIME)
    assert make_plan(wish, with_link(down)).trial


def test_a_session_that_ends_is_not_said_to_move_along() -> None:
    facts = replace(course_facts(), session=SESSION)
    ends = [one.text for one in findings(static("10.0.0.2/24"), facts)]
    assert not any("moves along" in text for text in ends)
    stays = [one.text for one in findings(static("192.168.200.132/25"), facts)]
    assert any("moves along" in text for text in stays)
    assert not any("this SSH session ends" in text for text in stays)


def test_only_changes_that_are_kept_need_room_in_etc() -> None:
    assert make_plan(BRIDGE, with_disk("/etc", READ_ONLY)).trial


@pytest.mark.parametrize("window", [-1, 3601])
def test_a_time_to_confirm_that_nobody_means_is_refused(window: float) -> None:
    with pytest.raises(PlanError, match="at most 3600 s"):
        make_plan(BRIDGE, course_facts(), window=window)


# What the reader finds of it.


def put(root: Path, path: str, text: str) -> None:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("files", "note"),
    [
        ({"sys_vendor": "Amazon EC2", "product_name": "t3.micro"}, ("cloud", "Amazon EC2")),
        ({"sys_vendor": "Google", "product_name": "Google Compute Engine"},
         ("cloud", "Google Cloud")),
        ({"sys_vendor": "Microsoft Corporation", "product_name": "Virtual Machine",
          "chassis_asset_tag": "7783-7084-3265-9085-8269-3286-77"}, ("cloud", "Azure")),
        ({"sys_vendor": "Microsoft Corporation", "product_name": "Virtual Machine"},
         ("hypervisor", "Hyper-V")),
        ({"sys_vendor": "OpenStack Foundation", "product_name": "OpenStack Nova"},
         ("cloud", "OpenStack")),
        ({"sys_vendor": "Alibaba Cloud", "product_name": "Alibaba Cloud ECS"},
         ("cloud", "Alibaba Cloud")),
        ({"sys_vendor": "Tencent Cloud", "product_name": "CVM"}, ("cloud", "Tencent Cloud")),
        ({"sys_vendor": "VMware, Inc.", "product_name": "VMware Virtual Platform"},
         ("hypervisor", "VMware")),
        ({"sys_vendor": "Dell Inc.", "product_name": "PowerEdge R640"}, None),
        ({"sys_vendor": "QEMU", "product_name": "Standard PC (Q35 + ICH9, 2009)"}, None),
    ],
)  # fmt: skip
def test_whose_machine_it_is_stands_in_the_firmwares_tables(
    tmp_path: Path, files: dict[str, str], note: tuple[str, str] | None
) -> None:
    for name, text in files.items():
        put(tmp_path, f"/sys/class/dmi/id/{name}", f"{text}\n")
    found = surroundings.notes(tmp_path)
    machine = {key: found[key] for key in ("cloud", "hypervisor") if key in found}
    assert machine == (dict([note]) if note else {})


@pytest.mark.parametrize(
    ("rules", "drops"),
    [
        ("chain FORWARD {\n type filter hook forward priority filter; policy drop;\n}", True),
        ("chain FORWARD {\n type filter hook forward priority filter; policy accept;\n}\n"
         "chain INPUT {\n type filter hook input priority filter; policy drop;\n}", False),
        ("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n", True),
        ("*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n", False),
        ("", False),
    ],
)  # fmt: skip
def test_only_a_policy_that_drops_what_is_forwarded_cuts_bridged_guests_off(
    rules: str, drops: bool
) -> None:
    assert surroundings.drops_forwarded(rules) is drops


def test_a_root_file_system_on_the_network_is_found(tmp_path: Path) -> None:
    put(tmp_path, "/proc/self/mounts", "10.0.0.9:/root / nfs4 rw 0 0\nproc /proc proc rw 0 0\n")
    assert surroundings.notes(tmp_path)["root-on-network"] == "10.0.0.9:/root (nfs4)"


@pytest.mark.parametrize(
    ("path", "text", "owner", "identity"),
    [
        ("/run/systemd/netif/leases/2", "CLIENTID=01000c29963ac5\n", "", "mac"),
        ("/run/systemd/netif/leases/2", "CLIENTID=ff5634\n", "", "ff5634"),
        ("/etc/ifcfg", 'DHCP_CLIENT_ID="host7"\n', "/etc/ifcfg", "host7"),
        ("/etc/dhcp/dhclient.conf", 'send dhcp-client-identifier "seven";\n', "", '"seven"'),
        ("/etc/dhcp/dhclient.conf", '#send dhcp-client-identifier "seven";\n', "", "mac"),
    ],
)
def test_by_what_a_dhcp_server_knows_the_link_stands_in_the_clients_files(
    tmp_path: Path, path: str, text: str, owner: str, identity: str
) -> None:
    put(tmp_path, path, text)
    links = {
        "ens32": LinkFact("ens32", mac="00:0c:29:96:3a:c5", addresses=(LEASED,)),
        "ens36": LinkFact("ens36", addresses=(AddressFact("10.0.0.2/24", 4),)),
    }
    owners = {"ens32": Owner("any", "", owner)}
    indexes = {2: "ens32", 3: "ens36"}
    found = surroundings.leases(tmp_path, links, owners, indexes)
    assert found == {"ens32": identity}
    by_another = {"ens32": Owner("NetworkManager", "", owner)}
    assert surroundings.leases(tmp_path, links, by_another, indexes) == {}


def test_zones_count_only_where_firewalld_runs(tmp_path: Path) -> None:
    put(tmp_path, "/etc/firewalld/zones/work.xml", '<zone><interface name="ens32"/></zone>')
    put(tmp_path, "/etc/firewalld/zones/broken.xml", "<zone><interface")
    assert surroundings.zones(tmp_path, "table inet firewalld {") == {"ens32": "work"}
    assert surroundings.zones(tmp_path, "table inet filter {") == {}


def test_create_bridge_takes_the_kernels_word_for_what_it_was_given() -> None:
    plan = make_plan(
        CreateBridge(
            BridgeSpec("virbr1", stp=True, delay=4, mtu=1400, vlan_filtering=True,
                       mac="52:54:00:00:00:01"),
            "ens32", backend=RUNTIME,
        ),
        course_facts(),
    )  # fmt: skip
    lines = "\n".join(line for step in plan.trial if step["do"] == "ip" for line in step["lines"])
    for words in ("vlan_filtering 1", "mtu 1400", "address 52:54:00:00:00:01",
                  "stp_state 1 forward_delay 400"):  # fmt: skip
        assert words in lines, words
