"""Answers about a NIC: from settings to texts and back. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from kvmnet_tui.forms.form import Values
from kvmnet_tui.i18n import _
from kvmnet_tui.model.macs import normal_mac
from kvmnet_tui.model.nic_settings import Bandwidth, NicSettings, NicSource, SourceKind

# The answer's name for each kind of source.
PLUG_FIELDS: Mapping[SourceKind, str] = {
    SourceKind.NETWORK: "network",
    SourceKind.BRIDGE: "bridge",
    SourceKind.DIRECT: "device",
    SourceKind.HOSTDEV: "function",
    SourceKind.OVS: "ovs",
}
MACVTAP_MODES = ("bridge", "vepa", "private", "passthrough")
VIRTIO_MODELS = frozenset({"virtio", "virtio-transitional", "virtio-non-transitional"})
PCI_ADDRESS = re.compile(r"([0-9a-f]{1,4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", re.IGNORECASE)


class AnswerError(ValueError):
    """An answer that cannot be meant; the message is translated."""


def answers(settings: NicSettings) -> dict[str, Any]:
    """The answers that stand for these settings."""
    source = settings.source
    values: dict[str, Any] = {
        "kind": source.kind.value,
        "portgroup": source.portgroup,
        "mode": source.mode or MACVTAP_MODES[0],
        "model": settings.model,
        "mac": settings.mac,
        "mtu": _text(settings.mtu),
        "queues": _text(settings.queues),
        "link": settings.link == "up",
        "boot_order": _text(settings.boot_order),
        "vlans": ",".join(map(str, settings.vlans)),
        "isolated": settings.isolated,
        "inbound": limit_answer(settings.inbound),
        "outbound": limit_answer(settings.outbound),
        "filter": settings.filter,
        "trusts_guest": settings.trusts_guest,
    }
    values.update(dict.fromkeys(PLUG_FIELDS.values(), ""))
    if source.kind in PLUG_FIELDS:
        values[PLUG_FIELDS[source.kind]] = source.name
    return values


def source_of(values: Values) -> NicSource:
    """What the NIC shall be plugged into."""
    kind = SourceKind(values["kind"])
    name = str(values[PLUG_FIELDS[kind]]).strip() if kind in PLUG_FIELDS else ""
    if kind is SourceKind.HOSTDEV:
        name = full_address(name)
    return NicSource(
        kind,
        name,
        values["portgroup"] if kind is SourceKind.NETWORK else "",
        values["mode"] if kind is SourceKind.DIRECT else "",
    )


def full_address(text: str) -> str:
    """A PCI address with its domain, as lspci -D writes it; other text as it is."""
    if not PCI_ADDRESS.fullmatch(text):
        return text
    text = text.lower()
    domain, _colon, rest = text.rpartition(":")[0].rpartition(":")
    device = text.rpartition(":")[2]
    return f"{domain or '0000':0>4}:{rest}:{device}"


def settings_of(values: Values, old: NicSettings) -> NicSettings:
    """The settings that the answers ask for; raises AnswerError.

    What the kind of source has no use for is left out, and what is not asked stays as in `old`.
    """
    kind = SourceKind(values["kind"])
    keeps = asked_settings(kind, values["model"])
    read = {name: READERS[name](values[name]) for name in READERS if name in keeps}
    return NicSettings(source=old.source if kind is SourceKind.OTHER else source_of(values), **read)


def asked_settings(kind: SourceKind, model: str) -> frozenset[str]:
    """The settings that make sense for this kind of NIC."""
    names = {"model", "mac", "link", "boot_order"}
    if kind is SourceKind.HOSTDEV:
        return frozenset({"mac", "vlans", "boot_order"})
    if kind is not SourceKind.USER:
        names |= {"mtu", "vlans", "inbound", "outbound", "filter"}
        names |= {"trusts_guest", "queues"} if model in VIRTIO_MODELS else set()
    if kind in (SourceKind.NETWORK, SourceKind.BRIDGE):
        names.add("isolated")
    if kind in (SourceKind.DIRECT, SourceKind.OVS):
        names -= {"filter"}
    return frozenset(names)


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def limit_answer(limit: Bandwidth | None) -> str:
    """`1000,2000,512`: average, peak and burst, as virsh takes them."""
    if limit is None:
        return ""
    numbers = [limit.average, limit.peak, limit.burst]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return ",".join(map(str, numbers))


def read_limit(text: str) -> Bandwidth | None:
    """A limit from its answer; raises AnswerError."""
    if not text.strip():
        return None
    parts = text.split(",")
    if len(parts) > 3 or not all(part.strip().isdecimal() for part in parts):
        raise AnswerError(
            _("Average, peak and burst are numbers with commas between: 1000,2000,512.")
        )
    limit = Bandwidth(*(int(part) for part in parts))
    if limit.average < 1:
        raise AnswerError(_("The average must be at least 1 KiB/s."))
    if limit.peak and limit.peak < limit.average:
        raise AnswerError(_("The peak cannot be less than the average."))
    return limit


def read_vlans(text: str) -> tuple[int, ...]:
    """VLAN numbers with commas between; raises AnswerError."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and 1 <= int(part) <= 4094 for part in parts):
        raise AnswerError(_("VLANs are numbers from 1 to 4094, with commas between."))
    return tuple(dict.fromkeys(map(int, parts)))


def _number(least: int, most: int) -> Any:
    def read(text: str) -> int | None:
        text = text.strip()
        if not text:
            return None
        if not text.isdecimal() or not least <= int(text) <= most:
            raise AnswerError(_("A number from {least} to {most}.").format(least=least, most=most))
        return int(text)

    return read


READERS: Mapping[str, Any] = {
    "model": str,
    "mac": normal_mac,
    "link": lambda plugged_in: "up" if plugged_in else "down",
    "mtu": _number(68, 65535),
    "queues": _number(1, 256),
    "boot_order": _number(1, 1000),
    "vlans": read_vlans,
    "isolated": bool,
    "inbound": read_limit,
    "outbound": read_limit,
    "filter": str,
    "trusts_guest": bool,
}
