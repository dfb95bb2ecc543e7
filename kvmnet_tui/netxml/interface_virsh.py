"""The virsh commands that do the same as a request does. Pure."""

import shlex
from collections.abc import Iterator

from kvmnet_tui.model.nic_settings import SETTINGS, Bandwidth, NicSettings, NicSource, SourceKind

# `virsh attach-interface` takes these kinds, and has options for these settings.
_KINDS = frozenset({SourceKind.NETWORK, SourceKind.BRIDGE, SourceKind.DIRECT, SourceKind.HOSTDEV})
_OPTIONS = frozenset({"source", "mac", "model", "inbound", "outbound"})
_PLAIN = NicSettings(NicSource(SourceKind.USER))

NIC_FILE = "nic.xml"


def attach_command(guest: str, settings: NicSettings, flags: tuple[str, ...]) -> str:
    """`virsh attach-interface ...`; `virsh attach-device` where that has no options for it."""
    if inexpressible(settings):
        return _line("attach-device", guest, NIC_FILE, *flags)
    source = settings.source
    words = ["attach-interface", guest, source.kind.value, source.name]
    if source.kind is SourceKind.DIRECT:
        words += ["--source-mode", source.mode]
    if source.kind is SourceKind.HOSTDEV:
        words.append("--managed")
    for option, value in _valued(settings):
        words += [option, value]
    return _line(*words, *flags)


def inexpressible(settings: NicSettings) -> tuple[str, ...]:
    """The settings that `virsh attach-interface` has no options for."""
    missing = [
        name
        for name in SETTINGS
        if name not in _OPTIONS and getattr(settings, name) != getattr(_PLAIN, name)
    ]
    if settings.source.kind not in _KINDS or settings.source.portgroup:
        missing.insert(0, "source")
    return tuple(missing)


def update_command(guest: str, flags: tuple[str, ...]) -> str:
    """`virsh update-device`, with the <interface> as it shall be in a file."""
    return _line("update-device", guest, NIC_FILE, *flags)


def link_command(guest: str, mac: str, link: str, flags: tuple[str, ...]) -> str:
    """`virsh domif-setlink`."""
    return _line("domif-setlink", guest, mac, link, *flags)


def bandwidth_command(
    guest: str,
    mac: str,
    inbound: Bandwidth | None,
    outbound: Bandwidth | None,
    flags: tuple[str, ...],
) -> str:
    """`virsh domiftune`; zeros lift the limit."""
    limits = ["--inbound", _limit(inbound), "--outbound", _limit(outbound)]
    return _line("domiftune", guest, mac, *limits, *flags)


def detach_command(guest: str, kind: str, mac: str, flags: tuple[str, ...]) -> str:
    """`virsh detach-interface`."""
    return _line("detach-interface", guest, kind, "--mac", mac, *flags)


def edit_command(guest: str) -> str:
    """`virsh edit`, for what no other command can change."""
    return _line("edit", guest)


def _valued(settings: NicSettings) -> Iterator[tuple[str, str]]:
    if settings.mac:
        yield "--mac", settings.mac
    if settings.model:
        yield "--model", settings.model
    for option, limit in (("--inbound", settings.inbound), ("--outbound", settings.outbound)):
        if limit is not None:
            yield option, _limit(limit)


def _limit(limit: Bandwidth | None) -> str:
    if limit is None:
        return "0"
    numbers = [limit.average, limit.peak, limit.burst]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return ",".join(map(str, numbers))


def _line(*words: str) -> str:
    return shlex.join(("virsh", *words))
