"""Who is hit when a network stops: every NIC that uses it or its bridge, of any type."""

from dataclasses import replace

from kvmnet_tui.model.plugs import referring_guests, uses_of_network
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Network, Nic
from kvmnet_tui.present.network_impact import impact_lines
from kvmnet_tui.sources.virt.perform.replug import plugs_of
from tests.support.pictures import link, picture

BRIDGE, TAP, OTHER_TAP = 5, 6, 7
NETWORK = Network("uuid-net", "lab", True, True, False, bridge="virbr5")


def mac(number: int) -> str:
    return f"52:54:00:00:00:{number:02x}"


def of_network(number: int, name: str = "lab", device: str = "") -> Nic:
    return Nic(mac(number), "network", name, device=device)


def host(*guests: Guest) -> HostState:
    links = (
        link(BRIDGE, "virbr5", "bridge"),
        link(TAP, "vnet0", "tun", master=BRIDGE),
        link(OTHER_TAP, "mine", "tun", master=BRIDGE),
    )
    return picture(links, [NETWORK], guests)


def running(name: str, *nics: Nic, stored: tuple[Nic, ...] | None = None) -> Guest:
    return Guest(f"uuid-{name}", name, "running", 1, nics=nics, stored_nics=stored)


def stopped(name: str, *nics: Nic) -> Guest:
    return Guest(f"uuid-{name}", name, "shut off", nics=nics)


def test_by_name_or_by_bridge_running_or_not() -> None:
    state = host(
        stopped("aside", of_network(1), of_network(2, "other")),
        stopped("straight", Nic(mac(3), "bridge", "virbr5")),
        running("zeus", of_network(4, device="vnet0")),
    )
    assert impact_lines(state, NETWORK) == (
        f"zeus (running): vnet0 {mac(4)}",
        f"aside (not running): {mac(1)}",
        f"straight (not running): {mac(3)}",
    )


def test_a_macvtap_or_passed_through_function_that_the_network_gave_counts() -> None:
    direct = Nic(mac(1), "direct", "ens32", device="macvtap0", network="lab")
    function = Nic(mac(2), "hostdev", "0000:3b:02.0", network="lab")
    uses = uses_of_network(host(running("zeus", direct, function)), NETWORK)
    assert [use.nic.type for use in uses] == ["direct", "hostdev"]


def test_where_the_bridge_is_not_libvirts_nobody_is_unplugged() -> None:
    state = host(running("zeus", of_network(1, device="vnet0")))
    bridged = replace(NETWORK, forward_mode="bridge")
    said = "Running guests stay plugged in: the network has no bridge of its own."
    assert impact_lines(state, bridged)[-1] == said
    assert said not in impact_lines(state, NETWORK)


def test_a_tap_that_somebody_put_into_the_bridge_counts_whatever_its_type() -> None:
    ethernet = Nic(mac(1), "ethernet", device="mine")
    state = host(running("zeus", ethernet), stopped("cold", ethernet))
    assert impact_lines(state, NETWORK) == (f"zeus (running): mine {mac(1)}",)
    assert [plug.tap for plug in plugs_of(state, NETWORK)] == ["mine"]


def test_a_nic_that_only_comes_with_the_next_start_is_told_apart_and_not_plugged_in() -> None:
    now = Nic(mac(1), "bridge", "br0", device="vnet9")
    state = host(running("zeus", now, stored=(of_network(1),)))
    assert impact_lines(state, NETWORK) == (f"zeus (from its next start): {mac(1)}",)
    assert plugs_of(state, NETWORK) == ()
    assert referring_guests(state, NETWORK) == ("zeus",)


def test_a_running_nic_is_not_told_twice_for_its_stored_self() -> None:
    state = host(running("zeus", of_network(1, device="vnet0"), stored=(of_network(1),)))
    assert len(impact_lines(state, NETWORK)) == 1


def test_nobody_is_said_too() -> None:
    state = host(running("zeus", of_network(1, "other")), stopped("cold"))
    assert impact_lines(state, NETWORK) == ("No guest is plugged into it.",)
    assert referring_guests(state, NETWORK) == ()
