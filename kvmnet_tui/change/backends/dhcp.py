"""The DHCP client that goes with an address: another one asks on the link that takes it over.

The client that there is goes on unharmed during the trial, on a link that has no address any more;
it ends once the change is kept. None ever releases the lease, which is the same before and after.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from kvmnet_tui.change.backends.layout import Layout, Method
from kvmnet_tui.change.plan import Step, end_step, run_step

_SECONDS: Final = 60  # what dhclient gives itself, unless it is configured otherwise


class Client(Protocol):
    """How one keeper of configuration has a DHCP client run."""

    def ask(self, link: str) -> tuple[Step, ...]:
        """Ask for an address on a link, and go on renewing it."""

    def end(self, link: str) -> tuple[Step, ...]:
        """End the client of a link, if there is one, and keep its lease."""


@dataclass(frozen=True)
class HandOver:
    """Steps for the trial, its rollback and its commit; `leased` are links that asked before."""

    ask: tuple[Step, ...] = ()
    call_off: tuple[Step, ...] = ()
    end: tuple[Step, ...] = ()
    leased: tuple[str, ...] = ()


def hand_over(layout: Layout, client: Client | None, is_leased: Callable[[str], bool]) -> HandOver:
    """Who asks for an address goes on asking on the link that takes it over."""
    if client is None:
        return HandOver()
    asking = tuple(_askers(layout, is_leased))
    return HandOver(
        tuple(step for link, _source in asking for step in client.ask(link)),
        tuple(step for link, _source in asking for step in client.end(link)),
        tuple(step for _link, source in asking for step in client.end(source)),
        tuple(source for _link, source in asking if is_leased(source)),
    )


def _askers(layout: Layout, is_leased: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """The links that will ask, each with the one whose address it takes over."""
    takers = (
        *((made.name, made.addresses) for made in layout.made),
        *((freed.link, freed.addresses) for freed in layout.freed),
    )
    for link, addresses in takers:
        goes_on_asking = addresses.method is Method.INHERIT and is_leased(addresses.source)
        if addresses.method is Method.DHCP or goes_on_asking:
            yield link, addresses.source


class Ifup:
    """ifupdown runs whichever client is installed; what it says of a link is fed to it."""

    def ask(self, link: str) -> tuple[Step, ...]:
        """A stanza of its own: that of the configuration would make bridges and bonds too."""
        said = f"ask for an address on {link}"
        return (_ifupdown("ifup", link, "dhcp", say=said, seconds=_SECONDS),)

    def end(self, link: str) -> tuple[Step, ...]:
        """`ifdown` would release the lease: it is left to forget the link."""
        files = (
            f"/run/dhclient.{link}.pid",
            f"/run/udhcpc.{link}.pid",
            f"/run/dhcpcd-{link}.pid",
            f"/run/dhcpcd/{link}.pid",
        )
        return (*(end_step(file, link) for file in files), self.forget(link))

    def know(self, link: str) -> Step:
        """Count a link among those that are up: `ifdown` would not touch it otherwise."""
        return _ifupdown("ifup", link, "manual", may_fail=True)

    def forget(self, link: str) -> Step:
        """Count a link among those that are down."""
        return _ifupdown("ifdown", link, "manual", may_fail=True)


class Dhclient:
    """The client of network.service, with the files where its scripts look for them."""

    def ask(self, link: str) -> tuple[Step, ...]:
        """As `ifup-eth` does."""
        lease = f"/var/lib/dhclient/dhclient--{link}.lease"
        argv = ("dhclient", "-1", "-q", "-lf", lease, "-pf", _pid_file(link), link)
        return (run_step(argv, f"ask for an address on {link}", seconds=_SECONDS + 5),)

    def end(self, link: str) -> tuple[Step, ...]:
        """The process alone: `dhclient -r` would release the lease."""
        return (end_step(_pid_file(link), link),)


def _pid_file(link: str) -> str:
    return f"/var/run/dhclient-{link}.pid"


def _ifupdown(
    program: str,
    link: str,
    method: str,
    *,
    say: str = "",
    may_fail: bool = False,
    seconds: int = 30,
) -> Step:
    argv = (program, "--force", "-i", "/dev/stdin", link)
    text = f"iface {link} inet {method}\n"
    return run_step(argv, say or f"{program} {link}", text=text, may_fail=may_fail, seconds=seconds)
