"""NICs in words that requests, forms and tables share: MACs that cannot be, plugs."""

from collections.abc import Iterable, Mapping

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.macs import MacConflict, MacFault, MacHolder
from kvmnet_tui.model.nic_settings import NicSource, SourceKind

_FAULTS: Mapping[MacFault, str] = {
    MacFault.MALFORMED: N_("A MAC is six pairs of hexadecimal digits, such as 52:54:00:12:34:56."),
    MacFault.MULTICAST: N_("This MAC is a group's: its first byte must be even."),
    MacFault.ZERO: N_("A NIC cannot have the MAC that is all zeros."),
}

_CONFLICTS: Mapping[MacHolder, str] = {
    MacHolder.GUEST: N_("Guest {name} has a NIC with the MAC {mac}."),
    MacHolder.NEXT_START: N_("Guest {name} will have a NIC with the MAC {mac}."),
    MacHolder.LINK: N_("The host's own link {name} has the MAC {mac}."),
    MacHolder.LEASE: N_("The MAC {mac} holds the lease of {other} in network {name}."),
    MacHolder.FORWARDING: N_("The bridge {name} sees the MAC {mac} at its port {other}."),
    MacHolder.NEIGHBOUR: N_("{name} on the network has the MAC {mac}."),
}


def fault_sentence(fault: MacFault) -> str:
    """Why a text is no MAC for a NIC."""
    return _(_FAULTS[fault])


def conflict_sentence(mac: str, conflict: MacConflict) -> str:
    """Who has the MAC already."""
    return _(_CONFLICTS[conflict.holder]).format(mac=mac, name=conflict.name, other=conflict.other)


def plug_text(source: NicSource) -> str:
    """What it is plugged into, in words."""
    words = {
        SourceKind.NETWORK: _("network {name}"),
        SourceKind.BRIDGE: _("bridge {name}"),
        SourceKind.DIRECT: _("macvtap on {name}"),
        SourceKind.HOSTDEV: _("device {name}"),
        SourceKind.OVS: _("Open vSwitch {name}"),
        SourceKind.USER: _("user networking"),
    }
    text = words.get(source.kind, "{name}").format(name=source.name)
    extra = source.portgroup or source.mode
    return f"{text} ({extra})" if extra else text


def setting_labels() -> dict[str, str]:
    """What each setting of NicSettings is called."""
    return {
        "source": _("Source"),
        "model": _("Model"),
        "mac": _("MAC"),
        "link": _("Link"),
        "mtu": _("MTU"),
        "queues": _("Queues"),
        "boot_order": _("Boot order"),
        "vlans": _("VLANs"),
        "isolated": _("Isolated from other guests"),
        "inbound": _("Limit in"),
        "outbound": _("Limit out"),
        "filter": _("Filter"),
        "trusts_guest": _("Guest's receive filters are trusted"),
    }


def named_settings(names: Iterable[str]) -> str:
    """Settings by what they are called."""
    labels = setting_labels()
    return ", ".join(labels[name] for name in labels if name in set(names))
