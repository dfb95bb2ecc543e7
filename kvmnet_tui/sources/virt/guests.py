"""Reads libvirt's domains and their NICs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import libvirt

from kvmnet_tui.model.virt import Guest, Nic
from kvmnet_tui.netxml import GuestXml, XmlProblem, parse_guest
from kvmnet_tui.sources.virt.errors import GONE
from kvmnet_tui.sources.virt.readings import Change, Found, Readings, document_of

# `virsh list` says these words.
STATE_WORDS: Mapping[int, str] = {
    libvirt.VIR_DOMAIN_NOSTATE: "no state",
    libvirt.VIR_DOMAIN_RUNNING: "running",
    libvirt.VIR_DOMAIN_BLOCKED: "idle",
    libvirt.VIR_DOMAIN_PAUSED: "paused",
    libvirt.VIR_DOMAIN_SHUTDOWN: "in shutdown",
    libvirt.VIR_DOMAIN_SHUTOFF: "shut off",
    libvirt.VIR_DOMAIN_CRASHED: "crashed",
    libvirt.VIR_DOMAIN_PMSUSPENDED: "pmsuspended",
}

# A filtered list tells one state for all guests in one call.
_STATE_LISTS = (
    (libvirt.VIR_CONNECT_LIST_DOMAINS_RUNNING, libvirt.VIR_DOMAIN_RUNNING),
    (libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED, libvirt.VIR_DOMAIN_PAUSED),
    (libvirt.VIR_CONNECT_LIST_DOMAINS_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF),
)


class GuestFlags(NamedTuple):
    """What `virsh list` and `virsh dominfo` show beside the name."""

    state: str
    id: int | None
    persistent: bool
    autostart: bool


class Guests(Readings[Guest, GuestFlags]):
    """The guests of one connection."""

    def __init__(self) -> None:
        super().__init__()
        self._documents: dict[tuple[str, int], tuple[int, GuestXml]] = {}

    def survey(self, virt: Any) -> dict[str, Found[GuestFlags]]:
        """Six lists, and a call for each guest in one of the rare states."""
        handles = {each.UUIDString(): each for each in virt.listAllDomains(0)}
        states: dict[str, int] = {}
        for wanted, state in _STATE_LISTS:
            listed = {each.UUIDString(): each for each in virt.listAllDomains(wanted)}
            handles.update(listed)  # the later list has the ID that goes with the state
            states.update(dict.fromkeys(listed, state))
        persistent = _listed(virt, libvirt.VIR_CONNECT_LIST_DOMAINS_PERSISTENT)
        autostart = _listed(virt, libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART)
        found = {}
        for uuid, handle in handles.items():
            word = _word_in_survey(handle, states.get(uuid))
            if word is not None:
                flags = GuestFlags(word, _id(handle), uuid in persistent, uuid in autostart)
                found[uuid] = Found(handle, flags)
        return found

    def find(self, virt: Any, uuid: str) -> Found[GuestFlags]:
        """One guest by its UUID."""
        handle = virt.lookupByUUIDString(uuid)
        persistent = bool(handle.isPersistent())
        # Only what is stored can be started with the host; libvirt answers others with an error.
        autostart = persistent and bool(handle.autostart())
        flags = GuestFlags(_asked_state(handle), _id(handle), persistent, autostart)
        return Found(handle, flags)

    def record(self, virt: Any, found: Found[GuestFlags], old: Guest | None) -> Guest:
        """The guest with its NICs: the live ones, or the stored ones when it is shut off."""
        handle, flags = found
        uuid = handle.UUIDString()
        document = self._document(uuid, 0, document_of(virt, handle))
        same_run = old is not None and old.id == flags.id and document.agent_connected
        return Guest(
            uuid=uuid,
            name=handle.name(),
            **flags._asdict(),
            agent_connected=document.agent_connected,
            nics=document.nics,
            stored_nics=self._stored_nics(virt, found, uuid),
            agent_addresses=old.agent_addresses if old and same_run else {},
        )

    def flags_of(self, record: Guest) -> GuestFlags:
        """The flags a record was made with."""
        return GuestFlags(record.state, record.id, record.persistent, record.autostart)

    def forget(self, uuid: str) -> None:
        """Drop what is kept of a guest that is gone."""
        super().forget(uuid)
        for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE):
            self._documents.pop((uuid, flags), None)

    def agent_said(
        self, _virt: Any, uuid: str, addresses: Mapping[str, tuple[str, ...]]
    ) -> Change[Guest]:
        """Note what a guest's agent answered."""
        old = self.known.get(uuid)
        if old is None or not old.agent_connected:
            return Change(old, old)
        self.known[uuid] = replace(old, agent_addresses=addresses)
        return Change(old, self.known[uuid])

    def _stored_nics(
        self, virt: Any, found: Found[GuestFlags], uuid: str
    ) -> tuple[Nic, ...] | None:
        """One more call, for those only that have a second document."""
        if found.flags.id is None or not found.flags.persistent:
            return None
        inactive = libvirt.VIR_DOMAIN_XML_INACTIVE
        return self._document(uuid, inactive, document_of(virt, found.handle, inactive)).nics

    def _document(self, uuid: str, kind: int, xml: str) -> GuestXml:
        """Parsed once as long as it stays the same; its hash is kept in place of the document."""
        digest = hash(xml)
        known = self._documents.get((uuid, kind))
        if known is None or known[0] != digest:
            known = digest, _parsed(xml)
            self._documents[uuid, kind] = known
        return known[1]


def _parsed(xml: str) -> GuestXml:
    try:
        return parse_guest(xml)
    except XmlProblem:
        return GuestXml()  # shown by name and state alone


def _listed(virt: Any, wanted: int) -> set[str]:
    return {each.UUIDString() for each in virt.listAllDomains(wanted)}


def _asked_state(handle: Any) -> str:
    return STATE_WORDS.get(handle.state()[0], "no state")


def _word_in_survey(handle: Any, state: int | None) -> str | None:
    """The state's word, asked for where no list told it; None for who is gone since."""
    if state is not None:
        return STATE_WORDS[state]
    try:
        return _asked_state(handle)
    except libvirt.libvirtError as error:
        if error.get_error_code() in GONE:
            return None
        raise


def _id(handle: Any) -> int | None:
    number = handle.ID()
    return None if number < 0 else int(number)
