"""Pictures and their differences as JSON values. Pure."""

import typing
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from kvmnet_tui.codec import CodecError, decode, encode
from kvmnet_tui.events import TIMELINE_LIMIT, CountersRead, fold
from kvmnet_tui.model.joins import AddressBook, Topology
from kvmnet_tui.model.state import HostState

FORMAT = "kvmnet-tui recording"
VERSION = 1

# Joins over the rest, made anew; and where a replay is, which no recording knows.
_DERIVED = frozenset({"topology", "address_book", "replay"})
# Made anew from the counters when they change.
_FOLLOWING = frozenset({"rates"})
_NAMES = tuple(field.name for field in fields(HostState) if field.name not in _DERIVED)
_KINDS = typing.get_type_hints(HostState)


def header(host: str, began: float) -> dict[str, Any]:
    """A recording's first line."""
    return {"format": FORMAT, "version": VERSION, "host": host, "began": began}


def whole(state: HostState) -> dict[str, Any]:
    """A complete picture."""
    return {name: encode(getattr(state, name)) for name in _NAMES}


def state_of(value: Mapping[str, Any]) -> HostState:
    """The picture that `whole` made `value` of; CodecError."""
    if not isinstance(value, dict):
        message = "a picture is no object"
        raise CodecError(message)
    said = {name: decode(_KINDS[name], value[name]) for name in _NAMES if name in value}
    return joined(HostState(**said))


def joined(state: HostState) -> HostState:
    """The picture with its look-ups over what it holds now."""
    return replace(
        state,
        topology=Topology(state.links, state.guests, state.networks),
        address_book=AddressBook(state.networks, state.guests, state.neighbours),
    )


def difference(before: HostState, after: HostState) -> dict[str, Any]:
    """What has to be done to `before` to get `after`; empty when nothing."""
    changes = {}
    for name in _NAMES:
        old, new = getattr(before, name), getattr(after, name)
        if old is new or old == new or name in _FOLLOWING:
            continue
        if isinstance(new, Mapping):
            changes[name] = _mapping_difference(old, new)
        elif name == "timeline":
            last = old[-1].serial if old else 0
            changes[name] = {"add": encode(tuple(one for one in new if one.serial > last))}
        else:
            changes[name] = {"now": encode(new)}
    return changes


def _mapping_difference(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> dict[str, Any]:
    changed = {key: one for key, one in new.items() if old.get(key) != one}
    gone = [encode(key) for key in old if key not in new]
    return {"set": encode(changed), **({"gone": gone} if gone else {})}


def changed(state: HostState, changes: Mapping[str, Any], at: float) -> HostState:
    """The picture after `changes` of `difference`; CodecError."""
    if not isinstance(changes, dict):
        message = "changes are no object"
        raise CodecError(message)
    said = {
        name: _changed_value(state, name, change)
        for name, change in changes.items()
        if name in _NAMES
    }
    counters = said.pop("counters", None)
    after = replace(state, **said)
    if {"links", "guests", "networks", "neighbours"} & said.keys():
        after = joined(after)
    if counters is None:
        return after
    counted = fold(after, CountersRead(at, counters))
    rates = {index: one for index, one in counted.rates.items() if index in counters}
    return replace(counted, counters=counters, rates=rates)


def _changed_value(state: HostState, name: str, change: Any) -> Any:
    if not isinstance(change, dict):
        message = f"{name}: no change"
        raise CodecError(message)
    if "now" in change:
        return decode(_KINDS[name], change["now"])
    if "add" in change:
        return (getattr(state, name) + decode(_KINDS[name], change["add"]))[-TIMELINE_LIMIT:]
    table = dict(getattr(state, name))
    key_kind = typing.get_args(_KINDS[name])[0]
    for key in change.get("gone", ()):
        table.pop(decode(key_kind, key), None)
    table.update(decode(_KINDS[name], change.get("set", [])))
    return table
