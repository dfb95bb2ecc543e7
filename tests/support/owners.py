"""Program for a lab: prints who manages each link once NetworkManager has said so of all."""

import asyncio
import dataclasses
import json

from kvmnet_tui.model.state import HostState
from kvmnet_tui.sources.managers import ManagersSource
from kvmnet_tui.sources.netlink import NetlinkSource
from tests.support.live import live_host


def is_settled(state: HostState) -> bool:
    """Whether NetworkManager took the NICs and found out who connected the bridge."""
    bridge, idle = state.link_named("virbr0"), state.link_named("ens36")
    if bridge is None or idle is None or not state.managers:
        return False
    return (
        "nm-generated" in state.managers[bridge.index].evidence
        and state.managers[idle.index].name == "NetworkManager"
    )


async def main() -> None:
    """Print {link: manager} as JSON."""
    async with live_host(NetlinkSource(), ManagersSource()) as host:
        state = await host.until(is_settled, seconds=30)
    owners = {
        state.links[index].name: dataclasses.asdict(manager)
        for index, manager in state.managers.items()
    }
    print(json.dumps(owners))


if __name__ == "__main__":
    asyncio.run(main())
