"""A <network> edited: what was not touched stays byte for byte; how a change takes effect."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvmnet_tui.forms.form import errors_of
from kvmnet_tui.forms.network_form import EditNetworkForm
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml import XmlProblem
from kvmnet_tui.netxml import network_lists as lists
from kvmnet_tui.netxml.listing import LineProblem, Listing
from kvmnet_tui.netxml.network_fields import EMPTY, MODES, VALUES, values_of, written
from kvmnet_tui.netxml.network_pins import Pin, PinProblem, pins_in, with_pin, without_pin
from kvmnet_tui.netxml.network_plan import differs, edit_plan, xml_diff
from kvmnet_tui.netxml.schema import FOLDER, schema_problem
from kvmnet_tui.netxml.syntax import make, parse
from kvmnet_tui.requests.networks import EditNetwork
from tests.support.pictures import picture

DATA = Path(__file__).parent / "data"
RICH = (DATA / "rich-network.xml").read_text(encoding="utf-8")
ALL_RICH = sorted(DATA.glob("rich-*.xml"))

# One change of every value; what the difference must consist of, and nothing else.
CHANGES: list[tuple[str, Any, tuple[str, ...]]] = [
    ("exit", "ens32", ("<forward",)),
    ("nat_ipv6", False, ("<nat",)),
    ("nat_ports", "1024-65535", ("<port start",)),
    ("nat_addresses", "192.0.2.1-192.0.2.2", ("<address",)),
    ("bridge", "virbr78", ("<bridge",)),
    ("zone", "", ("<bridge",)),
    ("stp", False, ("<bridge",)),
    ("delay", "2", ("<bridge",)),
    ("mtu", "", ("<mtu",)),
    ("domain", "poor.example", ("<domain",)),
    ("local_only", False, ("<domain",)),
    ("dns", False, ("<dns",)),
    ("forwarders", "192.0.2.53", ("<forwarder",)),
    ("dns_hosts", "192.168.77.9 nine", ("<hostname>neun",)),
    ("txt", "example other text", ("<txt",)),
    ("srv", "", ("<srv",)),
    ("inbound", "1000,5000", ("<inbound",)),
    ("outbound", "", ("<outbound",)),
    ("port_isolated", False, ("<port isolated",)),
    ("ipv4", "192.168.77.2/24", ("<ip",)),
    ("ipv6", "fd00:77::2/64", ("<ip",)),
    ("dhcp4", "192.168.77.100 - 192.168.77.198", ("<range",)),
    ("dhcp6", "fd00:77::100 - fd00:77::1fe", ("<range",)),
    ("routes", "10.78.0.0/16 via 192.168.77.8 metric 3", ("<route",)),
    ("portgroups", "blue default in=500 vlan=43\nred", ("<tag", "<vlan", "</vlan")),
]


def changed_lines(old: str, new: str) -> list[str]:
    lines = xml_diff(old, new).splitlines()[2:]
    return [line[1:].strip() for line in lines if line[0] in "+-"]


@pytest.mark.parametrize("file", ALL_RICH, ids=[file.stem for file in ALL_RICH])
def test_a_network_rich_in_everything_goes_through_every_form_byte_for_byte(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    values = values_of(text)
    assert str(parse(text, "network")) == text
    assert written(text, values) == text
    network = Network("u", values["name"], True, True, True, xml=text, persistent_xml=text)
    state = picture(networks=[network])
    form = EditNetworkForm(network)
    request = form.request(state, form.initial(state))
    assert isinstance(request, EditNetwork)
    assert request.xml == request.base == text
    assert not errors_of(form.findings(state, form.initial(state)))
    renamed = written(text, {"name": "other"})
    assert renamed == text.replace(f"<name>{network.name}<", "<name>other<")
    assert edit_plan(text, text).is_empty


@pytest.mark.parametrize(
    "pin",
    [Pin("10.1.0.60", "52:54:00:aa:00:60"), Pin("2001:db8:ca2:2::60", duid="00:03:00:01")],
)
def test_a_pin_touches_its_own_lines_and_leaves_nothing_behind(pin: Pin) -> None:
    text = (DATA / "rich-routed.xml").read_text(encoding="utf-8")
    pinned = with_pin(text, pin)
    assert pin in pins_in(pinned)
    lines = changed_lines(text, pinned)
    assert all(line.startswith(("<host", "<dhcp", "</dhcp")) for line in lines), lines
    assert edit_plan(text, without_pin(pinned, pin.address)).is_empty


@pytest.mark.parametrize("file", ["rich-pool", "rich-switch", "rich-passthrough"])
def test_where_no_address_is_given_nothing_is_pinned(file: str) -> None:
    text = (DATA / f"{file}.xml").read_text(encoding="utf-8")
    with pytest.raises(PinProblem, match="is in no subnet of network"):
        with_pin(text, Pin("10.1.0.60", "52:54:00:aa:00:60"))


@pytest.mark.skipif(not FOLDER.is_dir(), reason="libvirt's schemas are not installed")
@pytest.mark.parametrize("file", ALL_RICH, ids=[file.stem for file in ALL_RICH])
def test_the_rich_networks_are_what_libvirt_s_schema_allows(file: Path) -> None:
    assert schema_problem(file.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize(("name", "value", "touched"), CHANGES, ids=[c[0] for c in CHANGES])
def test_a_change_touches_its_own_lines_only(
    name: str, value: Any, touched: tuple[str, ...]
) -> None:
    new = written(RICH, {**values_of(RICH), name: value})
    assert values_of(new)[name] == value
    lines = changed_lines(RICH, new)
    assert lines
    assert all(line.startswith(touched) for line in lines), lines
    if FOLDER.is_dir():
        assert schema_problem(new) is None


def test_every_value_that_a_nat_network_has_is_among_the_changes() -> None:
    elsewhere = {"name", "mode", "devices", "pf", "functions", "managed", "vlan", "pins"}
    assert {name for name, _, _ in CHANGES} == VALUES.keys() - elsewhere


def test_a_pin_that_moves_keeps_what_its_line_does_not_say() -> None:
    pins = values_of(RICH)["pins"].replace("192.168.77.11", "192.168.77.21")
    new = written(RICH, {"pins": pins})
    assert changed_lines(RICH, new) == [
        "<host mac='52:54:00:aa:00:01' name='one' ip='192.168.77.11'>",
        "<host mac='52:54:00:aa:00:01' name='one' ip='192.168.77.21'>",
    ]
    assert new.count("<lease expiry='1' unit='hours'/>") == 1


def test_what_a_newer_libvirt_may_write_survives() -> None:
    odd = RICH.replace("<mtu ", "<future way='new'><deep/></future>\n  <mtu ")
    new = written(odd, {"mtu": "9000", "stp": False})
    assert "<future way='new'><deep/></future>" in new


@pytest.mark.parametrize("mode", MODES)
def test_a_network_can_go_from_nat_to_every_mode_and_is_valid_there(mode: str) -> None:
    values = {"mode": mode, "devices": ("ens32",), "pf": "ens32", "managed": True}
    new = written(RICH, values | ({} if mode in MODES[:4] else {"bridge": "br0"}))
    assert values_of(new)["mode"] == mode
    assert 'id="7"><!-- ours -->' in new
    if FOLDER.is_dir():
        assert schema_problem(new) is None


def test_the_first_elements_of_a_new_network_stand_as_libvirt_writes_them() -> None:
    values = {
        "name": "lab",
        "bridge": "virbr5",
        "ipv4": "10.0.0.1/24",
        "dhcp4": "10.0.0.2 - 10.0.0.9",
    }
    assert written(EMPTY, values) == (
        "<network>\n  <name>lab</name>\n  <bridge name='virbr5'/>\n"
        "  <ip address='10.0.0.1' netmask='255.255.255.0'>\n    <dhcp>\n"
        "      <range start='10.0.0.2' end='10.0.0.9'/>\n    </dhcp>\n  </ip>\n</network>\n"
    )


names = st.sampled_from(["a", "b:c", "d"])
texts = st.text(st.sampled_from(" \n<>&'\"x€"), max_size=6)
elements = st.recursive(
    st.builds(lambda n, v: make(n, {"k": v} if v else {}), names, texts),
    lambda inner: st.builds(lambda n, cs: make(n, {}, cs), names, st.lists(inner, max_size=3)),
    max_leaves=8,
)


@given(elements)
def test_what_is_made_is_read_as_it_was_made(element: Any) -> None:
    text = f"<network xmlns:b='u'>{element}<!-- x --></network>"
    assert str(parse(text, "network")) == text
    first = next(parse(text, "network").root.elements)
    assert (first.tag, first.attributes) == (element.tag, element.attributes)


@pytest.mark.parametrize(
    ("text", "line"),
    [("<network>\n<name>x\n</network>", 3), ("", 1), ("<network>\n&bad;</network>", 2)],
)
def test_malformed_xml_is_told_with_its_line(text: str, line: int) -> None:
    with pytest.raises(XmlProblem) as caught:
        parse(text, "network")
    assert caught.value.line == line


def test_another_document_and_a_doctype_are_refused() -> None:
    with pytest.raises(XmlProblem, match="describes <domain>"):
        parse("<domain/>", "network")
    with pytest.raises(XmlProblem, match="document type"):
        parse("<!DOCTYPE network [<!ENTITY a 'b'>]><network>&a;</network>", "network")


@pytest.mark.skipif(not FOLDER.is_dir(), reason="libvirt's schemas are not installed")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("stp='on'", "stp='maybe'", "stp='maybe' in <bridge>"),
        ("<mtu ", "<mtoo ", "this <mtoo> in <network>"),
        ("protocol='tcp'", "protocol='x'", "this <srv> in <dns>"),
        ("192.168.77.199", "300.1.1.1", "this <range> in <dhcp>"),
        ("<port isolated='yes'/>", "<port isolated='yes' x='1'/>", "x='1' in <port>"),
    ],
)
def test_what_the_schema_does_not_allow_is_told_with_its_line(
    old: str, new: str, told: str
) -> None:
    problem = schema_problem(RICH.replace(old, new, 1))
    assert problem is not None
    assert told in str(problem)
    assert old in RICH.splitlines()[problem.line - 1]


def test_without_the_schema_only_the_syntax_is_checked(tmp_path: Path) -> None:
    assert schema_problem("<network><nonsense/></network>", folder=tmp_path) is None
    assert schema_problem("<network>", folder=tmp_path) is not None


@pytest.mark.parametrize(
    ("change", "updates", "redefined"),
    [
        ({"pins": "52:54:00:aa:00:02 192.168.77.13 two"},
         ["delete ip-dhcp-host", "delete ip-dhcp-host", "modify ip-dhcp-host"], ()),
        ({"dhcp4": "192.168.77.50 - 192.168.77.60"},
         ["delete ip-dhcp-range", "add ip-dhcp-range"], ()),
        ({"dns_hosts": "192.168.77.9 nine"}, ["delete dns-host", "add dns-host"], ()),
        ({"txt": ""}, ["delete dns-txt"], ()),
        ({"srv": "sip udp"}, ["delete dns-srv", "add dns-srv"], ()),
        ({"portgroups": "blue in=9\nred\ngreen"}, ["modify portgroup", "add portgroup"], ()),
        ({"exit": "ens32"}, ["add forward-interface"], ()),
        ({"domain": "x.example"}, [], ("domain",)),
        ({"stp": False, "mtu": "1400"}, [], ("bridge", "mtu")),
        ({"ipv4": "192.168.70.1/24"}, [], ("ip",)),
        ({"mode": "route", "nat_ports": "", "nat_ipv6": False}, [], ("forward",)),
        ({"forwarders": "", "txt": "a b"}, ["delete dns-txt", "add dns-txt"], ("dns",)),
    ],
)  # fmt: skip
def test_what_libvirt_takes_live_is_updated_and_the_rest_redefined(
    change: dict[str, Any], updates: list[str], redefined: tuple[str, ...]
) -> None:
    plan = edit_plan(RICH, written(RICH, change))
    assert [f"{one.command} {one.section}" for one in plan.updates] == updates
    assert plan.redefined == redefined
    assert all(one.inverse.inverse == one for one in plan.updates)


def test_updates_of_the_second_subnet_say_which_it_is() -> None:
    (update,) = edit_plan(RICH, written(RICH, {"dhcp6": ""})).updates
    assert update.parent == 1


def test_counts_and_defaults_that_libvirt_adds_are_no_difference() -> None:
    stored = "<network><name>a</name><forward mode='nat'/></network>"
    running = (
        "<network connections='3'><name>a</name><forward mode='nat'><nat>"
        "<port start='1024' end='65535'/></nat></forward></network>"
    )
    assert not differs(running, stored)
    assert differs(running.replace("1024", "2000"), stored)


@pytest.mark.parametrize(
    ("listing", "line", "told"),
    [
        (lists.PINS, "52:54:00:aa:00:01 centos", "lacks an address"),
        (lists.PINS, "192.168.1.2", "lacks a MAC"),
        (lists.PINS, "52:54:00:aa:00:01 192.168.1.2 192.168.1.3", "one too many"),
        (lists.PINS, "52:54:00:aa:00:01 192.168.1.2 b_d", "neither a MAC"),
        (lists.DNS_HOSTS, "192.168.1 x", "no IP address"),
        (lists.DNS_HOSTS, "192.168.1.1", "lacks a host name"),
        (lists.TXT_RECORDS, "name", "lacks the record's text"),
        (lists.SRV_RECORDS, "ldap", "lacks the protocol"),
        (lists.SRV_RECORDS, "ldap tcp port=99999", "up to 65535"),
        (lists.SRV_RECORDS, "ldap tcp prot=1", "what may follow"),
        (lists.FORWARDERS, "a..b!", "no name for the DNS"),
        (lists.ROUTES, "10.0.0.0/8", "via ADDRESS"),
        (lists.ROUTES, "10.0.0.1/8 via 10.0.0.2", "no subnet"),
        (lists.PORTGROUPS, "blue vlan=4096", "from 1 to 4094"),
        (lists.PORTGROUPS, "blue in=fast", "bandwidth is"),
        (lists.PORTGROUPS, "blue red", "what may follow"),
    ],
)
def test_a_line_that_cannot_be_used_says_why(listing: Listing, line: str, told: str) -> None:
    with pytest.raises(LineProblem, match=told):
        listing.parse(line)
