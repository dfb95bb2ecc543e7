"""libvirt's documents, read: networks of every mode, NICs of every type, and any text at all."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvmnet_tui.model.virt import DhcpRange, Nic
from kvmnet_tui.netxml import XmlProblem, parse_guest, parse_interface, parse_network

NAT = """<network connections='2'>
  <name>default</name>
  <uuid>5687d2e1-c14d-42bb-abe2-fcb4bfac2a12</uuid>
  <forward mode='nat'><nat><port start='1024' end='65535'/></nat></forward>
  <bridge name='virbr0' stp='on' delay='0'/>
  <domain name='lab.example' localOnly='yes'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.122.2' end='192.168.122.99'/></dhcp>
  </ip>
  <ip family='ipv6' address='fd00:1::1' prefix='64'>
    <dhcp><range start='fd00:1::100' end='fd00:1::1ff'/></dhcp>
  </ip>
</network>"""


def nic(body: str, kind: str) -> Nic:
    return parse_interface(f"<interface type='{kind}'>{body}</interface>")


def test_a_nat_network_is_read_in_full() -> None:
    found = parse_network(NAT)
    assert (found.name, found.bridge, found.forward_mode) == ("default", "virbr0", "nat")
    assert found.addresses == ("192.168.122.1/24", "fd00:1::1/64")
    assert found.dhcp_ranges == (
        DhcpRange("192.168.122.2", "192.168.122.99"),
        DhcpRange("fd00:1::100", "fd00:1::1ff"),
    )
    assert found.domain == "lab.example"
    assert found.serves_dhcp


@pytest.mark.parametrize(
    ("forward", "mode", "devices"),
    [
        ("", "isolated", ()),
        ("<forward/>", "nat", ()),
        ("<forward mode='route' dev='ens32'/>", "route", ("ens32",)),
        ("<forward mode='open'/>", "open", ()),
        (
            "<forward mode='passthrough'><interface dev='e1'/><interface dev='e2'/></forward>",
            "passthrough",
            ("e1", "e2"),
        ),
        ("<forward dev='e1' mode='nat'><interface dev='e1'/></forward>", "nat", ("e1",)),
        (
            "<forward mode='hostdev'><pf dev='e3'/><address type='pci' domain='0x0000'"
            " bus='0x3b' slot='0x02' function='0x1'/></forward>",
            "hostdev",
            ("e3", "0000:3b:02.1"),
        ),
    ],
)
def test_every_forward_mode_is_known_by_libvirts_word(
    forward: str, mode: str, devices: tuple[str, ...]
) -> None:
    found = parse_network(f"<network>{forward}</network>")
    assert (found.forward_mode, found.forward_devices) == (mode, devices)


@pytest.mark.parametrize(
    ("ip", "cidr"),
    [
        ("address='10.1.2.3'", "10.1.2.3/8"),
        ("address='172.16.0.1'", "172.16.0.1/16"),
        ("address='192.0.2.1'", "192.0.2.1/24"),
        ("address='fd00::1' family='ipv6'", "fd00::1/64"),
        ("address='192.0.2.1' prefix='28'", "192.0.2.1/28"),
        ("address='nonsense'", "nonsense"),
        ("address='192.0.2.1' netmask='nonsense'", "192.0.2.1"),
    ],
)
def test_an_address_without_prefix_gets_the_one_libvirt_gives_it(ip: str, cidr: str) -> None:
    assert parse_network(f"<network><ip {ip}/></network>").addresses == (cidr,)


@pytest.mark.parametrize(
    ("kind", "source", "says"),
    [
        ("network", "<source network='default' portid='x' bridge='virbr0'/>", "default"),
        ("bridge", "<source bridge='br0'/>", "br0"),
        ("bridge", "<source network='hostbr' portid='x' bridge='br0'/>", "hostbr"),
        ("direct", "<source dev='ens32' mode='bridge'/>", "ens32"),
        ("internal", "<source name='cable'/>", "cable"),
        ("vdpa", "<source dev='/dev/vhost-vdpa-0'/>", "/dev/vhost-vdpa-0"),
        ("vhostuser", "<source type='unix' path='/run/v.sock' mode='client'/>", "/run/v.sock"),
        ("vds", "<source switchid='12345678' portid='1'/>", "12345678"),
        ("mcast", "<source address='230.0.0.1' port='5558'/>", "230.0.0.1:5558"),
        ("server", "<source port='5558'/>", ":5558"),
        (
            "hostdev",
            "<source><address type='pci' domain='0x0001' bus='0x3b' slot='0x1f' function='0x7'/>"
            "</source>",
            "0001:3b:1f.7",
        ),
        ("hostdev", "<source><address type='pci' bus='nonsense'/></source>", ""),
        ("hostdev", "<source><address type='usb'/></source>", ""),
        ("user", "", ""),
        ("ethernet", "<source/>", ""),
    ],
)
def test_a_nics_source_is_what_it_is_plugged_into(kind: str, source: str, says: str) -> None:
    assert nic(source, kind).source == says


def test_a_nic_is_read_in_full() -> None:
    found = nic(
        "<mac address='52:54:00:12:34:56'/><source network='hostnet' dev='ens32' mode='vepa'"
        " portgroup='blue'/><target dev='macvtap0'/><model type='e1000'/><mtu size='9000'/>"
        "<vlan trunk='yes'><tag id='42'/><tag id='nonsense'/><tag id='47'/></vlan>"
        "<link state='down'/><alias name='net0'/>",
        "direct",
    )
    assert (found.mac, found.device, found.model) == ("52:54:00:12:34:56", "macvtap0", "e1000")
    assert (found.link, found.alias, found.portgroup) == ("down", "net0", "blue")
    assert (found.mtu, found.vlans) == (9000, (42, 47))
    assert (found.network, found.mode) == ("hostnet", "vepa")


def test_a_nics_own_document_stands_at_the_left_margin_and_keeps_what_nobody_here_knows() -> None:
    guest = parse_guest(
        "<domain><devices>\n    <interface type='user'>\n      <future x='1'/>\n"
        "    </interface>\n  </devices></domain>"
    )
    assert guest.nics[0].xml == ('<interface type="user">\n  <future x="1" />\n</interface>')


@pytest.mark.parametrize(
    ("target", "connected"),
    [
        ("name='org.qemu.guest_agent.0' state='connected'", True),
        ("name='org.qemu.guest_agent.0' state='disconnected'", False),
        ("name='org.qemu.guest_agent.0'", False),
        ("name='com.redhat.spice.0' state='connected'", False),
    ],
)
def test_only_a_connected_agents_channel_says_that_there_is_an_agent(
    target: str, connected: bool
) -> None:
    channel = f"<channel type='unix'><target type='virtio' {target}/></channel><channel/>"
    guest = parse_guest(f"<domain><devices>{channel}</devices></domain>")
    assert guest.agent_connected is connected


@pytest.mark.parametrize("parse", [parse_network, parse_guest, parse_interface])
@pytest.mark.parametrize("text", ["", "<", "<network", "\0", "\ud800", "<other/>", "& <a/>"])
def test_what_is_no_such_document_is_refused_in_one_sentence(parse, text: str) -> None:
    with pytest.raises(XmlProblem) as refused:
        parse(text)
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_a_document_nested_without_end_is_refused() -> None:
    deep = "<a>" * 5000 + "</a>" * 5000
    with pytest.raises(XmlProblem):
        parse_interface(f"<interface>{deep}</interface>")
    with pytest.raises(XmlProblem):
        parse_guest(f"<domain><devices><interface>{deep}</interface></devices></domain>")


NAMES = st.sampled_from(
    [
        "ip",
        "dhcp",
        "range",
        "forward",
        "interface",
        "pf",
        "address",
        "bridge",
        "mac",
        "source",
        "vlan",
    ]
)
KEYS = st.sampled_from(
    ["address", "prefix", "netmask", "type", "bus", "slot", "size", "id", "dev", "name", "mode"]
)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="<>&'\""), max_size=6)


@st.composite
def documents(draw: st.DrawFn, root: str) -> str:
    def element(name: str, depth: int) -> str:
        pairs = draw(st.dictionaries(KEYS, VALUES, max_size=3))
        attributes = "".join(f" {key}='{value}'" for key, value in pairs.items())
        names = draw(st.lists(NAMES, max_size=3 if depth else 0))
        inside = "".join(element(each, depth - 1) for each in names)
        return f"<{name}{attributes}>{inside}</{name}>"

    return element(root, 3)


def is_read_or_refused(parse: Callable[[str], object], text: str) -> bool:
    with suppress(XmlProblem):
        return parse(text) is not None
    return True


@given(st.text() | documents("network"))
def test_any_text_is_a_network_or_a_problem(text: str) -> None:
    assert is_read_or_refused(parse_network, text)


@given(st.text() | documents("domain") | documents("devices").map("<domain>{}</domain>".format))
def test_any_text_is_a_guest_or_a_problem(text: str) -> None:
    assert is_read_or_refused(parse_guest, text)


@given(st.text() | documents("interface"))
def test_any_text_is_a_nic_or_a_problem(text: str) -> None:
    assert is_read_or_refused(parse_interface, text)
