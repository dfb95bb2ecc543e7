"""What can be done with a guest's NIC."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

from kvmnet_tui.i18n import N_, _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Guest, Nic
from kvmnet_tui.present.nics import found_nic
from kvmnet_tui.screens.actions import Action

if TYPE_CHECKING:
    from kvmnet_tui.requests.nics import NicChoices, NicName
    from kvmnet_tui.screens.desk import Desk

# ruff: noqa: PLC0415 - forms and requests are loaded when an action starts, not with the footer


def nic_of(state: HostState, key: Hashable | None) -> tuple[Guest | None, Nic | None]:
    """The guest and NIC of a row."""
    return found_nic(state, key)


def needs_nic(state: HostState, key: Hashable | None) -> str:
    """Why there is no NIC to do anything with."""
    _guest, nic = nic_of(state, key)
    return "" if nic is not None else _("Choose a NIC's row.")


def needs_guest(state: HostState, key: Hashable | None) -> str:
    """Why there is no guest to add a NIC to."""
    guest = getattr(key, "guest", None)
    return "" if guest in state.guests else _("Choose a guest's row.")


def _why_no_cable(state: HostState, key: Hashable | None) -> str:
    _guest, nic = nic_of(state, key)
    if nic is not None and nic.type == "hostdev":
        return _("The NIC is a device of the guest's own: its cable is a real one.")
    return needs_nic(state, key)


async def add(desk: "Desk", key: Hashable | None) -> None:
    """The add-NIC wizard."""
    from kvmnet_tui.forms.nics import AddNicForm

    guest = desk.state.guests.get(getattr(key, "guest", ""))
    if guest is None:
        return
    choices = await _choices(desk, guest)
    if choices is not None:
        await desk.run_form(AddNicForm(guest.uuid, guest.name, choices, guest.is_active))


async def change(desk: "Desk", key: Hashable | None) -> None:
    """All of a NIC's settings."""
    await _change(desk, key, only_source=False)


async def move(desk: "Desk", key: Hashable | None) -> None:
    """What a NIC is plugged into."""
    await _change(desk, key, only_source=True)


async def _change(desk: "Desk", key: Hashable | None, *, only_source: bool) -> None:
    from kvmnet_tui.forms.nics import ChangeNicForm

    guest, nic = nic_of(desk.state, key)
    if guest is None or nic is None:
        return
    choices = await _choices(desk, guest)
    if choices is not None:
        form = ChangeNicForm(_name(guest, nic), choices, guest.is_active, only_source)
        await desk.run_form(form)


async def toggle_link(desk: "Desk", key: Hashable | None) -> None:
    """Pull the cable, or plug it in again."""
    from kvmnet_tui.requests.nics import ChangeNic
    from kvmnet_tui.screens.dialogs import Question

    guest, nic = nic_of(desk.state, key)
    if guest is None or nic is None:
        return
    link = "down" if nic.link == "up" else "up"
    request = ChangeNic(_name(guest, nic), (("link", link),))
    lines = (
        *_who(desk.state, guest, nic),
        _("The guest sees its cable out, until it is plugged in again the same way."),
    )
    question = Question(f"{request.title}?", lines, yes=_("pull it"))
    if link == "up" or await desk.confirm(question):
        await desk.perform(request)


async def detach(desk: "Desk", key: Hashable | None) -> None:
    """Unplug a NIC, now, from the next start on, or both."""
    from kvmnet_tui.forms.nic_steps import when_options
    from kvmnet_tui.forms.nics import nic_pair
    from kvmnet_tui.requests.nics import DetachNic, When
    from kvmnet_tui.screens.dialogs import Question

    guest, nic = nic_of(desk.state, key)
    if guest is None or nic is None:
        return
    name = _name(guest, nic)
    live, stored = nic_pair(guest, name)
    when = When.BOTH if live and stored else When.NOW if live else When.NEXT_START
    if when is When.BOTH:
        chosen = await desk.choose(DetachNic(name).title, when_options())
        if chosen is None:
            return
        when = When(chosen)
    request = DetachNic(name, when)
    lines = [*_who(desk.state, guest, nic)]
    if when.is_live:
        lines.append(_("The running guest loses this connection; its system must agree first."))
    if await desk.confirm(Question(f"{request.title}?", tuple(lines), _("detach"), danger=True)):
        await desk.perform(request)


async def ping(desk: "Desk", key: Hashable | None) -> None:
    """Try to reach a NIC, and say why when it cannot be."""
    from kvmnet_tui.requests.nics import PingNic

    guest, nic = nic_of(desk.state, key)
    if guest is not None and nic is not None:
        await desk.perform(PingNic(_name(guest, nic)))


def _name(guest: Guest, nic: Nic) -> "NicName":
    from kvmnet_tui.requests.nics import NicName

    return NicName(guest.uuid, guest.name, nic.mac, nic.slot)


def _who(state: HostState, guest: Guest, nic: Nic) -> tuple[str, ...]:
    """What a question is about: the NIC, what it is plugged into and its addresses."""
    from kvmnet_tui.present.cells import shown_addresses
    from kvmnet_tui.present.nic_detail import source_text

    known = shown_addresses(state.address_book.addresses_of(nic.mac))
    parts = [guest.name, nic.device, source_text(nic), *(one.address for one in known)]
    return (", ".join(part for part in parts if part),)


async def _choices(desk: "Desk", guest: Guest) -> "NicChoices | None":
    from kvmnet_tui.requests.nics import NicChoices, SeeNicChoices

    outcome = await desk.perform(SeeNicChoices(guest.uuid, guest.name), quietly=True)
    if outcome is None:
        return None
    return outcome.record if isinstance(outcome.record, NicChoices) else NicChoices()


ACTIONS = (
    Action("n", N_("add NIC"), add, needs_guest, in_footer=True),
    Action("e", N_("change NIC"), change, needs_nic, in_footer=True),
    Action("m", N_("move NIC to another network or bridge"), move, needs_nic),
    Action("c", N_("pull the cable or plug it in"), toggle_link, _why_no_cable),
    Action("d", N_("detach NIC"), detach, needs_nic),
    Action("t", N_("ping NIC"), ping, needs_nic, changes=False, in_footer=True),
)
