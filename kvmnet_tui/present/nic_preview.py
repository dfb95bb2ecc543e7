"""What a change would do to a NIC, before it is done: both documents and the virsh commands."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from kvmnet_tui.i18n import _
from kvmnet_tui.model.nic_settings import LIVE_SETTINGS, NicSettings
from kvmnet_tui.model.virt import Nic
from kvmnet_tui.netxml.interface_edit import edit_interface, tidy_interface
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.netxml.interface_virsh import (
    bandwidth_command,
    edit_command,
    link_command,
    update_command,
)
from kvmnet_tui.present.nic_detail import diff_text, setting_texts
from kvmnet_tui.present.table import Cell, Section, Severity
from kvmnet_tui.requests.nics import When


def change_sections(
    guest: str, changes: Mapping[str, Any], when: When, live: Nic | None, stored: Nic | None
) -> tuple[Section, ...]:
    """What changes now and at the next start beside each other, the diffs, the commands."""
    if not changes:
        return (Section(_("Nothing changes yet."), text=_("Every answer is as the NIC is.")),)
    now = _edited(live, changes, live_only=True) if when.is_live else None
    later = _edited(stored, changes, live_only=False) if when.is_stored else None
    sections = [_beside(live, stored, now, later)]
    for title, nic, text in (
        (_("In the running guest"), live, now),
        (_("In its configuration"), stored, later),
    ):
        if nic is not None and text is not None and text != nic.xml:
            sections.append(
                Section(
                    title,
                    text=diff_text(tidy_interface(nic.xml), tidy_interface(text), "nic.xml"),
                    language="diff",
                )
            )
    commands = "\n".join(virsh_commands(guest, changes, when, live, stored))
    return (*sections, Section(_("The same with virsh"), text=commands))


def virsh_commands(
    guest: str, changes: Mapping[str, Any], when: When, live: Nic | None, stored: Nic | None
) -> Iterator[str]:
    """The commands, in the order in which the request does the same."""
    stored_part = changes if when.is_stored and stored is not None else {}
    live_part = {name: value for name, value in changes.items() if name in LIVE_SETTINGS}
    if not when.is_live or live is None:
        live_part = {}
    if "mac" in stored_part:
        yield edit_command(guest)
        stored_part = {}
    if stored_part.keys() == live_part.keys():
        yield from _commands(guest, live_part, ("--live", "--config"), live or stored)
        return
    yield from _commands(guest, stored_part, ("--config",), stored)
    yield from _commands(guest, live_part, ("--live",), live)


def _commands(
    guest: str, changes: Mapping[str, Any], flags: tuple[str, ...], nic: Nic | None
) -> Iterator[str]:
    if not changes or nic is None:
        return
    if changes.keys() == {"link"}:
        yield link_command(guest, nic.mac, changes["link"], flags)
    elif changes.keys() <= {"inbound", "outbound"}:
        old = parse_settings(nic.xml)
        limits = [changes.get(name, getattr(old, name)) for name in ("inbound", "outbound")]
        yield bandwidth_command(guest, nic.mac, limits[0], limits[1], flags)
    else:
        yield update_command(guest, flags)


def _edited(nic: Nic | None, changes: Mapping[str, Any], *, live_only: bool) -> str | None:
    if nic is None:
        return None
    wanted = {
        name: value for name, value in changes.items() if not live_only or name in LIVE_SETTINGS
    }
    return edit_interface(nic.xml, replace(parse_settings(nic.xml), **wanted))


def _beside(live: Nic | None, stored: Nic | None, now: str | None, later: str | None) -> Section:
    """Each setting that changes: as it is, as it is now, as it will be at the next start."""
    old_now = parse_settings(live.xml) if live else None
    old_later = parse_settings(stored.xml) if stored else old_now
    new_now = parse_settings(now) if now is not None else old_now
    new_later = parse_settings(later) if later is not None else old_later
    texts = [_texts(one) for one in (old_now, new_now, old_later, new_later)]
    rows = []
    for label in texts[0] or texts[2]:
        before, after, stored_before, stored_after = (one.get(label, "") for one in texts)
        if before != after or stored_before != stored_after:
            rows.append(
                (
                    Cell(label),
                    _step(before, after) if live else Cell("-", Severity.DIM),
                    _step(stored_before, stored_after) if stored else Cell("-", Severity.DIM),
                )
            )
    header = (_("Setting"), _("Now"), _("At next start"))
    return Section(_("What changes"), (), header, tuple(rows))


def _texts(settings: NicSettings | None) -> dict[str, str]:
    return dict(setting_texts(settings)) if settings else {}


def _step(before: str, after: str) -> Cell:
    if before == after:
        return Cell(after or "-", Severity.DIM)
    return Cell(f"{before or '-'} -> {after or '-'}", Severity.WARNING)
