"""What has been read of one kind of object, and how it is kept true."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import libvirt

from kvmnet_tui.sources.virt.errors import GONE

Record = TypeVar("Record")
Flags = TypeVar("Flags")


class Found(NamedTuple, Generic[Flags]):
    """libvirt's object and the cheap part of what is known of it."""

    handle: Any
    flags: Flags


@dataclass(frozen=True, slots=True)
class Change(Generic[Record]):
    """One object as it was known and as it is now; None for not there."""

    old: Record | None
    new: Record | None


class Readings(ABC, Generic[Record, Flags]):
    """All objects of one kind by UUID. Every method runs in the connection's thread."""

    def __init__(self) -> None:
        self.known: dict[str, Record] = {}
        self._surveyed: dict[str, Found[Flags]] = {}
        self._rotation: list[str] = []

    @abstractmethod
    def survey(self, virt: Any) -> dict[str, Found[Flags]]:
        """Every object and its flags, in a handful of calls however many there are."""

    @abstractmethod
    def find(self, virt: Any, uuid: str) -> Found[Flags]:
        """One object and its flags; raises libvirtError when there is none."""

    @abstractmethod
    def record(self, virt: Any, found: Found[Flags], old: Record | None) -> Record:
        """All that is known of an object, which is the dear part; raises libvirtError if gone."""

    @abstractmethod
    def flags_of(self, record: Record) -> Flags:
        """The flags a record was made with."""

    def forget(self, uuid: str) -> None:
        """Drop what is kept of an object that is gone."""
        self.known.pop(uuid, None)

    def begin(self, virt: Any) -> tuple[str, ...]:
        """Forget everything and list what is to be read."""
        self._surveyed = self.survey(virt)
        self.known = {}
        return tuple(self._surveyed)

    def read(self, virt: Any, uuids: Iterable[str]) -> None:
        """Read some of what `begin` listed."""
        for uuid in uuids:
            self._look(virt, uuid, self._surveyed.pop(uuid))

    def snapshot(self, _virt: Any) -> Mapping[str, Record]:
        """Everything that is known."""
        return dict(self.known)

    def look_again(self, virt: Any, uuids: Iterable[str]) -> dict[str, Change[Record]]:
        """Read these objects anew, each found by itself."""
        return {uuid: self._look(virt, uuid, None) for uuid in uuids}

    def audit(self, virt: Any, count: int) -> dict[str, Change[Record]]:
        """Compare everybody's flags, read who differs and, in turn, `count` others; what changed.

        Autostart, link states and changes made with `net-update` or `--config` come without an
        event. Their flags cost the same few calls for one object and for a thousand; XML costs a
        call each, and is therefore read for a few objects a time.
        """
        found = self.survey(virt)
        due = [uuid for uuid in self.known if uuid not in found]
        due += [uuid for uuid in found if self._is_outdated(uuid, found[uuid])]
        due += self._next_in_turn(found, count)
        changes = {uuid: self._look(virt, uuid, found.get(uuid)) for uuid in dict.fromkeys(due)}
        return {uuid: each for uuid, each in changes.items() if each.old != each.new}

    def _is_outdated(self, uuid: str, found: Found[Flags]) -> bool:
        record = self.known.get(uuid)
        return record is None or self.flags_of(record) != found.flags

    def _next_in_turn(self, found: Mapping[str, Any], count: int) -> list[str]:
        if not self._rotation:
            self._rotation = list(found)
        turn, self._rotation = self._rotation[:count], self._rotation[count:]
        return [uuid for uuid in turn if uuid in found]

    def _look(self, virt: Any, uuid: str, found: Found[Flags] | None) -> Change[Record]:
        """One object's failure leaves it as it was known; it never stops the others."""
        old = self.known.get(uuid)
        try:
            new = self.record(virt, found or self.find(virt, uuid), old)
        except libvirt.libvirtError as error:
            if error.get_error_code() not in GONE:
                if not virt.isAlive():
                    raise
                return Change(old, old)
            self.forget(uuid)
            return Change(old, None)
        self.known[uuid] = new
        return Change(old, new)


def document_of(virt: Any, handle: Any, flags: int = 0) -> str:
    """The object's XML; "" when libvirt cannot make it, so that the rest of it can be shown."""
    try:
        return str(handle.XMLDesc(flags))
    except libvirt.libvirtError as error:
        if error.get_error_code() in GONE or not virt.isAlive():
            raise
        return ""
