"""What can be asked about virtual networks: everything `virsh net-*` does, and more. Pure."""

from dataclasses import dataclass

from kvmnet_tui.i18n import _
from kvmnet_tui.netxml.network_pins import Pin
from kvmnet_tui.requests import Request


@dataclass(frozen=True, slots=True)
class NetworkRef:
    """Which network: the UUID finds it, the name is what people call it."""

    uuid: str
    name: str


@dataclass(frozen=True, slots=True)
class StartNetwork(Request):
    """`virsh net-start`."""

    network: NetworkRef

    @property
    def title(self) -> str:
        """What it does."""
        return _("Start network {name}").format(name=self.network.name)


@dataclass(frozen=True, slots=True)
class StopNetwork(Request):
    """`virsh net-destroy`: guests keep their NICs, unplugged."""

    network: NetworkRef

    @property
    def title(self) -> str:
        """What it does."""
        return _("Stop network {name}").format(name=self.network.name)


@dataclass(frozen=True, slots=True)
class RestartNetwork(Request):
    """Stop, start, and plug the running guests' taps back into the new bridge."""

    network: NetworkRef

    @property
    def title(self) -> str:
        """What it does."""
        return _("Restart network {name}").format(name=self.network.name)


@dataclass(frozen=True, slots=True)
class SetNetworkAutostart(Request):
    """`virsh net-autostart`."""

    network: NetworkRef
    on: bool

    @property
    def title(self) -> str:
        """What it does."""
        text = (
            _("Start network {name} with the host")
            if self.on
            else _("Do not start network {name} with the host")
        )
        return text.format(name=self.network.name)


@dataclass(frozen=True, slots=True)
class DefineNetwork(Request):
    """`virsh net-define`, and what mostly follows; refused when the name is taken."""

    name: str
    xml: str
    start: bool = False
    autostart: bool = False

    @property
    def title(self) -> str:
        """What it does."""
        return _("Define network {name}").format(name=self.name)


@dataclass(frozen=True, slots=True)
class CreateNetwork(Request):
    """`virsh net-create`: a network that is gone when it stops."""

    name: str
    xml: str

    @property
    def title(self) -> str:
        """What it does."""
        return _("Create transient network {name}").format(name=self.name)


@dataclass(frozen=True, slots=True)
class UndefineNetwork(Request):
    """`virsh net-undefine`, and `net-destroy` before it when it is active."""

    network: NetworkRef

    @property
    def title(self) -> str:
        """What it does."""
        return _("Remove network {name}").format(name=self.network.name)


@dataclass(frozen=True, slots=True)
class RenameNetwork(Request):
    """Another name for an inactive network, with the same UUID and autostart."""

    network: NetworkRef
    new_name: str

    @property
    def title(self) -> str:
        """What it does."""
        text = _("Rename network {name} to {new}")
        return text.format(name=self.network.name, new=self.new_name)


@dataclass(frozen=True, slots=True)
class EditNetwork(Request):
    """Make the stored network what `xml` says, as far as possible at once.

    `base` is the stored text that was edited: when another client has changed it meanwhile,
    nothing is done.
    """

    network: NetworkRef
    base: str
    xml: str

    @property
    def title(self) -> str:
        """What it does."""
        return _("Change network {name}").format(name=self.network.name)


@dataclass(frozen=True, slots=True)
class UpdateNetwork(Request):
    """`virsh net-update`: one element, in virsh's words, live, stored or both."""

    network: NetworkRef
    command: str
    section: str
    xml: str
    parent: int = -1
    live: bool = True
    config: bool = True

    @property
    def title(self) -> str:
        """What it does."""
        return _("Update network {name}").format(name=self.network.name)


@dataclass(frozen=True, slots=True)
class PinLease(Request):
    """Give a MAC (or, for IPv6, a DUID) always the same address."""

    network: NetworkRef
    address: str
    mac: str = ""
    duid: str = ""
    hostname: str = ""

    @property
    def pin(self) -> Pin:
        """What it adds."""
        return Pin(self.address, self.mac, self.duid, self.hostname)

    @property
    def title(self) -> str:
        """What it does."""
        text = _("Pin {address} to {who}")
        return text.format(address=self.address, who=self.mac or self.duid)


@dataclass(frozen=True, slots=True)
class UnpinLease(Request):
    """Take a pin away, found by its address."""

    network: NetworkRef
    address: str

    @property
    def title(self) -> str:
        """What it does."""
        return _("Unpin {address}").format(address=self.address)


@dataclass(frozen=True, slots=True)
class RepairTaps(Request):
    """Plug taps that are in no bridge back into the one they belong in; () for all of them."""

    taps: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it does."""
        return _("Plug loose taps back in")
