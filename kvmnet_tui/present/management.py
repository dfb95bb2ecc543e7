"""Who manages a link: libvirt for its bridges and taps, else what the host's services say."""

from dataclasses import dataclass

from kvmnet_tui.i18n import _
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.plugs import network_of_bridge, network_of_port, plug_of_tap

NOBODY = "nobody"
LIBVIRT = "libvirt"
_OWN_BRIDGE_MODES = frozenset({"nat", "route", "open", "isolated"})


@dataclass(frozen=True, slots=True)
class Management:
    """A manager's own name (`nobody` for none), by what evidence, and its file."""

    name: str
    evidence: str = ""
    config: str = ""

    @property
    def is_nobody(self) -> bool:
        """Whether nothing configures the link."""
        return self.name == NOBODY


def management_of(state: HostState, link: Link) -> Management:
    """Who manages a link. libvirt does not manage a host's bridge that a network merely uses."""
    network = network_of_bridge(state, link.name) if link.kind == "bridge" else None
    network = network or network_of_port(state, link)
    if network is not None and network.forward_mode in _OWN_BRIDGE_MODES:
        evidence = _("bridge of network {network}").format(network=network.name)
        return Management(LIBVIRT, evidence, network.file)
    plug = plug_of_tap(state, link.name)
    if plug is not None and plug.nic.type != "ethernet":
        evidence = _("NIC {mac} of guest {guest}").format(mac=plug.nic.mac, guest=plug.guest.name)
        return Management(LIBVIRT, evidence)
    manager = state.managers.get(link.index)
    if manager is None or not manager.name:
        return Management(NOBODY)
    return Management(manager.name, manager.evidence, manager.config)
