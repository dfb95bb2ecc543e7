"""libvirt's events: which are asked for, and what each says happened."""

import time
from collections.abc import Callable
from typing import Any

import libvirt

from kvmnet_tui.model.timeline import Kind
from kvmnet_tui.sources.virt.changes import Notice

Notify = Callable[[Notice], None]

_NETWORK_KINDS = {
    libvirt.VIR_NETWORK_EVENT_DEFINED: Kind.NETWORK_DEFINED,
    libvirt.VIR_NETWORK_EVENT_UNDEFINED: Kind.NETWORK_UNDEFINED,
    libvirt.VIR_NETWORK_EVENT_STARTED: Kind.NETWORK_STARTED,
    libvirt.VIR_NETWORK_EVENT_STOPPED: Kind.NETWORK_STOPPED,
}

_GUEST_KINDS = {
    libvirt.VIR_DOMAIN_EVENT_DEFINED: Kind.GUEST_DEFINED,
    libvirt.VIR_DOMAIN_EVENT_UNDEFINED: Kind.GUEST_UNDEFINED,
    libvirt.VIR_DOMAIN_EVENT_STARTED: Kind.GUEST_STARTED,
    libvirt.VIR_DOMAIN_EVENT_SUSPENDED: Kind.GUEST_PAUSED,
    libvirt.VIR_DOMAIN_EVENT_RESUMED: Kind.GUEST_RESUMED,
    libvirt.VIR_DOMAIN_EVENT_STOPPED: Kind.GUEST_STOPPED,
    libvirt.VIR_DOMAIN_EVENT_PMSUSPENDED: Kind.GUEST_PAUSED,
    libvirt.VIR_DOMAIN_EVENT_CRASHED: Kind.GUEST_CRASHED,
}

# The events after which a guest is only looked at again; older libraries lack the last.
_LOOK_AGAIN = (
    "VIR_DOMAIN_EVENT_ID_DEVICE_ADDED",
    "VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED",
    "VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED",
    "VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE",
    "VIR_DOMAIN_EVENT_ID_TUNABLE",
    "VIR_DOMAIN_EVENT_ID_NIC_MAC_CHANGE",
)


class Subscriptions:
    """The events of one connection; `notify` is called on the event loop."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._undo: list[Callable[[], object]] = []

    def subscribe(self, virt: Any) -> None:
        """Ask for every event this library and driver have; in the connection's thread."""
        self._networks(virt, "VIR_NETWORK_EVENT_ID_LIFECYCLE", self._network_lifecycle)
        self._networks(virt, "VIR_NETWORK_EVENT_ID_METADATA_CHANGE", self._network_changed)
        self._guests(virt, "VIR_DOMAIN_EVENT_ID_LIFECYCLE", self._guest_lifecycle)
        for name in _LOOK_AGAIN:
            self._guests(virt, name, self._guest_changed)

    def unsubscribe(self, _virt: Any) -> None:
        """Ask for none any more; in the connection's thread."""
        undo, self._undo = self._undo, []
        for each in undo:
            _tried(each)

    def _networks(self, virt: Any, name: str, callback: Callable[..., None]) -> None:
        event = getattr(libvirt, name, None)
        if event is None:
            return
        number = _tried(lambda: virt.networkEventRegisterAny(None, event, callback, None))
        if number is not None:
            self._undo.append(lambda: virt.networkEventDeregisterAny(number))

    def _guests(self, virt: Any, name: str, callback: Callable[..., None]) -> None:
        event = getattr(libvirt, name, None)
        if event is None:
            return
        number = _tried(lambda: virt.domainEventRegisterAny(None, event, callback, None))
        if number is not None:
            self._undo.append(lambda: virt.domainEventDeregisterAny(number))

    def _network_lifecycle(self, _virt: Any, net: Any, event: int, *_rest: Any) -> None:
        self._say(is_guest=False, subject=net, kind=_NETWORK_KINDS.get(event))

    def _network_changed(self, _virt: Any, net: Any, *_rest: Any) -> None:
        self._say(is_guest=False, subject=net, kind=Kind.NETWORK_CHANGED)

    def _guest_lifecycle(self, _virt: Any, dom: Any, event: int, detail: int, *_rest: Any) -> None:
        kind = _GUEST_KINDS.get(event)
        if kind is Kind.GUEST_STOPPED and detail == libvirt.VIR_DOMAIN_EVENT_STOPPED_CRASHED:
            kind = Kind.GUEST_CRASHED
        self._say(is_guest=True, subject=dom, kind=kind)

    def _guest_changed(self, _virt: Any, dom: Any, *_rest: Any) -> None:
        self._say(is_guest=True, subject=dom, kind=None)

    def _say(self, *, is_guest: bool, subject: Any, kind: Kind | None) -> None:
        notice = Notice(time.time(), is_guest, subject.UUIDString(), subject.name(), kind)
        self._notify(notice)


def _tried(function: Callable[[], Any]) -> Any:
    """The answer, or None where the driver does not know the event or the connection is gone."""
    try:
        return function()
    except libvirt.libvirtError:
        return None
