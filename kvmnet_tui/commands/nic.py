"""`kvmnet-tui nic VERB`: what the Guests and NICs screens do, without a screen."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kvmnet_tui.commands import nic_answers as given
from kvmnet_tui.commands.shop import (
    DONE,
    Shop,
    confirmed,
    print_json,
    print_lines,
    print_text,
    refuse,
    tell,
)
from kvmnet_tui.controller import Controller
from kvmnet_tui.forms.form import Form, Values, errors_of
from kvmnet_tui.forms.nics import AddNicForm, ChangeNicForm, nic_pair
from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState, SourceName
from kvmnet_tui.model.virt import Guest
from kvmnet_tui.netxml.interface_virsh import detach_command
from kvmnet_tui.present.listing import section_lines, table_lines
from kvmnet_tui.present.nics import NicRow, NicsView
from kvmnet_tui.records import nic_records
from kvmnet_tui.requests import Outcome, Request, RequestError
from kvmnet_tui.requests.nics import (
    AddNic,
    DetachNic,
    NicChoices,
    NicName,
    PingNic,
    SeeNicChoices,
    When,
)

Said = argparse.Namespace
NEEDS = (SourceName.LIBVIRT, SourceName.KERNEL)
_RATES = frozenset({"rx", "tx", "rx_packets", "tx_packets", "spark"})


def add_arguments(parser: argparse.ArgumentParser, options: argparse.ArgumentParser) -> None:
    """The verbs."""
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar=_("VERB"), title=_("what to do")
    )

    def verb(name: str, text: str, *arguments: Callable[[argparse.ArgumentParser], None]) -> None:
        made = verbs.add_parser(
            name, parents=[options], allow_abbrev=False, help=text, description=text
        )
        for add in arguments:
            add(made)

    changes = (given.when, given.dry_run, given.as_json)
    verb("list", _("print all guests' NICs, or one guest's"), given.maybe_guest, given.as_json)
    verb(
        "add",
        _("plug a NIC into a guest and see what happens"),
        given.guest,
        given.source,
        given.settings,
        given.no_wait,
        *changes,
    )
    verb(
        "move",
        _("plug a NIC into another network or bridge"),
        given.guest,
        given.nic,
        given.source,
        *changes,
    )
    verb("set", _("change a NIC"), given.guest, given.nic, given.settings, *changes)
    verb("detach", _("unplug a NIC"), given.guest, given.nic, given.detaching, *changes)
    verb(
        "ping",
        _("reach a NIC with ARP and ping, or say why it cannot be"),
        given.guest,
        given.maybe_nic,
        given.pinging,
        given.as_json,
    )


def run(said: Said, shop: Shop) -> int:
    """Do what was said; the exit status."""
    try:
        if said.verb == "list":
            return _list(said, shop)
        return VERBS[said.verb](said, shop)
    except RequestError as error:
        return refuse(error)


# Looking.


def _list(said: Said, shop: Shop) -> int:
    state = shop.state(NEEDS)
    wanted = _guest(state, said.guest).uuid if said.guest else None
    if said.as_json:
        records = nic_records(state)
        print_json([one for one in records if wanted in (None, one["guest_uuid"])])
        return DONE
    view = NicsView()
    keys = [
        key for key in view.keys(state) if isinstance(key, NicRow) and wanted in (None, key.guest)
    ]
    shown = [at for at, column in enumerate(view.columns) if column.key not in _RATES]
    rows = [view.cells(state, key) for key in keys]
    columns = [view.columns[at] for at in shown]
    print_lines(table_lines(columns, [[row[at] for at in shown] for row in rows]))
    return DONE


def _ping(said: Said, shop: Shop) -> int:
    def build(state: HostState) -> Request:
        name = _nic(state, said.guest, said.nic)
        return PingNic(name, said.address or "", said.count)

    tell(shop.ask(build, NEEDS), as_json=said.as_json)
    return DONE


# Changing.


def _add(said: Said, shop: Shop) -> int:
    async def do(controller: Controller) -> Outcome | None:
        guest = _guest(controller.state, said.guest)
        choices = await _choices(controller, guest, lenient=said.dry_run)
        form = AddNicForm(guest.uuid, guest.name, choices, guest.is_active)
        values = {**form.initial(controller.state), **given.answered(said)}
        request = _checked(form, controller.state, values, said)
        if request is None:
            return None
        assert isinstance(request, AddNic)  # noqa: S101 - it is that form's
        return await controller.perform(replace(request, watch=not said.no_wait))

    return _told(shop.use(do, NEEDS), said)


def _change(said: Said, shop: Shop) -> int:
    async def do(controller: Controller) -> Outcome | None:
        state = controller.state
        name = _nic(state, said.guest, said.nic)
        guest = state.guests[name.guest]
        choices = await _choices(controller, guest, lenient=said.dry_run)
        form = ChangeNicForm(name, choices, guest.is_active, only_source=said.verb == "move")
        values = {**form.initial(state), **given.answered(said)}
        request = _checked(form, controller.state, values, said)
        return None if request is None else await controller.perform(request)

    return _told(shop.use(do, NEEDS), said)


def _detach(said: Said, shop: Shop) -> int:
    state = shop.state(NEEDS)
    name = _nic(state, said.guest, said.nic)
    guest = state.guests[name.guest]
    live, stored = nic_pair(guest, name)
    when = When(said.when)
    if said.dry_run:
        nic = live or stored
        kind = nic.type if nic else "network"
        command = detach_command(guest.name, kind, name.mac, when.flags)
        if said.as_json:
            print_json({"commands": [command]})
        else:
            print_lines((command,))
        return DONE
    request = DetachNic(name, when, said.seconds)
    if not said.yes and not confirmed(f"{request.title}?"):
        return 2
    tell(shop.ask(lambda _state: request, NEEDS), as_json=said.as_json)
    return DONE


VERBS: Mapping[str, Callable[[Said, Shop], int]] = {
    "add": _add,
    "move": _change,
    "set": _change,
    "detach": _detach,
    "ping": _ping,
}


def _checked(form: Form, state: HostState, values: Values, said: Said) -> Request | None:
    """The request that the answers make; None after a --dry-run, which prints what would be done.

    Raises RequestError for answers that the screens would not take either.
    """
    findings = form.findings(state, values)
    errors = errors_of(findings)
    if errors:
        raise RequestError(errors[0].text, tuple(one.text for one in errors[1:]))
    if not said.dry_run:
        return form.request(state, values)
    sections = form.preview(state, values)
    remarks = [one.text for one in findings]
    if said.as_json:
        parts = [{"title": one.title, "text": one.text} for one in sections if one.text]
        print_json({"parts": parts, "remarks": remarks})
    else:
        print_text("\n".join(section_lines(sections)))
        print_lines(remarks)
    return None


def _told(outcome: Outcome | None, said: Said) -> int:
    if outcome is not None:
        tell(outcome, as_json=said.as_json)
    return DONE


async def _choices(controller: Controller, guest: Guest, *, lenient: bool) -> NicChoices:
    """What the host offers; a dry run without the rights to ask takes the usual."""
    try:
        outcome = await controller.perform(SeeNicChoices(guest.uuid, guest.name))
    except RequestError:
        if not lenient:
            raise
        return NicChoices()
    choices: Any = outcome.record
    return choices if isinstance(choices, NicChoices) else NicChoices()


# Who is meant.


def _guest(state: HostState, name: str) -> Guest:
    for guest in state.guests.values():
        if name in (guest.name, guest.uuid):
            return guest
    raise RequestError(_("There is no guest called {name}.").format(name=name))


def _nic(state: HostState, guest_name: str, wanted: str) -> NicName:
    """A NIC by MAC, tap or number; without any the guest's only one."""
    guest = _guest(state, guest_name)
    nics = (*guest.nics, *guest.coming_nics)
    found = list(nics)
    if wanted:
        found = [
            nic
            for number, nic in enumerate(nics, 1)
            if wanted.lower() in (nic.mac.lower(), nic.device, str(number))
        ]
    if len(found) == 1:
        return NicName(guest.uuid, guest.name, found[0].mac, found[0].slot)
    if wanted and not found:
        text = _("{guest} has no NIC {name}: say its MAC, its tap or its number.")
        raise RequestError(text.format(guest=guest.name, name=wanted))
    text = _("{guest} has {count} NICs: say which by its MAC, its tap or its number.")
    raise RequestError(text.format(guest=guest.name, count=len(found)))
