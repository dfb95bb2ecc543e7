"""Guests' NICs as performers use them: found, attached, edited, detached, in the call's thread."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import libvirt

from kvmnet_tui.i18n import _
from kvmnet_tui.model.nic_settings import LIVE_SETTINGS
from kvmnet_tui.model.virt import Nic, twin_of
from kvmnet_tui.netxml import XmlProblem, parse_guest
from kvmnet_tui.netxml.interface_edit import edit_guest_nic, edit_interface
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.requests import RequestError
from kvmnet_tui.requests.nics import NicName, When

LIVE, CONFIG = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG
_INACTIVE = libvirt.VIR_DOMAIN_XML_INACTIVE
_SECURE = libvirt.VIR_DOMAIN_XML_SECURE


class Extent(NamedTuple):
    """Which of a guest's documents a change goes to, and whether that is less than was asked."""

    live: bool
    stored: bool
    is_less: bool = False

    @property
    def flags(self) -> int:
        """Libvirt's flags for it."""
        return (LIVE if self.live else 0) | (CONFIG if self.stored else 0)


def find_guest(virt: Any, uuid: str, name: str) -> Any:
    """The guest as it is now; raises RequestError when it is gone."""
    try:
        return virt.lookupByUUIDString(uuid)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
            raise
        text = _("Guest {guest} is no longer there.").format(guest=name)
        raise RequestError(text) from None


def extent_of(guest: Any, when: When) -> Extent:
    """What can be changed now; raises RequestError where nothing of what was asked can be."""
    live, stored = bool(guest.isActive()), bool(guest.isPersistent())
    name = guest.name()
    if when is When.NOW and not live:
        text = _("{guest} is shut off: it can be changed for its next start only.")
        raise RequestError(text.format(guest=name))
    if when is When.NEXT_START and not stored:
        text = _("{guest} is transient: it has no next start, and can be changed now only.")
        raise RequestError(text.format(guest=name))
    wanted = Extent(live and when.is_live, stored and when.is_stored)
    return wanted._replace(is_less=when is When.BOTH and not (wanted.live and wanted.stored))


def live_nics(guest: Any) -> tuple[Nic, ...]:
    """The NICs the guest has now."""
    return parse_guest(guest.XMLDesc(0)).nics


def stored_nics(guest: Any) -> tuple[Nic, ...]:
    """The NICs of its next start."""
    return parse_guest(guest.XMLDesc(_INACTIVE)).nics


def pick(nics: tuple[Nic, ...], name: NicName) -> Nic:
    """The NIC that is meant; raises RequestError when it is gone."""
    same = [nic for nic in nics if nic.mac.lower() == name.mac.lower()]
    same.sort(key=lambda nic: nic.slot != name.slot)
    if not same:
        text = _("{guest} has no NIC with the MAC {mac} any more.")
        raise RequestError(text.format(guest=name.guest_name, mac=name.mac))
    return same[0]


def stored_pick(guest: Any, name: NicName, live: Nic | None) -> Nic:
    """The stored NIC that is meant, also where only its slot is the same as the live one's."""
    nics = stored_nics(guest)
    twin = twin_of(live, nics) if live is not None else None
    return twin or pick(nics, name)


class Edit(NamedTuple):
    """A NIC's document before and after; equal when nothing changes."""

    before: str
    after: str

    @property
    def is_change(self) -> bool:
        """Whether there is anything to do."""
        return self.before != self.after


def live_edit(nic: Nic, settings: Mapping[str, Any]) -> Edit:
    """What the running guest's NIC becomes: only what can change under it."""
    return edited(nic, {name: settings[name] for name in settings if name in LIVE_SETTINGS})


def edited(nic: Nic, settings: Mapping[str, Any]) -> Edit:
    """The NIC's document with these settings; raises RequestError."""
    try:
        after = edit_interface(nic.xml, replace(parse_settings(nic.xml), **settings))
    except XmlProblem as problem:
        raise RequestError(str(problem)) from problem
    return Edit(nic.xml, after)


def store(virt: Any, guest: Any, edit: Edit, nic: Nic) -> None:
    """Change the stored document. Under another MAC libvirt would not find the NIC again: then
    the whole guest is defined anew, everything else in it kept.
    """
    if parse_settings(edit.after).mac != nic.mac.lower():
        _define(virt, guest, nic, edit.after)
        return
    try:
        guest.updateDeviceFlags(edit.after, CONFIG)
    except libvirt.libvirtError as error:
        _only_unsupported(error)
        _define(virt, guest, nic, edit.after)


def attach(virt: Any, guest: Any, xml: str, extent: Extent) -> None:
    """Plug a NIC in; drivers that cannot still take a guest's whole document."""
    try:
        guest.attachDeviceFlags(xml, extent.flags)
    except libvirt.libvirtError as error:
        _only_unsupported(error)
        if extent.live:
            raise RequestError(_not_live()) from None
        _define(virt, guest, None, xml)


def update_live(guest: Any, xml: str) -> None:
    """Change a running guest's NIC."""
    try:
        guest.updateDeviceFlags(xml, LIVE)
    except libvirt.libvirtError as error:
        _only_unsupported(error)
        raise RequestError(_not_live()) from None


def detach_stored(virt: Any, guest: Any, nic: Nic) -> None:
    """Take a NIC out of the stored document."""
    try:
        guest.detachDeviceFlags(nic.xml, CONFIG)
    except libvirt.libvirtError as error:
        _only_unsupported(error)
        _define(virt, guest, nic, "")


def detach_live(guest: Any, nic: Nic) -> None:
    """Ask the running guest to give a NIC up; it answers later."""
    try:
        guest.detachDeviceFlags(nic.xml, LIVE)
    except libvirt.libvirtError as error:
        # Asked before and not yet answered: that is what is waited for anyway.
        if "in the process of unplug" in str(error):
            return
        _only_unsupported(error)
        raise RequestError(_not_live()) from None


def _not_live() -> str:
    return _("This driver of libvirt's cannot change a running guest: choose its next start.")


def _only_unsupported(error: libvirt.libvirtError) -> None:
    """Go on after a call the driver does not have (the test driver's); raise all else."""
    if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
        raise error


def _define(virt: Any, guest: Any, nic: Nic | None, interface: str) -> None:
    document = guest.XMLDesc(_INACTIVE | _SECURE)
    position = None if nic is None else parse_guest(document).nics.index(nic)
    virt.defineXML(edit_guest_nic(document, position, interface))
