"""The sources of routes and of SR-IOV functions."""

from pathlib import Path

from kvmnet_tui.events import KernelChanged
from kvmnet_tui.model.routes import Route
from kvmnet_tui.sources.netlink import NetlinkSource
from kvmnet_tui.sources.netlink.routes import RouteSource
from kvmnet_tui.sources.sriov import SriovSource, read_functions
from tests.support import pictures
from tests.support.labs import requires_lab
from tests.support.live import live_host
from tests.support.namespaces import network_namespace


@requires_lab("namespaces")
async def test_routes_are_read_and_followed() -> None:
    with network_namespace() as lab, lab.entered():
        lab.run("ip", "link", "add", "br0", "type", "bridge")
        lab.run("ip", "address", "add", "10.1.0.1/16", "dev", "br0")
        lab.run("ip", "link", "set", "br0", "up")
        async with live_host(NetlinkSource(), RouteSource()) as host:
            state = await host.until(lambda state: state.routes and state.links)
            br0 = state.link_named("br0")
            assert br0 is not None
            assert state.routes == (Route("10.1.0.0/16", br0.index),)
            lab.run("ip", "route", "add", "10.2.0.0/16", "via", "10.1.0.9")
            via = Route("10.2.0.0/16", br0.index, "10.1.0.9")
            await host.until(lambda state: via in state.routes)
            lab.run("ip", "route", "del", "10.2.0.0/16")
            await host.until(lambda state: via not in state.routes)


def sysfs_with_a_card(sysfs: Path) -> None:
    """What the kernel shows of a card with two functions, one of which a guest has."""
    devices = sysfs / "devices/pci0000:3a"
    drivers = {"00.0": "ixgbe", "02.0": "ixgbevf", "02.1": "vfio-pci"}
    for place, driver in drivers.items():
        address = f"0000:3b:{place}"
        (devices / address).mkdir(parents=True)
        (sysfs / "bus/pci/drivers" / driver).mkdir(parents=True, exist_ok=True)
        (devices / address / "driver").symlink_to(sysfs / "bus/pci/drivers" / driver)
    card = devices / "0000:3b:00.0"
    (card / "sriov_totalvfs").write_text("8\n")
    for number in (0, 1):
        (card / f"virtfn{number}").symlink_to(devices / f"0000:3b:02.{number}")
    (devices / "0000:3b:02.0/net/ens1v0").mkdir(parents=True)
    (sysfs / "class/net/ens1").mkdir(parents=True)
    (sysfs / "class/net/ens1/device").symlink_to(card)
    (sysfs / "class/net/lo").mkdir()


def test_a_card_is_read_with_its_functions_and_their_drivers(tmp_path: Path) -> None:
    sysfs_with_a_card(tmp_path)
    (card,) = read_functions(tmp_path)
    assert (card.link, card.address, card.total, card.driver) == (
        "ens1",
        "0000:3b:00.0",
        8,
        "ixgbe",
    )
    assert [(one.address, one.link, one.driver) for one in card.functions] == [
        ("0000:3b:02.0", "ens1v0", "ixgbevf"),
        ("0000:3b:02.1", "", "vfio-pci"),
    ]


def test_a_host_without_such_a_card_has_none(tmp_path: Path) -> None:
    (tmp_path / "class/net/lo").mkdir(parents=True)
    assert read_functions(tmp_path) == ()


async def test_functions_are_read_when_a_card_comes(tmp_path: Path) -> None:
    sysfs_with_a_card(tmp_path)
    async with live_host(SriovSource(tmp_path)) as host:
        card = pictures.link(2, "ens1")
        host.controller.put(KernelChanged(0.0, {2: card}, complete=True))
        state = await host.until(lambda state: state.sriov)
        assert state.sriov[0].link == "ens1"
