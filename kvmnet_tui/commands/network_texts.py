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

from kvmnet_tui.commands.shop import confirmed
from kvmnet_tui.complaint import complain
from kvmnet_tui.controller import Controller
from kvmnet_tui.forms.form import Values, errors_of
from kvmnet_tui.forms.network_form import EditNetworkForm, NewNetworkForm
from kvmnet_tui.i18n import _
from kvmnet_tui.model.state import HostState
from kvmnet_tui.model.virt import Network
from kvmnet_tui.netxml.network_fields import MODES as ALL_MODES
from kvmnet_tui.netxml.network_fields import VALUES, values_of, written
from kvmnet_tui.netxml.network_plan import xml_diff
from kvmnet_tui.netxml.schema import schema_problem
from kvmnet_tui.netxml.syntax import make, parse
from kvmnet_tui.present.network_impact import impact_lines, loose_lines
from kvmnet_tui.present.network_leases import pins_of
from kvmnet_tui.present.plugs import plugs_of_network
from kvmnet_tui.requests import Outcome, Request, RequestError
from kvmnet_tui.requests import networks as ask
from kvmnet_tui.requests.networks import NetworkRef

MODES = ALL_MODES
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
    return any(plug.guest.is_active for plug in plugs_of_network(state, network))


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
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(_("{file}: {reason}").format(file=file, reason=error)) from error


def with_identity(xml: str, network: Network) -> str:
    """The XML with the UUID of the network it is meant for, where it says none."""
    document = parse(xml, "network")
    if document.root.first("uuid") is None:
        document.root.place(make("uuid", text=network.uuid), ("name", "uuid"))
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
    return _checked(form, state, values)


def changed_network(state: HostState, network: Network, said: Sequence[str]) -> Request:
    """The structured edit, given these values."""
    if not network.persistent:
        text = _("Network {name} is transient: nothing of it is stored.")
        raise RequestError(text.format(name=network.name))
    form = EditNetworkForm(network)
    values = dict(form.initial(state))
    for field, value in _pairs(said):
        values = dict(form.changed(state, {**values, field: value}, field))
    return _checked(form, state, values)


def _checked(form: Any, state: HostState, values: Values) -> Request:
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


def trial_text(state: HostState, request: Request) -> str:
    """What --dry-run prints: XML, a diff, or who is hit."""
    if isinstance(request, (ask.DefineNetwork, ask.CreateNetwork)):
        return request.xml
    if isinstance(request, ask.EditNetwork):
        return _diff(request.base, request.xml)
    if isinstance(request, ask.RepairTaps):
        return "\n".join(loose_lines(state)) or _("No tap is loose.")
    network = state.networks[request.network.uuid]  # type: ignore[attr-defined]
    return _trial_of(state, request, network)


def _trial_of(state: HostState, request: Request, network: Network) -> str:
    if isinstance(request, ask.RenameNetwork):
        old = network.persistent_xml or network.xml
        return _diff(old, written(old, {"name": request.new_name}))
    if isinstance(request, (ask.PinLease, ask.UnpinLease)):
        return _pin_diff(network, request)
    if isinstance(request, ask.UpdateNetwork):
        return f"{request.command} {request.section}\n{request.xml}"
    return "\n".join((f"{request.title}:", *impact_lines(state, network)))


def _diff(old: str, new: str) -> str:
    diff = xml_diff(old, new, (_("stored"), _("changed")))
    return diff or _("Nothing is changed yet.")


def _pin_diff(network: Network, request: ask.PinLease | ask.UnpinLease) -> str:
    old = network.persistent_xml or network.xml
    lines = str(values_of(old)["pins"]).splitlines()
    if isinstance(request, ask.UnpinLease):
        if request.address not in {one.address for one in pins_of(network)}:
            text = _("{address} is not pinned in network {name}.")
            raise RequestError(text.format(address=request.address, name=network.name))
        lines = [line for line in lines if request.address not in line.split()]
    else:
        who = request.mac or f"id:{request.duid}"
        lines.append(f"{who} {request.address} {request.hostname}".strip())
    return _diff(old, written(old, {"pins": "\n".join(lines)}))


async def edited_until_accepted(
    network: Network, attempt: Callable[[str], Awaitable[Outcome]]
) -> Outcome | None:
    """Edit, try, and edit what was refused again as long as the user wants to; None: unchanged."""
    text = network.persistent_xml
    while True:
        text = await asyncio.get_running_loop().run_in_executor(None, _in_editor, text)
        if text == network.persistent_xml:
            return None
        try:
            problem = schema_problem(text)
            if problem is not None:
                raise RequestError(str(problem))
            return await attempt(text)
        except RequestError as error:
            complain(error.sentence)
            if not confirmed(_("Edit again what you have typed?")):
                kept = _kept(text)
                where = _("What you typed is kept in {file}.").format(file=kept)
                raise RequestError(error.sentence, (*error.details, where)) from error


def _in_editor(text: str) -> str:
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="kvmnet-tui-") as folder:
        file = Path(folder) / "network.xml"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*editor, str(file)], check=True)
            return file.read_text(encoding="utf-8")
        except (OSError, subprocess.CalledProcessError, UnicodeDecodeError) as error:
            text = _("The editor failed: {reason}")
            raise RequestError(text.format(reason=error)) from error


def _kept(text: str) -> str:
    handle, name = tempfile.mkstemp(prefix="kvmnet-tui-", suffix=".xml")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return name
