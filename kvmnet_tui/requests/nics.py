"""What can be done about guests' NICs."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from kvmnet_tui.i18n import _
from kvmnet_tui.requests import Request


class When(StrEnum):
    """When a change holds: in the running guest, from its next start on, or both."""

    NOW = "now"
    NEXT_START = "next-start"
    BOTH = "both"

    @property
    def is_live(self) -> bool:
        """Whether the running guest is changed."""
        return self is not When.NEXT_START

    @property
    def is_stored(self) -> bool:
        """Whether the stored configuration is changed."""
        return self is not When.NOW

    @property
    def flags(self) -> tuple[str, ...]:
        """Virsh's options for it."""
        live, stored = ("--live",), ("--config",)
        return (live if self.is_live else ()) + (stored if self.is_stored else ())


@dataclass(frozen=True, slots=True)
class NicName:
    """Which NIC of which guest: by its MAC, and its slot where a guest has one MAC twice."""

    guest: str  # UUID
    guest_name: str
    mac: str
    slot: str = ""


@dataclass(frozen=True, slots=True)
class AddNic(Request):
    """Plug in the NIC of this <interface>; with `watch` tell what happens afterwards."""

    guest: str  # UUID
    guest_name: str
    xml: str
    when: When = When.BOTH
    watch: bool = True

    @property
    def title(self) -> str:
        """What it does."""
        return _("Add a NIC to {guest}").format(guest=self.guest_name)


@dataclass(frozen=True, slots=True)
class ChangeNic(Request):
    """Give a NIC these settings, by their names in NicSettings.

    With `When.BOTH` what cannot change under a running guest comes at its next start.
    """

    nic: NicName
    settings: tuple[tuple[str, Any], ...]
    when: When = When.BOTH

    @property
    def title(self) -> str:
        """What it does."""
        names = [name for name, _value in self.settings]
        values = dict(self.settings)
        if names == ["link"]:
            text = _("Pull the cable of {mac} of {guest}")
            if values["link"] == "up":
                text = _("Plug the cable of {mac} of {guest} in again")
        elif names == ["source"]:
            text = _("Move NIC {mac} of {guest}")
        else:
            text = _("Change NIC {mac} of {guest}")
        return text.format(mac=self.nic.mac, guest=self.nic.guest_name)


@dataclass(frozen=True, slots=True)
class DetachNic(Request):
    """Unplug a NIC; a running guest must agree, for which it has `seconds`."""

    nic: NicName
    when: When = When.BOTH
    seconds: float = 30.0

    @property
    def title(self) -> str:
        """What it does."""
        return _("Detach NIC {mac} of {guest}").format(mac=self.nic.mac, guest=self.nic.guest_name)


@dataclass(frozen=True, slots=True)
class PingNic(Request):
    """Ask for a NIC's address and ping it; `address` "" takes the one that is known."""

    changes: ClassVar[bool] = False

    nic: NicName
    address: str = ""
    count: int = 4

    @property
    def title(self) -> str:
        """What it does."""
        return _("Reach NIC {mac} of {guest}").format(mac=self.nic.mac, guest=self.nic.guest_name)


@dataclass(frozen=True, slots=True)
class SeeNicChoices(Request):
    """What this host offers a NIC of the guest: see NicChoices for the outcome's record."""

    changes: ClassVar[bool] = False

    guest: str  # UUID
    guest_name: str

    @property
    def title(self) -> str:
        """What it does."""
        return _("Look up what a NIC of {guest} can be").format(guest=self.guest_name)


# Where the emulator cannot be asked.
USUAL_MODELS = ("virtio", "e1000e", "e1000", "rtl8139")


@dataclass(frozen=True, slots=True)
class NicChoices:
    """`models` in libvirt's words; `is_asked` says whether the emulator itself named them.

    `forwarding` are the MACs in the bridges' tables with their bridge and port, `functions` the
    host's SR-IOV virtual functions by address.
    """

    models: tuple[str, ...] = USUAL_MODELS
    is_asked: bool = False
    filters: tuple[str, ...] = ()
    forwarding: tuple[tuple[str, str, str], ...] = ()
    functions: tuple[tuple[str, str], ...] = ()
