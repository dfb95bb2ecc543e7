"""The source's own table of links and neighbours, kept up to date by the kernel's messages."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from kvmnet_tui.model.links import Address, Link, Neighbour
from kvmnet_tui.model.moments import Moment, Notice
from kvmnet_tui.sources.netlink import constants as c
from kvmnet_tui.sources.netlink.drivers import Device
from kvmnet_tui.sources.netlink.links import BODY, decode_link, link_index, link_notice
from kvmnet_tui.sources.netlink.records import AddressRecord, decode_address, decode_neighbour
from kvmnet_tui.sources.netlink.roles import Data, decode_port
from kvmnet_tui.sources.netlink.wire import HEADER_SIZE, U16, U32, MalformedError, messages

# Wireless extensions announce events in link messages that hold a name and little else. The
# kernel's full ones always hold statistics, which alone are longer than this.
_WHOLE_LINK: Final = 320
_PORT_KEY: Final = 1 << 32  # added to an index: the slot of its AF_BRIDGE message
_MOMENTS: Final = 128  # kept one by one between two pictures; of a flood only the newest count


@dataclass(slots=True)
class Changes:
    """What applying messages changed; `reborn` links were removed and made again meanwhile."""

    links: dict[int, Link | None] = field(default_factory=dict)
    neighbours: dict[tuple[int, str], Neighbour | None] = field(default_factory=dict)
    reborn: set[int] = field(default_factory=set)
    readdressed: set[int] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    moments: list[Moment] = field(default_factory=list)


class KernelTable:
    """Links with their addresses, and neighbours, as the kernel's messages tell of them.

    `keep` files a message away without decoding it, in place of an older one of the same object;
    `apply` decodes what is left, in the order of arrival. Of bonds, their members and the bridges
    above, messages are kept one by one, with the time each came: a failover is a matter of these.
    """

    def __init__(self) -> None:
        self.links: dict[int, Link] = {}
        self.neighbours: dict[tuple[int, str], Neighbour] = {}
        self.bad_messages = 0
        self.forwarding_touched = False
        self.vlans_unknown = False
        self._addresses: dict[int, dict[tuple[str, int], AddressRecord]] = {}
        self._waiting: dict[int | bytes, bytes] = {}
        self._bridges_touched: set[int] = set()
        self._followed: set[int] = set()
        self._journal: list[tuple[float, bytes]] = []

    # A complete reading, message by message.

    def load(self, kind: int, data: Data, start: int, end: int) -> None:
        """Decode one message of a dump at once."""
        try:
            if kind == c.RTM_NEWLINK:
                self._load_link(data, start, end)
            elif kind == c.RTM_NEWADDR:
                record = decode_address(data, start, end)
                self._addresses.setdefault(record.link_index, {})[record.key] = record
            elif kind == c.RTM_NEWNEIGH:
                neighbour = decode_neighbour(data, start, end)
                if neighbour.state:
                    self.neighbours[neighbour.link_index, neighbour.ip] = neighbour
        except MalformedError:
            self.bad_messages += 1

    def _load_link(self, data: Data, start: int, end: int) -> None:
        index = link_index(data, start, end)
        link = decode_link(data, start, end, None, self._address_tuple(index))
        if link is not None:
            self.links[index] = link
            self._follow(link)

    def load_port(self, data: Data, start: int, end: int) -> None:
        """Decode one message of an AF_BRIDGE dump: a port with its VLANs."""
        try:
            link = self.links.get(link_index(data, start, end))
            above = self.links.get(link.master) if link else None
            if link and above and above.bridge and above.bridge.vlan_filtering:
                self.links[link.index] = decode_port(data, start + BODY, end, link)
        except MalformedError:
            self.bad_messages += 1

    def with_devices(self, devices: Mapping[int, Device]) -> dict[int, Link]:
        """Note the devices of links by index; the links with them."""
        links = {
            index: replace(
                self.links[index],
                driver=device.driver,
                parent_device=self.links[index].parent_device or device.parent,
            )
            for index, device in devices.items()
            if index in self.links
        }
        self.links.update(links)
        return links

    # Filing: runs for every message of a flood, so it looks at fixed places only.

    def keep(self, data: bytes) -> None:
        """File what one receive brought."""
        for kind, _, start, end in messages(data, len(data)):
            message = data if end - start == len(data) else data[start:end]
            if end - start < HEADER_SIZE + 8:
                self.bad_messages += 1
            elif kind in (c.RTM_NEWLINK, c.RTM_DELLINK):
                self._keep_link(kind, message)
            elif kind in (c.RTM_NEWADDR, c.RTM_DELADDR):
                self._keep_newest(message[16:18] + message[20:44], message)
            elif kind in (c.RTM_NEWNEIGH, c.RTM_DELNEIGH):
                self._keep_neighbour(message)

    def _keep_link(self, kind: int, message: bytes) -> None:
        index = U32.unpack_from(message, HEADER_SIZE + 4)[0]
        waiting = self._waiting
        if message[HEADER_SIZE] == c.AF_BRIDGE:
            self._keep_newest(index + _PORT_KEY, message)
        elif message[HEADER_SIZE] != c.AF_UNSPEC:
            return
        elif kind == c.RTM_DELLINK:
            waiting.pop(index, None)
            waiting.pop(index + _PORT_KEY, None)
            self._keep_newest(-index, message)
        elif len(message) > _WHOLE_LINK:
            self._keep_newest(index, message)
            if index in self._followed and len(self._journal) < _MOMENTS:
                self._journal.append((time.time(), message))

    def _keep_neighbour(self, message: bytes) -> None:
        if message[HEADER_SIZE] == c.AF_BRIDGE:
            self.forwarding_touched = True
        else:
            self._keep_newest(message[16:17] + message[20:24] + message[28:48], message)

    def _keep_newest(self, key: int | bytes, message: bytes) -> None:
        self._waiting.pop(key, None)  # so that it moves to the end
        self._waiting[key] = message

    @property
    def is_waiting(self) -> bool:
        """Whether messages wait to be applied."""
        return bool(self._waiting)

    # Applying: what is left of the flood.

    def apply(self) -> Changes:
        """Decode what waits; what differs from before is told."""
        waiting, self._waiting = self._waiting, {}
        changes = Changes(moments=self._moments())
        for message in waiting.values():
            try:
                self._apply(message, changes)
            except MalformedError:
                self.bad_messages += 1
        for index in changes.readdressed:
            link = self.links.get(index)
            if link is not None:
                self._put(replace(link, addresses=self._address_tuple(index)), link, changes)
        self._forget_idle_vlans(changes)
        gone = {index for index, link in changes.links.items() if link is None} | changes.reborn
        if gone:
            self._forget_neighbours(gone, changes)
        return changes

    def take_touched_bridges(self) -> set[int]:
        """The bridges whose spanning tree may have moved since this was called last."""
        touched, self._bridges_touched = self._bridges_touched, set()
        return touched

    def _follow(self, link: Link) -> None:
        if link.bond or link.member:
            self._followed.add(link.index)
        if link.bond and link.master:
            self._followed.add(link.master)

    def _moments(self) -> list[Moment]:
        """What came about followed links, one by one; what says nothing new is left out."""
        journal, self._journal = self._journal, []
        newest: dict[int, Link] = {}
        moments: list[Moment] = []
        for at, message in journal:
            index = link_index(message, 0, len(message))
            old = newest.get(index) or self.links.get(index)
            try:
                link = decode_link(message, 0, len(message), old, old.addresses if old else ())
                notice = link_notice(message, 0, len(message))
            except MalformedError:
                continue  # counted when it is applied
            if link is not None and (link != old or notice is not Notice.NONE):
                newest[index] = link
                moments.append(Moment(at, link, notice))
        return moments

    def _apply(self, message: bytes, changes: Changes) -> None:
        kind = U16.unpack_from(message, 4)[0]
        if kind == c.RTM_NEWLINK:
            if message[HEADER_SIZE] == c.AF_BRIDGE:
                self._port_told(message, changes)
            else:
                self._link_told(message, changes)
        elif kind == c.RTM_DELLINK:
            if message[HEADER_SIZE] == c.AF_BRIDGE:
                self._port_left(message, changes)
            else:
                self._link_gone(message, changes)
        elif kind in (c.RTM_NEWADDR, c.RTM_DELADDR):
            self._address_told(kind, message, changes)
        else:
            self._neighbour_told(kind, message, changes)

    def _link_told(self, message: bytes, changes: Changes) -> None:
        index = link_index(message, 0, len(message))
        old = self.links.get(index)
        addresses = old.addresses if old else self._address_tuple(index)
        link = decode_link(message, 0, len(message), old, addresses)
        if link is None:
            return
        if changes.links.get(index, link) is None:
            changes.reborn.add(index)
        if old and old.bridge and link.bridge:
            switched = link.bridge.vlan_filtering != old.bridge.vlan_filtering
            self.vlans_unknown = self.vlans_unknown or switched
        self._put(link, old, changes)

    def _port_told(self, message: bytes, changes: Changes) -> None:
        old = self.links.get(link_index(message, 0, len(message)))
        if old is None:
            return
        link = decode_port(message, BODY, len(message), old)
        changes.ports.add(link.index)
        self._put(link, old, changes)
        bridge = self.links.get(link.master)
        if bridge is not None and bridge.bridge is not None and bridge.bridge.stp:
            self._bridges_touched.add(bridge.index)  # its root may be another; nobody tells

    def _port_left(self, message: bytes, changes: Changes) -> None:
        """A port left its bridge; the link itself lives on."""
        old = self.links.get(link_index(message, 0, len(message)))
        if old is not None and old.port is not None:
            self._put(replace(old, port=None, master=0), old, changes)

    def _link_gone(self, message: bytes, changes: Changes) -> None:
        index = link_index(message, 0, len(message))
        self._addresses.pop(index, None)
        self.links.pop(index, None)
        self._followed.discard(index)
        changes.links[index] = None

    def _address_told(self, kind: int, message: bytes, changes: Changes) -> None:
        record = decode_address(message, 0, len(message))
        known = self._addresses.setdefault(record.link_index, {})
        before = known.get(record.key)
        if kind == c.RTM_DELADDR:
            known.pop(record.key, None)
        else:
            if before is not None and before.order != record.order:
                del known[record.key]  # promoted from secondary: now the last of its new rank
            known[record.key] = record
        changes.readdressed.add(record.link_index)

    def _neighbour_told(self, kind: int, message: bytes, changes: Changes) -> None:
        neighbour = decode_neighbour(message, 0, len(message))
        key = (neighbour.link_index, neighbour.ip)
        if kind == c.RTM_NEWNEIGH and neighbour.state:
            if self.neighbours.get(key) != neighbour:
                self.neighbours[key] = changes.neighbours[key] = neighbour
        elif self.neighbours.pop(key, None) is not None:
            changes.neighbours[key] = None

    def _forget_idle_vlans(self, changes: Changes) -> None:
        """A bridge that does not filter ignores the VLANs its ports have all the same."""
        for index in changes.ports:
            link = self.links.get(index)
            if link is None or link.port is None or not link.port.vlans:
                continue
            above = self.links.get(link.master)
            if above is None or above.bridge is None or not above.bridge.vlan_filtering:
                self._put(replace(link, port=replace(link.port, vlans=())), link, changes)

    def _forget_neighbours(self, gone: set[int], changes: Changes) -> None:
        for key in [key for key in self.neighbours if key[0] in gone]:
            del self.neighbours[key]
            changes.neighbours[key] = None

    def _put(self, link: Link, old: Link | None, changes: Changes) -> None:
        if link != old:
            self.links[link.index] = changes.links[link.index] = link
            self._follow(link)

    def _address_tuple(self, index: int) -> tuple[Address, ...]:
        known = self._addresses.get(index)
        if not known:
            return ()
        return tuple(record.address for record in sorted(known.values(), key=_order))


def _order(record: AddressRecord) -> tuple[int, int, int, bytes]:
    return record.order
