"""Wishes through JSON and back, for history and undo."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from kvmnet_tui.change import wishes
from kvmnet_tui.change.wishes import (
    AddMember,
    AddPort,
    Addressing,
    AddressMode,
    BackendName,
    BondSpec,
    BridgeSpec,
    CreateBond,
    CreateBridge,
    DeleteBond,
    DeleteBridge,
    RemoveMember,
    RemovePort,
    Wish,
)


def wish_record(wish: Wish) -> dict[str, Any]:
    """A wish as JSON has it."""
    return {"kind": type(wish).__name__, **dataclasses.asdict(wish)}


def wish_of(record: Mapping[str, Any]) -> Wish:
    """The wish of a record; ValueError when it is none."""
    values = dict(record)
    try:
        kind = getattr(wishes, values.pop("kind"))
        values["backend"] = BackendName(values["backend"])
        if values.get("addressing"):
            values["addressing"] = _addressing(values["addressing"])
        if isinstance(values.get("bridge"), Mapping):
            values["bridge"] = BridgeSpec(**values["bridge"])
        if isinstance(values.get("bond"), Mapping):
            values["bond"] = _bond(values["bond"])
        wish: Wish = kind(**values)
    except (AttributeError, KeyError, TypeError) as error:
        message = f"not a wish: {error}"
        raise ValueError(message) from error
    return wish


def _addressing(record: Mapping[str, Any]) -> Addressing:
    lists = {name: tuple(record[name]) for name in ("addresses", "gateways", "dns")}
    return Addressing(AddressMode(record["mode"]), **lists, ipv6=record["ipv6"])


def _bond(record: Mapping[str, Any]) -> BondSpec:
    options = tuple((str(name), str(value)) for name, value in record["options"])
    return BondSpec(**{**record, "members": tuple(record["members"]), "options": options})


def inverse(wish: Wish) -> Wish | None:
    """The wish that undoes a wish, None where there is none of one step."""
    if isinstance(wish, CreateBond) and wish.vlan is None and wish.bridge is None:
        return DeleteBond(wish.bond.name, "", wish.backend)
    if isinstance(wish, CreateBridge):
        return DeleteBridge(wish.bridge.name, wish.uplink, wish.backend)
    if type(wish) not in _INVERSES:
        return None
    made: Wish = _INVERSES[type(wish)](**dataclasses.asdict(wish))
    return made


_INVERSES: Mapping[type, type] = {
    AddPort: RemovePort,
    RemovePort: AddPort,
    AddMember: RemoveMember,
    RemoveMember: AddMember,
}
