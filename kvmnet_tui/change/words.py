"""Changes in a user's words."""

import dataclasses
from collections.abc import Mapping

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
from kvmnet_tui.i18n import N_, _


def wish_title(wish: Wish) -> str:
    """What a wish does, in a few words."""
    if isinstance(wish, CreateBond):
        return _bond_title(wish)
    if isinstance(wish, CreateBridge):
        told = _("Bridge {bridge} on {uplink}")
        return told.format(bridge=wish.bridge.name, uplink=wish.uplink)
    fields = {field.name: getattr(wish, field.name) for field in dataclasses.fields(wish)}
    return _(_TITLES[type(wish)]).format(**fields)


_TITLES: Mapping[type, str] = {
    AddPort: N_("{port} into bridge {bridge}"),
    RemovePort: N_("{port} out of bridge {bridge}"),
    AddMember: N_("{member} into bond {bond}"),
    RemoveMember: N_("{member} out of bond {bond}"),
    DeleteBridge: N_("Remove bridge {bridge}"),
    DeleteBond: N_("Remove bond {bond}"),
}


def _bond_title(wish: CreateBond) -> str:
    members = ", ".join(wish.bond.members)
    if wish.bridge is None:
        return _("Bond {bond} of {members}").format(bond=wish.bond.name, members=members)
    told = _("Bridge {bridge} on bond {bond} of {members}")
    return told.format(bridge=wish.bridge.name, bond=wish.bond.name, members=members)
