"""Cells that several tables share: states, rates, addresses, yes and no."""

from collections.abc import Iterable

from kvmnet_tui.i18n import _
from kvmnet_tui.model.joins import SourcedAddress
from kvmnet_tui.model.links import Counters, Link, Rates
from kvmnet_tui.model.state import HostState
from kvmnet_tui.present.glyphs import glyphs
from kvmnet_tui.present.sentences import state_word
from kvmnet_tui.present.table import Cell, Field, Severity
from kvmnet_tui.present.text import clean
from kvmnet_tui.present.units import bytes_text, rate_text, sparkline

EMPTY = Cell("")
UNKNOWN = Cell("-", Severity.DIM)
SPARK_WIDTH = 8
LIVE_NUMBERS = frozenset({"rx", "tx", "spark", "received", "sent", "errors", "drops"})


def plain(text: str) -> Cell:
    """Text from the outside, made safe."""
    return Cell(clean(text)) if text else EMPTY


def dim(text: str) -> Cell:
    """Text from the outside that matters less."""
    return Cell(clean(text), Severity.DIM) if text else EMPTY


def or_dash(text: str) -> Cell:
    """Text from the outside, a dash where there is none."""
    return Cell(clean(text)) if text else UNKNOWN


def yes_no(value: bool) -> Cell:
    """`yes`, or a dim `no`."""
    return Cell(_("yes")) if value else Cell(_("no"), Severity.DIM)


def on_off(value: bool) -> Cell:
    """`on`, or a dim `off`."""
    return Cell(_("on")) if value else Cell(_("off"), Severity.DIM)


def good(text: str) -> Cell:
    """A state as it should be."""
    return Cell(f"{glyphs().up} {text}", Severity.OK)


def quiet(text: str) -> Cell:
    """A state that is off, and no fault."""
    return Cell(f"{glyphs().down} {text}", Severity.DIM)


def bad(text: str) -> Cell:
    """A state that is down and should not be."""
    return Cell(f"{glyphs().down} {text}", Severity.ERROR)


def flagged(text: str) -> Cell:
    """Something that somebody should look at."""
    return Cell(f"{glyphs().warning} {text}", Severity.WARNING)


def link_state(link: Link) -> Cell:
    """Up, without carrier, or down."""
    if not link.is_up:
        return quiet(_("down"))
    if not link.has_carrier and link.operstate != "unknown":
        return bad(_("no carrier"))
    return good(_("up"))


def mii_state(status: str) -> Cell:
    """A bond's or member's MII status with its sign."""
    if not status:
        return UNKNOWN
    word = state_word(status)
    if status == "up":
        return good(word)
    return bad(word) if status == "down" else flagged(word)


def rate_cells(rates: Rates | None) -> tuple[Cell, Cell, Cell]:
    """Received, sent, and both as a sparkline."""
    if rates is None:
        return UNKNOWN, UNKNOWN, EMPTY
    both = [sum(pair) for pair in zip(rates.rx_history, rates.tx_history, strict=False)]
    return (
        rate(rates.rx_bytes),
        rate(rates.tx_bytes),
        Cell(sparkline(both, SPARK_WIDTH), Severity.ACCENT if any(both) else Severity.DIM),
    )


def rate(per_second: float) -> Cell:
    """A rate in bytes a second, dim when nothing moves."""
    return Cell(rate_text(per_second), Severity.PLAIN if per_second else Severity.DIM)


def error_cells(counters: Counters | None) -> tuple[Cell, Cell]:
    """Errors and drops, both directions together."""
    if counters is None:
        return UNKNOWN, UNKNOWN
    return (
        count(counters.rx_errors + counters.tx_errors, Severity.ERROR),
        count(counters.rx_dropped + counters.tx_dropped, Severity.WARNING),
    )


def total_cells(counters: Counters | None) -> tuple[Cell, Cell]:
    """Received and sent since the link came to be."""
    if counters is None:
        return UNKNOWN, UNKNOWN
    return Cell(bytes_text(counters.rx_bytes)), Cell(bytes_text(counters.tx_bytes))


def link_number(state: HostState, link: Link | None, column: str) -> float:
    """The number behind a live column of a link."""
    index = link.index if link else 0
    rates = state.rates.get(index) or Rates(0.0)
    return live_number(rates, state.counters.get(index) or Counters(), column)


def live_number(rates: Rates, counters: Counters, column: str) -> float:
    """The number behind one of LIVE_NUMBERS."""
    return {
        "rx": rates.rx_bytes,
        "tx": rates.tx_bytes,
        "spark": rates.rx_bytes + rates.tx_bytes,
        "received": counters.rx_bytes,
        "sent": counters.tx_bytes,
        "errors": counters.rx_errors + counters.tx_errors,
        "drops": counters.rx_dropped + counters.tx_dropped,
    }[column]


def count(number: int, severity: Severity) -> Cell:
    """A count that should be zero."""
    return Cell(str(number), severity if number else Severity.DIM)


def sourced(addresses: Iterable[SourcedAddress]) -> str:
    """Addresses, each with who says so: `192.168.122.51/24 (lease)`."""
    return ", ".join(
        _("{address} ({source})").format(address=clean(one.address), source=source_word(one.source))
        for one in addresses
    )


def shown_addresses(addresses: Iterable[SourcedAddress]) -> list[SourcedAddress]:
    """What one wants to know first: IPv4, then IPv6; link-local ones only where nothing else is."""
    wanted = [one for one in addresses if not one.address.startswith(("127.", "::1/"))]
    routable = [one for one in wanted if not one.address.lower().startswith("fe80:")]
    return sorted(routable or wanted, key=lambda one: ":" in one.address)


def source_word(source: str) -> str:
    """Where an address is known from."""
    words = {"lease": _("lease"), "agent": _("agent"), "arp": _("ARP")}
    return words.get(source, source)


def counter_fields(counters: Counters | None) -> tuple[Field, ...]:
    """All totals, as `ip -s link` has them."""
    if counters is None:
        return ()
    return (
        Field(
            _("Received"),
            Cell(
                _("{size} in {packets} packets, {errors} errors, {drops} dropped").format(
                    size=bytes_text(counters.rx_bytes),
                    packets=counters.rx_packets,
                    errors=counters.rx_errors,
                    drops=counters.rx_dropped,
                )
            ),
        ),
        Field(
            _("Sent"),
            Cell(
                _("{size} in {packets} packets, {errors} errors, {drops} dropped").format(
                    size=bytes_text(counters.tx_bytes),
                    packets=counters.tx_packets,
                    errors=counters.tx_errors,
                    drops=counters.tx_dropped,
                )
            ),
        ),
        Field(
            _("Multicast, collisions"),
            Cell(f"{counters.multicast}, {counters.collisions}"),
        ),
    )


def marked(text: str, severity: Severity) -> Cell:
    """A sentence behind the sign of what it finds: fine, worth knowing, or in the way."""
    signs = glyphs()
    by_severity = {
        Severity.OK: signs.up,
        Severity.WARNING: signs.warning,
        Severity.ERROR: signs.wrong,
    }
    return Cell(f"{by_severity.get(severity, '-')} {text}", severity)
