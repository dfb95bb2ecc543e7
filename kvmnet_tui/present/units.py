"""Numbers as people read them: bytes, rates, ages, times, and sparklines of a history."""

import time
from collections.abc import Sequence
from datetime import datetime

from kvmnet_tui.i18n import _
from kvmnet_tui.present.glyphs import glyphs

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def bytes_text(count: float) -> str:
    """`1.4 MiB`: at most three digits, eight cells."""
    unit = 0
    while count >= 999.5 and unit < len(_UNITS) - 1:
        count /= 1024
        unit += 1
    if unit and count < 9.95:
        return f"{count:.1f} {_UNITS[unit]}"
    return f"{count:.0f} {_UNITS[unit]}"


def rate_text(per_second: float) -> str:
    """`1.4 MiB/s`."""
    return bytes_text(per_second) + "/s"


def speed_text(mbps: int | None) -> str:
    """A link speed in Mbit/s as `1 Gb/s`; empty when not known."""
    if mbps is None or mbps <= 0:
        return ""
    return f"{mbps / 1000:g} Gb/s" if mbps >= 1000 else f"{mbps} Mb/s"


def duration_text(seconds: float) -> str:
    """A length of time with its two largest units, or tenths of a second below ten."""
    if seconds < 10:
        return _("{seconds} s").format(seconds=f"{seconds:.1f}")
    whole = int(seconds)
    if whole < _MINUTE:
        return _("{seconds} s").format(seconds=whole)
    if whole < _HOUR:
        return _("{minutes} min {seconds} s").format(
            minutes=whole // _MINUTE, seconds=whole % _MINUTE
        )
    if whole < _DAY:
        return _("{hours} h {minutes} min").format(
            hours=whole // _HOUR, minutes=whole % _HOUR // _MINUTE
        )
    return _("{days} d {hours} h").format(days=whole // _DAY, hours=whole % _DAY // _HOUR)


def time_ms(at: float) -> str:
    """Local time of day with milliseconds, `12:01:02.345`."""
    seconds, milliseconds = divmod(round(at * 1000), 1000)
    return f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{milliseconds:03d}"


def clock_text(at: float) -> str:
    """Local time of day, `12:01`."""
    return time.strftime("%H:%M", time.localtime(at))


def date_time(at: float) -> str:
    """Local date and time as virsh prints a lease's expiry, `2018-05-25 12:01:02`."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def iso_time(at: float, timespec: str = "milliseconds") -> str:
    """ISO 8601 with the local offset, `2018-05-25T12:01:02.345+08:00`."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec=timespec)


def sparkline(history: Sequence[float], width: int) -> str:
    """The newest `width` values as bars against their own maximum."""
    shown = history[-width:]
    if not shown:
        return ""
    sparks = glyphs().sparks
    top = max(shown)
    if top <= 0:
        return sparks[0] * len(shown)
    scale = (len(sparks) - 1) / top
    return "".join([sparks[int(value * scale + 0.5)] for value in shown])
