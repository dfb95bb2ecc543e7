"""The DHCP client that goes with an address: another one asks on the link that takes it over.

The client that there is goes on unharmed during the trial, on a link that has no address any more;
it ends once the change is kept. None ever releases the lease, which is the same before and after.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from kvmnet_tui.change.backends.layout import Layout, Method
from kvmnet_tui.change.plan import Step, end_step, run_step
from kvmnet_tui.i18n import _

_SECONDS: Final = 65  # dhclient gives itself 60, unless it is configured otherwise


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


@dataclass(frozen=True)
class Dhclient:
    """ISC's client, with its files where a manager's own scripts look for them."""

    pid_file: str  # with {link}
    lease_file: str

    def ask(self, link: str) -> tuple[Step, ...]:
        """Once: who gets no answer is told so, and does not ask on in the background."""
        files = ("-lf", self.lease_file.format(link=link), "-pf", self.pid_file.format(link=link))
        argv = ("dhclient", "-1", "-q", *files, link)
        return (
            run_step(argv, _("ask for an address on {link}").format(link=link), seconds=_SECONDS),
        )

    def end(self, link: str) -> tuple[Step, ...]:
        """The process alone: `dhclient -r` would release the lease."""
        return (end_step(self.pid_file.format(link=link), link),)


class ByIfup:
    """Another client of ifupdown's choice: dhcpcd or udhcpc."""

    def ask(self, link: str) -> tuple[Step, ...]:
        """By a stanza of its own: that of the configuration would make bridges and bonds too."""
        return (ifupdown_step("ifup", link, "dhcp", seconds=_SECONDS),)

    def end(self, link: str) -> tuple[Step, ...]:
        """The process alone: `ifdown` would release the lease."""
        names = (f"udhcpc.{link}", f"dhcpcd-{link}", f"dhcpcd/{link}", f"dhcpcd/{link}-4")
        return tuple(end_step(f"/run/{name}.pid", link) for name in names)


def ifupdown_step(
    program: str, link: str, method: str, *, may_fail: bool = False, seconds: int = 30
) -> Step:
    """`ifup` or `ifdown` by a stanza that is fed to it."""
    argv = (program, "--force", "-i", "/dev/stdin", link)
    text = f"iface {link} inet {method}\n"
    return run_step(argv, f"{program} {link}", text=text, may_fail=may_fail, seconds=seconds)
