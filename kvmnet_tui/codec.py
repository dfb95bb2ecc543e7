"""Frozen dataclasses as plain JSON values and back, by their own annotations.

A field that equals its default is left out, so that records stay short and older files can be
read when a field is new; what a file says beyond the known fields is passed over.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING
from enum import Enum
from functools import cache
from typing import Any


class CodecError(ValueError):
    """The value is not what the annotation promises."""


def encode(value: Any) -> Any:
    """A JSON value for a dataclass, an enumeration, a mapping, a tuple or a plain value."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str.__str__(value) if not isinstance(value, Enum) else value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: encode(now)
            for field in _fields(type(value))
            if (now := getattr(value, field.name)) != _default(field)
        }
    if isinstance(value, Mapping):
        return [[encode(key), encode(one)] for key, one in value.items()]
    if isinstance(value, tuple | list | frozenset):
        return [encode(one) for one in value]
    message = f"no JSON for {type(value).__name__}"
    raise CodecError(message)


def decode(kind: Any, value: Any) -> Any:
    """The value of the annotated `kind` that `encode` made `value` of; CodecError."""
    try:
        return _decoder(kind)(value)
    except CodecError:
        raise
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        message = f"{getattr(kind, '__name__', kind)}: {error}"
        raise CodecError(message) from error


@cache
def _fields(kind: Any) -> tuple["dataclasses.Field[Any]", ...]:
    return dataclasses.fields(kind)


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default is not MISSING:
        return field.default
    if field.default_factory is not MISSING:
        return field.default_factory()
    return MISSING


@cache
def _decoder(kind: Any) -> Any:
    """A function for one annotation, made once."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {typing.Union, types.UnionType}:
        return _optional(arguments)
    if origin in {tuple, frozenset}:
        return _several(origin, arguments)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(*arguments)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _dataclass(kind)
    return kind if isinstance(kind, type) and issubclass(kind, Enum) else _plain(kind)


def _plain(kind: Any) -> Any:
    if kind is Any or kind is object:
        return lambda value: value

    def plain(value: Any) -> Any:
        whole = kind is float and isinstance(value, int) and not isinstance(value, bool)
        if type(value) is kind or whole:
            return kind(value)
        message = f"{value!r} where {kind.__name__} belongs"
        raise CodecError(message)

    return plain


def _optional(arguments: tuple[Any, ...]) -> Any:
    inner = [one for one in arguments if one is not types.NoneType]
    if len(inner) != 1:
        message = f"cannot tell {arguments} apart"
        raise CodecError(message)
    return lambda value: None if value is None else decode(inner[0], value)


def _several(origin: type, arguments: tuple[Any, ...]) -> Any:
    if origin is frozenset or arguments[1:] == (Ellipsis,):
        return lambda value: origin(decode(arguments[0], one) for one in _list(value))

    def fixed(value: Any) -> Any:
        parts = zip(arguments, _list(value), strict=True)
        return tuple(decode(kind, one) for kind, one in parts)

    return fixed


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        message = f"{value!r} where a list belongs"
        raise CodecError(message)
    return value


def _mapping(key_kind: Any, value_kind: Any) -> Any:
    return lambda value: {
        decode(key_kind, key): decode(value_kind, one) for key, one in _list(value)
    }


def _dataclass(kind: type) -> Any:
    hints = typing.get_type_hints(kind)
    names = {field.name for field in _fields(kind)}

    def made(value: Any) -> Any:
        if not isinstance(value, dict):
            message = f"{value!r} where {kind.__name__} belongs"
            raise CodecError(message)
        said = {name: decode(hints[name], one) for name, one in value.items() if name in names}
        return kind(**said)

    return made
