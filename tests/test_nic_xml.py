"""<interface> documents: built, edited without loss, and the virsh commands beside them."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvmnet_tui.model.nic_settings import (
    Bandwidth,
    NicSettings,
    NicSource,
    SourceKind,
    differences,
)
from kvmnet_tui.netxml import XmlProblem
from kvmnet_tui.netxml.interface_edit import (
    build_interface,
    edit_guest_nic,
    edit_interface,
    without_live_parts,
)
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.netxml.interface_virsh import (
    attach_command,
    bandwidth_command,
    detach_command,
    inexpressible,
)

NAT = NicSource(SourceKind.NETWORK, "default")
FULL = NicSettings(
    NicSource(SourceKind.NETWORK, "lan", portgroup="blue"),
    mac="52:54:00:12:34:56",
    model="virtio",
    link="down",
    mtu=9000,
    queues=4,
    boot_order=2,
    vlans=(42,),
    isolated=True,
    inbound=Bandwidth(1000, 2000, 512),
    outbound=Bandwidth(128),
    filter="clean-traffic",
    trusts_guest=True,
)
SOURCES = [
    NAT,
    NicSource(SourceKind.NETWORK, "lan", portgroup="blue"),
    NicSource(SourceKind.BRIDGE, "virbr1"),
    NicSource(SourceKind.DIRECT, "ens32", mode="passthrough"),
    NicSource(SourceKind.HOSTDEV, "0000:3b:02.1"),
    NicSource(SourceKind.OVS, "ovsbr0"),
    NicSource(SourceKind.USER),
]

# What nobody here understands: a coalesce block, tuning of the driver, a comment, a script.
LIVE = """<interface type="network">
  <!-- the accountant's -->
  <mac address="52:54:00:0c:8b:d2"/>
  <source network="default" portid="07b6f4f6" bridge="virbr0"/>
  <target dev="vnet0"/>
  <model type="virtio"/>
  <driver name="vhost" txmode="iothread" queues="2"><host csum="off"/></driver>
  <coalesce><rx><frames max="7"/></rx></coalesce>
  <rom enabled="no"/>
  <alias name="net0"/>
  <address type="pci" domain="0x0000" bus="0x00" slot="0x03" function="0x0"/>
</interface>"""


def settings() -> st.SearchStrategy[NicSettings]:
    numbers = st.integers(1, 9000)
    limits = st.none() | st.builds(Bandwidth, numbers, st.integers(0, 99), st.integers(0, 99))
    return st.builds(
        NicSettings,
        st.sampled_from(SOURCES),
        mac=st.sampled_from(["", "52:54:00:00:00:01"]),
        model=st.sampled_from(["", "virtio", "e1000e"]),
        link=st.sampled_from(["up", "down"]),
        mtu=st.none() | numbers,
        queues=st.none() | numbers,
        boot_order=st.none() | numbers,
        vlans=st.lists(st.integers(1, 4094), max_size=3, unique=True).map(tuple),
        isolated=st.booleans(),
        inbound=limits,
        outbound=limits,
        filter=st.sampled_from(["", "clean-traffic"]),
        trusts_guest=st.booleans(),
    )


@given(settings())
def test_what_is_built_reads_as_what_was_asked_for(wanted: NicSettings) -> None:
    assert parse_settings(build_interface(wanted)) == wanted


@given(settings(), settings())
def test_any_settings_can_be_edited_into_any_others(old: NicSettings, new: NicSettings) -> None:
    assert parse_settings(edit_interface(build_interface(old), new)) == new


def test_a_full_interface_is_written_as_libvirt_writes_it() -> None:
    assert build_interface(FULL).splitlines() == [
        '<interface type="network" trustGuestRxFilters="yes">',
        '  <mac address="52:54:00:12:34:56"/>',
        '  <source network="lan" portgroup="blue"/>',
        "  <vlan>",
        '    <tag id="42"/>',
        "  </vlan>",
        '  <mtu size="9000"/>',
        "  <bandwidth>",
        '    <inbound average="1000" peak="2000" burst="512"/>',
        '    <outbound average="128"/>',
        "  </bandwidth>",
        '  <port isolated="yes"/>',
        '  <model type="virtio"/>',
        '  <driver queues="4"/>',
        '  <filterref filter="clean-traffic"/>',
        '  <link state="down"/>',
        '  <boot order="2"/>',
        "</interface>",
    ]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.kind)
def test_an_edit_keeps_all_it_does_not_understand(source: NicSource) -> None:
    text = edit_interface(LIVE, replace(parse_settings(LIVE), source=source, queues=None))
    for kept in (
        "the accountant's",
        'frames max="7"',
        'host csum="off"',
        'txmode="iothread"',
        'rom enabled="no"',
        'alias name="net0"',
        'slot="0x03"',
        'target dev="vnet0"',
    ):
        assert kept in text
    assert "queues" not in text


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(SOURCES, 2)))
def test_another_plug_leaves_nothing_of_the_old_one(old: NicSource, new: NicSource) -> None:
    moved = edit_interface(build_interface(NicSettings(old)), NicSettings(new))
    assert moved == build_interface(NicSettings(new))


def test_moving_a_live_nic_drops_its_port_of_the_old_network() -> None:
    moved = replace(parse_settings(LIVE), source=NicSource(SourceKind.BRIDGE, "virbr1"))
    text = edit_interface(LIVE, moved)
    assert '<source bridge="virbr1"/>' in text
    assert "portid" not in text
    assert "default" not in text


def test_an_edit_of_nothing_is_the_very_same_text() -> None:
    odd = "<interface  type='network'><source network='default' /></interface>"
    assert edit_interface(odd, parse_settings(odd)) == odd


def test_a_live_document_loses_what_is_of_this_run_only() -> None:
    bridged = LIVE.replace('type="network"', 'type="bridge"')
    for text in (without_live_parts(LIVE), without_live_parts(bridged)):
        assert parse_settings(text).source == NAT
        for gone in ("vnet0", "alias", "portid", "virbr0"):
            assert gone not in text
        assert 'slot="0x03"' in text


def test_a_guests_document_takes_one_nic_and_keeps_the_rest() -> None:
    guest = (
        "<domain type='qemu'><name>g</name><!-- mine --><devices>\n  "
        "<interface type='user'/>\n  <interface type='user'><mac address='1'/></interface>\n"
        "</devices><qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'/>"
        "</domain>"
    )
    text = edit_guest_nic(guest, 1, "<interface type='bridge'><source bridge='b'/></interface>")
    assert text.count("<interface") == 2
    assert "<source bridge=" in text
    assert "<mac" not in text
    assert "<!-- mine -->" in text
    assert "qemu:commandline" in text


def test_what_is_no_interface_is_refused_in_a_sentence() -> None:
    for bad in ("<interface", "<domain/>", ""):
        with pytest.raises(XmlProblem):
            edit_interface(bad, FULL)
    with pytest.raises(XmlProblem):
        edit_guest_nic("<domain/>", 0, build_interface(FULL))


def test_the_difference_of_two_settings_is_named() -> None:
    assert differences(FULL, replace(FULL, mtu=1500, link="up")) == ("link", "mtu")


def test_virsh_attach_interface_says_what_it_can() -> None:
    wanted = NicSettings(NAT, "52:54:00:12:34:56", "virtio", inbound=Bandwidth(1000, 0, 512))
    assert attach_command("centos6.5", wanted, ("--live", "--config")) == (
        "virsh attach-interface centos6.5 network default --mac 52:54:00:12:34:56"
        " --model virtio --inbound 1000,0,512 --live --config"
    )
    direct = NicSettings(NicSource(SourceKind.DIRECT, "ens32", mode="bridge"))
    assert attach_command("my guest", direct, ()) == (
        "virsh attach-interface 'my guest' direct ens32 --source-mode bridge"
    )


def test_virsh_attach_device_takes_what_attach_interface_has_no_options_for() -> None:
    assert inexpressible(FULL) == (
        "source",
        "link",
        "mtu",
        "queues",
        "boot_order",
        "vlans",
        "isolated",
        "filter",
        "trusts_guest",
    )
    assert attach_command("g", FULL, ("--config",)) == "virsh attach-device g nic.xml --config"
    assert inexpressible(NicSettings(NicSource(SourceKind.OVS, "ovsbr0"))) == ("source",)


def test_limits_and_detaching_have_their_virsh_commands() -> None:
    assert bandwidth_command("g", "52:54:00:00:00:01", Bandwidth(100), None, ("--live",)) == (
        "virsh domiftune g 52:54:00:00:00:01 --inbound 100 --outbound 0 --live"
    )
    assert detach_command("g", "bridge", "52:54:00:00:00:01", ("--config",)) == (
        "virsh detach-interface g bridge --mac 52:54:00:00:00:01 --config"
    )
