"""SR-IOV: network cards that can be split, and the parts that guests are given."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VirtualFunction:
    """One part of a card. `address` is its PCI address (`0000:3b:02.1`), `link` its link, if any.

    `driver` is vfio-pci while a guest has it.
    """

    number: int
    address: str
    link: str = ""
    driver: str = ""


@dataclass(frozen=True, slots=True)
class PhysicalFunction:
    """A card that can have `total` virtual functions, and those that it has now."""

    link: str
    address: str
    total: int
    driver: str = ""
    functions: tuple[VirtualFunction, ...] = ()
