"""The wizards about guests' NICs, without a screen."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from kvmnet_tui.forms.form import Form, Values, errors_of
from kvmnet_tui.forms.nic_answers import answers, asked_settings, full_address, settings_of
from kvmnet_tui.forms.nics import AddNicForm, ChangeNicForm
from kvmnet_tui.model.macs import MacHolder, mac_conflict, normal_mac, propose_mac
from kvmnet_tui.model.nic_settings import Bandwidth, NicSettings, NicSource, SourceKind
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Nic
from kvmnet_tui.netxml.interface_edit import build_interface
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.present.listing import section_lines
from kvmnet_tui.requests.nics import AddNic, ChangeNic, NicChoices, NicName, When
from tests.support.pictures import (
    CENTOS,
    CENTOS_2_MAC,
    CENTOS_MAC,
    DEFAULT,
    ENS32_MAC,
    ENS36_MAC,
    ERP,
    VIRBR1,
    course_guests,
    course_host,
    course_links,
    course_networks,
    link,
    picture,
)
from tests.support.surroundings import surroundings
from tests.test_nic_xml import settings

CHOICES = NicChoices(
    models=("virtio", "e1000e", "rtl8139"),
    is_asked=True,
    filters=("clean-traffic",),
    forwarding=(("52:54:00:fd:b0:01", "virbr1", "bond0"),),
)
FREE = "52:54:00:12:34:56"


@pytest.fixture(autouse=True)
def fixed_surroundings() -> Iterator[None]:
    with surroundings():
        yield


def adding(guest: str = CENTOS, *, was_running: bool = True) -> AddNicForm:
    return AddNicForm(guest, "centos6.5", CHOICES, was_running)


def filled(form: Form, state: HostState, **given: Any) -> Values:
    return {**form.initial(state), **given}


def errors(form: Form, state: HostState, **given: Any) -> dict[str, str]:
    found = errors_of(form.findings(state, filled(form, state, **given)))
    return {one.field: one.text for one in found}


def remarks(form: Form, state: HostState, **given: Any) -> list[str]:
    return [one.text for one in form.findings(state, filled(form, state, **given))]


def asked(form: Form, state: HostState, **given: Any) -> list[list[str]]:
    steps = form.steps(state, filled(form, state, **given))
    return [[field.name for field in step.fields] for step in steps]


def live_xml(**changed: Any) -> str:
    return build_interface(replace(CURRENT, **changed))


CURRENT = NicSettings(NicSource(SourceKind.NETWORK, "default"), CENTOS_MAC, "virtio")


def host_with_xml(stored: str | None = None, live: str | None = None) -> HostState:
    """The course's first guest, with its documents."""
    xml = live or live_xml()
    nic = Nic(CENTOS_MAC, "network", "default", "virtio", "vnet0", xml=xml, slot="0000:00:03.0")
    later = replace(nic, device="", xml=stored or xml)
    guest = replace(course_guests()[0], nics=(nic,), stored_nics=(later,))
    return picture(course_links(), course_networks(), (guest, *course_guests()[1:]))


def changing(*, only_source: bool = False) -> ChangeNicForm:
    name = NicName(CENTOS, "centos6.5", CENTOS_MAC, "0000:00:03.0")
    return ChangeNicForm(name, CHOICES, True, only_source)


# Adding.


def test_the_proposal_is_complete_and_right() -> None:
    form, state = adding(), course_host()
    assert errors(form, state) == {}
    request = form.request(state, filled(form, state, mac=FREE))
    assert request == AddNic(
        CENTOS,
        "centos6.5",
        build_interface(NicSettings(NicSource(SourceKind.NETWORK, "default"), FREE, "virtio")),
        When.BOTH,
    )


def test_every_field_of_every_kind_has_a_proposal() -> None:
    form, state = adding(), course_host()
    for kind in ("network", "bridge", "direct", "hostdev", "ovs", "user"):
        for names in asked(form, state, kind=kind):
            assert all(name in form.initial(state) for name in names)


def test_only_what_the_kind_of_source_has_a_use_for_is_asked() -> None:
    form, state = adding(), course_host()
    assert asked(form, state, kind="user") == [
        ["kind"],
        ["model", "mac", "link", "boot_order"],
        ["when"],
    ]
    assert asked(form, state, kind="hostdev")[:2] == [["kind", "function"], ["mac", "boot_order"]]
    assert "queues" in asked(form, state, model="virtio")[1]
    assert "queues" not in asked(form, state, model="rtl8139")[1]
    assert "isolated" in asked(form, state, kind="bridge")[2]
    assert "isolated" not in asked(form, state, kind="direct")[2]


def test_a_guest_that_is_shut_off_is_not_asked_when() -> None:
    form = AddNicForm(ERP, "erp", CHOICES, False)
    state = course_host()
    assert ["when"] not in asked(form, state)
    assert form.request(state, form.initial(state)).when is When.NEXT_START


def test_a_network_with_port_groups_offers_them_and_another_one_forgets_the_choice() -> None:
    default, *others = course_networks()
    xml = default.xml.replace("<ip ", "<portgroup name='blue'/><ip ")
    state = picture(course_links(), (replace(default, xml=xml), *others), course_guests())
    form = adding()
    assert asked(form, state)[0] == ["kind", "network", "portgroup"]
    chosen = filled(form, state, portgroup="blue", mac=FREE)
    assert 'portgroup="blue"' in form.request(state, chosen).xml
    assert form.changed(state, {**chosen, "network": "isolated"}, "network")["portgroup"] == ""


@pytest.mark.parametrize(
    ("mac", "sentence"),
    [
        ("52:54:00:12:34", "A MAC is six pairs of hexadecimal digits"),
        ("01:00:5e:00:00:01", "This MAC is a group's"),
        ("00:00:00:00:00:00", "all zeros"),
        (CENTOS_2_MAC.upper(), "Guest centos6.5-2 has a NIC with the MAC"),
        (ENS32_MAC, "The host's own link ens32 has the MAC"),
        (ENS36_MAC, "The host's own link ens36 has the MAC"),
        ("52:54:00:aa:00:77", "holds the lease of 192.168.122.77 in network default"),
        ("00:50:56:c0:00:08", "The bridge virbr1 sees the MAC 00:50:56:c0:00:08 at its port bond0"),
        ("52-54-00-fd-b0-01", "The bridge virbr1 sees the MAC 52:54:00:fd:b0:01"),
    ],
)
def test_a_mac_that_cannot_be_or_that_somebody_has_is_refused(mac: str, sentence: str) -> None:
    assert sentence in errors(adding(), course_host(), mac=mac)["mac"]


def test_the_mac_of_a_nic_that_comes_at_a_next_start_is_taken_too() -> None:
    guest = replace(course_guests()[0], stored_nics=(Nic(FREE, "network", "default"),))
    state = picture(course_links(), course_networks(), (guest,))
    conflict = mac_conflict(state, FREE)
    assert conflict is not None
    assert conflict.holder is MacHolder.NEXT_START


def test_the_proposed_mac_is_of_qemus_range_and_nobodys() -> None:
    state = course_host()
    turns = iter([b"\xaa\x00\x02", b"\xaa\x00\x77", b"\x00\x00\x01"])
    assert propose_mac(state, lambda _count: next(turns)) == "52:54:00:00:00:01"
    assert normal_mac(" 5254.00AB.cdef ") == "52:54:00:ab:cd:ef"


@pytest.mark.parametrize(
    ("field", "bad", "good"),
    [
        ("mtu", "67", "1500"),
        ("mtu", "jumbo", ""),
        ("queues", "0", "4"),
        ("boot_order", "-1", "1"),
        ("vlans", "4095", "42"),
        ("vlans", "1;2", "1, 2"),
        ("inbound", "fast", "1000"),
        ("inbound", "1000,500", "1000,2000,512"),
        ("outbound", "0", "1"),
        ("outbound", "1,2,3,4", ""),
    ],
)
def test_numbers_are_checked_where_they_are_typed(field: str, bad: str, good: str) -> None:
    form, state = adding(), course_host()
    assert field in errors(form, state, **{field: bad})
    assert field not in errors(form, state, **{field: good})
    assert form.preview(state, filled(form, state, **{field: bad})) == ()


def test_a_network_that_stopped_or_vanished_while_the_wizard_is_open_is_told() -> None:
    form, state = adding(), course_host()
    answers_so_far = form.initial(state)
    stopped = {DEFAULT: replace(state.networks[DEFAULT], active=False)}
    networks = {**state.networks, **stopped}
    later = picture(state.links.values(), networks.values(), state.guests.values())
    (error,) = errors_of(form.findings(later, answers_so_far))
    assert error.text.startswith("Network default is not active: start it first")
    waiting = {**answers_so_far, "when": "next-start"}
    assert errors_of(form.findings(later, waiting)) == ()
    gone = picture(state.links.values(), (), state.guests.values())
    (error,) = errors_of(form.findings(gone, answers_so_far))
    assert error.text == "There is no network default any more."


def test_a_guest_shut_off_while_the_wizard_is_open_gets_the_nic_at_its_next_start() -> None:
    form, state = adding(), course_host()
    answers_so_far = filled(form, state, mac=FREE)
    off = replace(state.guests[CENTOS], state="shut off", id=None)
    later = picture(
        state.links.values(), state.networks.values(), ({**state.guests, CENTOS: off}).values()
    )
    told = [one.text for one in form.findings(later, answers_so_far)]
    assert told[0].startswith("centos6.5 was shut off meanwhile")
    assert form.request(later, answers_so_far).when is When.NEXT_START
    assert ["when"] not in [
        [field.name for field in step.fields] for step in form.steps(later, answers_so_far)
    ]
    gone = picture(state.links.values(), state.networks.values(), ())
    (error,) = errors_of(form.findings(gone, answers_so_far))
    assert error.text == "Guest centos6.5 is no longer there."


def test_a_bridge_that_is_gone_or_down_is_told() -> None:
    form, state = adding(), course_host()
    assert errors(form, state, kind="bridge", bridge="virbr9") == {
        "bridge": "There is no bridge virbr9."
    }
    down = {**state.links, VIRBR1: replace(state.links[VIRBR1], flags=0)}
    later = replace(state, links=down)
    assert "virbr1 is down: nothing passes." in remarks(form, later, kind="bridge", bridge="virbr1")


def test_a_macvtap_says_that_host_and_guest_do_not_meet_and_needs_a_free_link() -> None:
    form = adding()
    free = link(50, "ens40")
    state = picture((*course_links(), free), course_networks(), course_guests())
    told = remarks(form, state, kind="direct", device="ens40")
    assert "Guest and host do not reach each other over a macvtap; others on the wire do." in told
    assert errors(form, state, kind="direct", device="bond0") == {
        "device": "bond0 belongs to virbr1: no macvtap can stand on it."
    }
    steps = form.steps(state, filled(form, state, kind="direct"))
    devices = {one.value: one.why_not for one in steps[0].fields[1].options}
    assert devices == {
        "ens32": "it belongs to bond0",
        "ens36": "it belongs to bond0",
        "bond0": "it belongs to virbr1",
        "ens40": "",
    }


def test_an_mtu_larger_than_the_way_out_carries_is_told() -> None:
    told = remarks(adding(), course_host(), kind="bridge", bridge="virbr1", mtu="9000")
    assert "virbr1 carries 1500 bytes only: larger packets are lost there." in told


def test_a_vlan_on_a_linux_bridge_is_told_to_be_new() -> None:
    told = remarks(adding(), course_host(), kind="bridge", bridge="virbr1", vlans="42")
    assert "On a Linux bridge libvirt before 11.0 refuses VLAN tags." in told


def test_a_place_in_the_boot_order_is_given_once() -> None:
    state = host_with_xml(live=live_xml(boot_order=1))
    assert "boot_order" in errors(adding(), state, boot_order="1")
    assert "boot_order" not in errors(adding(), state, boot_order="2")


def test_a_virtual_function_is_chosen_from_the_list_or_typed() -> None:
    state = course_host()
    typed = adding()
    assert "function" in errors(typed, state, kind="hostdev", function="eth0")
    values = filled(typed, state, kind="hostdev", function="3B:02.1", mac=FREE)
    assert parse_settings(typed.request(state, values).xml).source.name == "0000:3b:02.1"
    listed = replace(typed, choices=replace(CHOICES, functions=(("0000:3b:02.1", "X540 VF"),)))
    (step, *_) = listed.steps(state, filled(listed, state, kind="hostdev"))
    assert step.fields[1].options[0].hint == "X540 VF"


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("3b:02.1", "0000:3b:02.1"),
        ("1:3B:02.1", "0001:3b:02.1"),
        ("0000:3b:02.1", "0000:3b:02.1"),
        ("eth0", "eth0"),
    ],
)
def test_a_pci_address_gets_its_domain(text: str, full: str) -> None:
    assert full_address(text) == full


def test_the_preview_is_the_xml_and_the_virsh_command_that_does_the_same() -> None:
    form, state = adding(), course_host()
    shown = "\n".join(section_lines(form.preview(state, filled(form, state, mac=FREE))))
    assert '<source network="default"/>' in shown
    assert (
        f"virsh attach-interface centos6.5 network default --mac {FREE} --model virtio"
        " --live --config"
    ) in shown
    more = "\n".join(section_lines(form.preview(state, filled(form, state, mac=FREE, mtu="1400"))))
    assert "virsh attach-device centos6.5 nic.xml --live --config" in more
    assert "virsh attach-interface has no option for: MTU." in more


def in_range(wanted: NicSettings) -> NicSettings:
    def limit(one: Bandwidth | None) -> Bandwidth | None:
        return one and replace(one, peak=one.peak and one.average + one.peak)

    return replace(
        wanted,
        mtu=wanted.mtu and max(68, wanted.mtu),
        queues=wanted.queues and min(256, wanted.queues),
        boot_order=wanted.boot_order and min(1000, wanted.boot_order),
        inbound=limit(wanted.inbound),
        outbound=limit(wanted.outbound),
    )


@given(settings().map(in_range))
def test_settings_become_answers_and_the_same_settings_again(wanted: NicSettings) -> None:
    names = asked_settings(wanted.source.kind, wanted.model)
    back = settings_of(answers(wanted), NicSettings(NicSource(SourceKind.USER)))
    for name in names:
        assert getattr(back, name) == getattr(wanted, name)
    assert back.source == wanted.source


# Changing.


def test_an_untouched_form_changes_nothing_and_says_so() -> None:
    form, state = changing(), host_with_xml()
    assert form.request(state, form.initial(state)).settings == ()
    assert form.preview(state, form.initial(state))[0].title == "Nothing changes yet."


def test_only_what_was_answered_otherwise_is_changed() -> None:
    form, state = changing(), host_with_xml()
    request = form.request(state, filled(form, state, inbound="1000", model="e1000e"))
    assert isinstance(request, ChangeNic)
    assert dict(request.settings) == {"model": "e1000e", "inbound": Bandwidth(1000)}


def test_what_is_live_and_what_comes_at_the_next_start_stand_side_by_side() -> None:
    form, state = changing(), host_with_xml()
    values = filled(form, state, kind="bridge", bridge="virbr1", model="e1000e")
    sections = {one.title: one for one in form.preview(state, values)}
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in sections["What changes"].rows}
    assert rows == {
        "Source": ["network default -> bridge virbr1"] * 2,
        "Model": ["virtio", "virtio -> e1000e"],
    }
    assert '+  <source bridge="virbr1"/>' in sections["In the running guest"].text
    assert "e1000e" not in sections["In the running guest"].text
    assert "e1000e" in sections["In its configuration"].text
    assert sections["The same with virsh"].text.splitlines() == [
        "virsh update-device centos6.5 nic.xml --config",
        "virsh update-device centos6.5 nic.xml --live",
    ]


def test_what_waits_for_the_next_start_is_marked_and_now_alone_refuses_it() -> None:
    form, state = changing(), host_with_xml()
    assert "This comes at the next start." in remarks(form, state, model="e1000e")
    assert "model" in errors(form, state, model="e1000e", when="now")
    assert errors(form, state, inbound="1000", when="now") == {}


def test_a_change_that_waits_already_is_where_the_form_begins() -> None:
    state = host_with_xml(stored=live_xml(model="e1000e", inbound=Bandwidth(5)))
    initial = changing().initial(state)
    assert initial["model"] == "e1000e"
    assert initial["inbound"] == ""
    request = changing().request(state, {**initial, "model": "virtio"})
    assert dict(request.settings) == {"model": "virtio"}


def test_moving_asks_for_the_source_and_when_alone() -> None:
    form, state = changing(only_source=True), host_with_xml()
    assert asked(form, state) == [["kind", "network"], ["when"]]
    request = form.request(state, filled(form, state, kind="bridge", bridge="virbr1"))
    assert request.settings == (("source", NicSource(SourceKind.BRIDGE, "virbr1")),)
    assert request.title == f"Move NIC {CENTOS_MAC} of centos6.5"


def test_its_own_mac_is_no_conflict_and_anothers_is() -> None:
    form, state = changing(), host_with_xml()
    assert "mac" not in errors(form, state)
    assert "mac" in errors(form, state, mac=CENTOS_2_MAC)


def test_a_nic_that_vanished_while_the_form_is_open_is_told() -> None:
    form, state = changing(), host_with_xml()
    values = form.initial(state)
    bare = replace(state.guests[CENTOS], nics=(), stored_nics=())
    later = picture(state.links.values(), state.networks.values(), (bare,))
    (error,) = errors_of(form.findings(later, values))
    assert error.text == f"centos6.5 has no NIC with the MAC {CENTOS_MAC} any more."
    assert form.preview(later, values) == ()


def test_links_and_limits_have_short_virsh_commands() -> None:
    form, state = changing(), host_with_xml()

    def command(**given: Any) -> str:
        return form.preview(state, filled(form, state, **given))[-1].text

    assert command(link=False) == (
        f"virsh domif-setlink centos6.5 {CENTOS_MAC} down --live --config"
    )
    assert command(inbound="1000,2000", when="now") == (
        f"virsh domiftune centos6.5 {CENTOS_MAC} --inbound 1000,2000 --outbound 0 --live"
    )
    assert command(mac=FREE) == "virsh edit centos6.5"
