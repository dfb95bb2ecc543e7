"""What this host offers a NIC: the emulator's models, filters, virtual functions, MACs in use."""

import subprocess
import xml.etree.ElementTree as ET
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libvirt

from kvmnet_tui.i18n import _
from kvmnet_tui.netxml.emulator import models_in, virtual_function
from kvmnet_tui.requests import Context, Outcome
from kvmnet_tui.requests.nics import USUAL_MODELS, NicChoices, SeeNicChoices
from kvmnet_tui.sources.netlink.reading import read_forwarding
from kvmnet_tui.sources.threads import call_in_thread
from kvmnet_tui.sources.virt.address import is_local_daemon
from kvmnet_tui.sources.virt.perform.nic_handles import find_guest

if TYPE_CHECKING:
    from kvmnet_tui.sources.virt.caller import VirtCaller

HELP_SECONDS = 10.0


async def see(caller: "VirtCaller", request: SeeNicChoices, context: Context) -> Outcome:
    """Ask libvirt, the emulator and the kernel; what cannot be had is left out."""
    asked = await caller.call(lambda virt: _of_libvirt(virt, request))
    emulator, filters, functions = asked
    models: tuple[str, ...] = ()
    if emulator and is_local_daemon(caller.uri):
        models = await call_in_thread("emulator", lambda: offered_models(emulator))
    state = context.state
    bridges = [link.index for link in state.links.values() if link.kind == "bridge"]
    forwarding = []
    for bridge, entries in (await read_forwarding(bridges)).items():
        for entry in entries:
            port = state.links.get(entry.port_index)
            names = (state.links[bridge].name, port.name if port else "")
            forwarding.append((entry.mac, *names))
    choices = NicChoices(
        models or USUAL_MODELS, bool(models), filters, tuple(forwarding), functions
    )
    return Outcome(_("Looked up."), record=choices)


def offered_models(emulator: str) -> tuple[str, ...]:
    """The network cards that this emulator has, in libvirt's words; () when it does not say."""
    if not Path(emulator).is_absolute():
        return ()
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            [emulator, "-device", "help"],
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
            timeout=HELP_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        return models_in(done.stdout + done.stderr)
    return ()


def _of_libvirt(
    virt: Any, request: SeeNicChoices
) -> tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]:
    guest = find_guest(virt, request.guest, request.guest_name)
    emulator = ET.fromstring(guest.XMLDesc(0)).findtext("devices/emulator", "")  # noqa: S314
    filters: tuple[str, ...] = ()
    functions: tuple[tuple[str, str], ...] = ()
    with suppress(libvirt.libvirtError):
        filters = tuple(sorted(each.name() for each in virt.listAllNWFilters(0)))
    with suppress(libvirt.libvirtError):
        pci = libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV
        found = (virtual_function(each.XMLDesc(0)) for each in virt.listAllDevices(pci))
        functions = tuple(sorted(one for one in found if one is not None))
    return emulator, filters, functions
