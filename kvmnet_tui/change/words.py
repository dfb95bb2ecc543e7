"""Changes in a user's words."""

from kvmnet_tui.change.wishes import (
    AddMember,
    AddPort,
    CreateBond,
    CreateBridge,
    DeleteBond,
    DeleteBridge,
    RemoveMember,
    RemovePort,
    Wish,
)
from kvmnet_tui.i18n import _


def wish_title(wish: Wish) -> str:
    """What a wish does, in a few words."""
    match wish:
        case CreateBridge():
            told = _("Bridge {bridge} on {uplink}")
            return told.format(bridge=wish.bridge.name, uplink=wish.uplink)
        case CreateBond():
            return _bond_title(wish)
        case AddPort():
            return _("{port} into bridge {bridge}").format(port=wish.port, bridge=wish.bridge)
        case RemovePort():
            return _("{port} out of bridge {bridge}").format(port=wish.port, bridge=wish.bridge)
        case AddMember():
            return _("{member} into bond {bond}").format(member=wish.member, bond=wish.bond)
        case RemoveMember():
            return _("{member} out of bond {bond}").format(member=wish.member, bond=wish.bond)
        case DeleteBridge():
            return _("Remove bridge {name}").format(name=wish.bridge)
        case DeleteBond():
            return _("Remove bond {name}").format(name=wish.bond)


def _bond_title(wish: CreateBond) -> str:
    members = ", ".join(wish.bond.members)
    if wish.bridge is None:
        return _("Bond {bond} of {members}").format(bond=wish.bond.name, members=members)
    told = _("Bridge {bridge} on bond {bond} of {members}")
    return told.format(bridge=wish.bridge.name, bond=wish.bond.name, members=members)
