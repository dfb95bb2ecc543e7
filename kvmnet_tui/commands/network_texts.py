"""Texts that network commands read, edit and print: files, values, diffs."""

import asyncio
import os
import shlex
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from kvmnet_tui.commands.shop import can_ask, confirmed, refuse
from kvmnet_tui.controller import Controller
from kvmnet_tui.forms.form import Values, errors_of
from kvmnet_tui.forms.network_form import EditNetworkForm, NewNetworkForm
from kvmnet_tui.i18n import _
from kvmnet_tui.model.plugs import uses_of_network
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml.network_fields import (
    OWN_BRIDGE_MODES,
    VALUES,
    applies,
    read_mode,
    values_of,
)
from kvmnet_tui.netxml.network_values import ORDER
from kvmnet_tui.netxml.schema import schema_problem
from kvmnet_tui.netxml.syntax import make, parse
from kvmnet_tui.requests import Outcome, Request, RequestError
from kvmnet_tui.requests import networks as ask
from kvmnet_tui.requests.networks import NetworkRef

VALUE_NAMES = tuple(name for name in VALUES if name not in ("name", "mode"))
READ_SECONDS = 2.0
_YES, _NO = {"yes", "on", "true", "1"}, {"no", "off", "false", "0"}


async def with_routes(controller: Controller) -> HostState:
    """The picture with the host's routes, if it has any: they come a moment after the links."""
    await controller.until(lambda state: bool(state.routes), READ_SECONDS)
    return controller.state


async def with_functions(controller: Controller) -> HostState:
    """The picture with the cards that can be split, if there are any."""
    await controller.until(lambda state: bool(state.sriov), READ_SECONDS)
    return controller.state


def running_guests(state: HostState, network: Network) -> bool:
    """Whether a running guest is plugged in."""
    uses = uses_of_network(state, network)
    return any(use.guest.is_active and not use.coming for use in uses)


def read_document(file: str) -> tuple[str, str]:
    """A network's XML from a file, checked against the schema, and its name."""
    text = _read(file)
    problem = schema_problem(text)
    if problem is not None:
        raise RequestError(str(problem))
    return text, str(values_of(text)["name"])


def read_element(said: str) -> str:
    """XML from the command line, or from the file named there."""
    return said if said.lstrip().startswith("<") else _read(said)


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(_("{file} is no text in UTF-8.").format(file=file)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise RequestError(_("{file}: {reason}").format(file=file, reason=reason)) from error


def with_identity(xml: str, network: Network) -> str:
    """The XML with UUID and bridge's MAC of the network it is meant for, where it says none.

    libvirt would make up others, and the bridge's neighbours would have to learn it anew.
    """
    document = parse(xml, "network")
    root, old = document.root, parse(network.persistent_xml or network.xml, "network").root
    if root.first("uuid") is None:
        root.place(make("uuid", text=network.uuid), ORDER)
    mac = old.value("mac", "address")
    has_own = all(read_mode(each) in OWN_BRIDGE_MODES for each in (root, old))
    if mac and has_own and root.first("mac") is None:
        root.place(make("mac", {"address": mac}), ORDER)
    return str(document)


def new_network(
    state: HostState, name: str, mode: str, said: Sequence[str], options: Namespace
) -> Request:
    """What the wizard would ask for, given these answers; raises RequestError."""
    form = NewNetworkForm()
    values = {**form.initial(state), "name": name}
    for field, value in (("mode", mode), *_pairs(said)):
        values = dict(form.changed(state, {**values, field: value}, field))
    starts = {"start": options.start, "autostart": options.autostart}
    values |= {**starts, "stored": not options.transient}
    return _checked(form, state, values, said)


def changed_network(state: HostState, network: Network, said: Sequence[str]) -> Request:
    """The structured edit, given these values."""
    if not network.persistent:
        text = _("Network {name} is transient: nothing of it is stored.")
        raise RequestError(text.format(name=network.name))
    form = EditNetworkForm(network)
    values = dict(form.initial(state))
    for field, value in _pairs(said):
        values = dict(form.changed(state, {**values, field: value}, field))
    return _checked(form, state, values, said)


def _checked(form: Any, state: HostState, values: Values, said: Sequence[str]) -> Request:
    for field, _value in _pairs(said):
        if not applies(field, values["mode"]):
            text = _("{value} means nothing in mode {mode}.")
            raise RequestError(text.format(value=field, mode=values["mode"]))
    wrong = errors_of(form.findings(state, values))
    if wrong:
        first, *others = (f"{one.field}: {one.text}" if one.field else one.text for one in wrong)
        raise RequestError(first, tuple(others))
    request: Request = form.request(state, values)
    return request


def _pairs(said: Sequence[str]) -> list[tuple[str, Any]]:
    return [_pair(each) for each in said]


def _pair(said: str) -> tuple[str, Any]:
    """`mtu=1400` as field and value; raises RequestError."""
    name, equals, text = said.partition("=")
    if not equals or name not in VALUE_NAMES:
        known = ", ".join(VALUE_NAMES)
        raise RequestError(
            _("{said}: there are these values: {known}.").format(said=said, known=known)
        )
    none = VALUES[name].none
    if isinstance(none, bool):
        if text.lower() not in _YES | _NO:
            raise RequestError(_("{said}: yes or no belongs here.").format(said=said))
        return name, text.lower() in _YES
    if isinstance(none, tuple):
        return name, tuple(part.strip() for part in text.split(",") if part.strip())
    return name, "\n".join(part.strip() for part in text.split(";"))


def pin(network: Network, said: Namespace) -> ask.PinLease:
    """Whose address it is to be: as said, or who has it leased."""
    mac, duid, hostname = said.mac, said.duid, said.hostname
    if not mac and not duid:
        lease = next((one for one in network.leases if one.address == said.address), None)
        if lease is None:
            text = _("Nobody has {address} leased: say --mac or --duid.")
            raise RequestError(text.format(address=said.address))
        mac, duid = ("", lease.client_id) if ":" in lease.address else (lease.mac, "")
        hostname = hostname or lease.hostname
    return ask.PinLease(NetworkRef(network.uuid, network.name), said.address, mac, duid, hostname)


async def edited_until_accepted(
    network: Network, attempt: Callable[[str], Awaitable[Outcome]]
) -> Outcome | None:
    """Edit, try, and edit what was refused again as long as the user wants to; None: unchanged."""
    text = network.persistent_xml
    while True:
        try:
            text = await asyncio.get_running_loop().run_in_executor(None, _in_editor, text)
            if text == network.persistent_xml:
                return None
            problem = schema_problem(text)
            if problem is not None:
                raise RequestError(str(problem))
            return await attempt(text)
        except RequestError as error:
            if text == network.persistent_xml:
                raise
            _ask_again(error, text)


def _ask_again(error: RequestError, text: str) -> None:
    """Return when the user wants to; else the text is kept, and RequestError raised."""
    sentence, details = error.sentence, error.details
    if can_ask():
        refuse(error)
        if confirmed(_("Edit again what you have typed?")):
            return
        sentence, details = _("Nothing was changed."), ()
    where = _("What you typed is kept in {file}.").format(file=_kept(text))
    raise RequestError(sentence, (*details, where)) from error


def _in_editor(text: str) -> str:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="kvmnet-tui-") as folder:
        file = Path(folder) / "network.xml"
        file.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([*shlex.split(command), str(file)], check=False)
        except (OSError, ValueError) as error:  # ValueError: quotes that do not end
            said = _("The editor {command} cannot be started: {reason}.")
            reason = getattr(error, "strerror", None) or str(error)
            raise RequestError(said.format(command=command, reason=reason)) from error
        if done.returncode:
            said = _("The editor {command} failed with status {status}.")
            raise RequestError(said.format(command=command, status=done.returncode))
        return _read(str(file))


def _kept(text: str) -> str:
    handle, name = tempfile.mkstemp(prefix="kvmnet-tui-", suffix=".xml")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return name
