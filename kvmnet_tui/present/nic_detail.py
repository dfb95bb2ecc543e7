"""All about one NIC: what is wrong, what it is set to now and at the next start, its counters."""

import difflib
from collections.abc import Iterator

from kvmnet_tui.i18n import _
from kvmnet_tui.model.nic_settings import Bandwidth, NicSettings, NicSource
from kvmnet_tui.model.plugs import is_unplugged
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Nic, twin_of
from kvmnet_tui.netxml import XmlProblem
from kvmnet_tui.netxml.interface_reading import parse_settings
from kvmnet_tui.present.cells import (
    UNKNOWN,
    counter_fields,
    flagged,
    good,
    or_dash,
    plain,
    quiet,
    source_word,
)
from kvmnet_tui.present.nic_alerts import alert_sentence, alert_word, alerts_of
from kvmnet_tui.present.plugs import counters_of_nic
from kvmnet_tui.present.table import Cell, Field, Section, Severity
from kvmnet_tui.present.text import clean, clean_block
from kvmnet_tui.requests.nic_sentences import plug_text, setting_labels


def shown_nics(guest: Guest) -> tuple[Nic, ...]:
    """The guest's NICs as they are listed: those it has, then those it will only have."""
    coming = guest.coming_nics
    return (*guest.nics, *coming) if coming else guest.nics


def nic_at(guest: Guest | None, position: int) -> Nic | None:
    """One of `shown_nics`, None when there are fewer by now."""
    if guest is None:
        return None
    if position < len(guest.nics):
        return guest.nics[position]
    nics = shown_nics(guest)
    return nics[position] if position < len(nics) else None


def is_coming(guest: Guest, nic: Nic) -> bool:
    """Whether the running guest gets this NIC at its next start only."""
    return guest.stored_nics is not None and nic not in guest.nics


def source_text(nic: Nic) -> str:
    """What a NIC is plugged into: `network default`, `direct ens36 (vepa)`."""
    text = f"{nic.type} {nic.source}".rstrip()
    return clean(f"{text} ({nic.mode})" if nic.mode else text)


def nic_state(state: HostState, guest: Guest, nic: Nic) -> Cell:
    """Whether a NIC's cable is in: link up, set down, its tap in no bridge, not there yet."""
    if is_coming(guest, nic):
        return quiet(_("next start"))
    tap = state.link_named(nic.device) if nic.device else None
    if guest.is_active and tap is not None and is_unplugged(nic, tap):
        return flagged(_("unplugged"))
    if nic.link == "down":
        return quiet(_("link down"))
    return good(_("link up")) if guest.is_active else UNKNOWN


def nic_detail(state: HostState, guest: Guest, nic: Nic) -> tuple[Section, ...]:
    """Everything known about a NIC."""
    told = tuple(
        Field(alert_word(alert), flagged(alert_sentence(state, guest, nic, alert)))
        for alert in alerts_of(state, guest, nic)
    )
    parts = [Section(_("NIC"), _facts(state, guest, nic))]
    if told:
        parts.append(Section(_("Attention"), told))
    parts += [
        _addresses(state, nic),
        _settings(guest, nic),
        Section(_("Counters, as the guest sees them"), counter_fields(counters_of_nic(state, nic))),
        Section(_("XML"), text=clean_block(nic.xml), language="xml"),
    ]
    return tuple(parts)


def _facts(state: HostState, guest: Guest, nic: Nic) -> tuple[Field, ...]:
    link = state.link_named(nic.device) if nic.device else None
    bridge = state.links.get(link.master) if link else None
    optional = (
        (_("Network"), nic.network),
        (_("Bridge"), bridge.name if bridge else ""),
        (_("Port group"), nic.portgroup),
        (_("Alias"), nic.alias),
        (_("Guest's bus address"), nic.slot),
        (_("MTU"), str(nic.mtu) if nic.mtu else ""),
        (_("VLANs"), ", ".join(str(vlan) for vlan in nic.vlans)),
    )
    return (
        Field(_("Guest"), plain(guest.name)),
        Field(_("MAC"), plain(nic.mac)),
        Field(_("Type and source"), Cell(source_text(nic))),
        Field(_("Model"), or_dash(nic.model)),
        Field(_("Device"), or_dash(nic.device)),
        Field(_("Link"), nic_state(state, guest, nic)),
        *(Field(label, plain(value)) for label, value in optional if value),
    )


def _addresses(state: HostState, nic: Nic) -> Section:
    book = state.address_book.addresses_of(nic.mac)
    rows = tuple((plain(one.address), Cell(source_word(one.source))) for one in book)
    header = (_("Address"), _("Known from"))
    return Section(_("Addresses"), (), header, rows, "" if rows else _("none"))


def _settings(guest: Guest, nic: Nic) -> Section:
    """Now and at the next start beside each other; one column where there is one document."""
    title = _("Settings")
    now = _readable(nic)
    if now is None:
        return Section(title)
    if guest.stored_nics is None or is_coming(guest, nic):
        when = _("At next start") if guest.stored_nics is not None else _("Value")
        rows = tuple((Cell(label), _value(text)) for label, text in setting_texts(now) if text)
        return Section(title, (), (_("Setting"), when), rows)
    twin = twin_of(nic, guest.stored_nics)
    if twin is None:
        return Section(title, text=_("This NIC is gone at the guest's next start."))
    later = _readable(twin) or now
    both = tuple(
        (Cell(label), _value(text), _value(next_text, differs=text != next_text))
        for (label, text), (_label, next_text) in zip(
            setting_texts(now), setting_texts(later), strict=True
        )
        if text or next_text
    )
    return Section(title, (), (_("Setting"), _("Now"), _("At next start")), both)


def _value(text: str, *, differs: bool = False) -> Cell:
    if differs:
        return Cell(clean(text) or "-", Severity.WARNING)
    return or_dash(text)


def _readable(nic: Nic) -> NicSettings | None:
    try:
        return parse_settings(nic.xml)
    except XmlProblem:
        return None


def setting_texts(settings: NicSettings) -> tuple[tuple[str, str], ...]:
    """Each setting's label and value, always all of them in the same order."""
    return tuple((label, setting_text(settings, name)) for name, label in setting_labels().items())


def setting_text(settings: NicSettings, name: str) -> str:
    """One setting's value in words, "" where it is not set."""
    value = getattr(settings, name)
    if isinstance(value, NicSource):
        return plug_text(value)
    if isinstance(value, Bandwidth):
        return limit_text(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return _("yes") if value else ""
    if name == "link":
        return _("link down") if value == "down" else _("link up")
    return str(value or "")


def limit_text(limit: Bandwidth | None) -> str:
    """`1000 KiB/s, peak 2000 KiB/s, burst 512 KiB`."""
    if limit is None:
        return ""
    return ", ".join(_limit_parts(limit))


def _limit_parts(limit: Bandwidth) -> Iterator[str]:
    yield _("{number} KiB/s").format(number=limit.average)
    if limit.peak:
        yield _("peak {number} KiB/s").format(number=limit.peak)
    if limit.burst:
        yield _("burst {number} KiB").format(number=limit.burst)


def diff_text(before: str, after: str, name: str) -> str:
    """What changes, as `diff -u` says it; "" when nothing does."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name}", f"{name}", lineterm=""
    )
    return "\n".join(lines)
