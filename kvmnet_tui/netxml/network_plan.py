"""How an edited <network> is put into effect: which parts libvirt takes while it runs. Pure.

libvirt 9.0 updates DHCP hosts and ranges, DNS hosts, texts and services, portgroups and forward
interfaces in place (virNetworkUpdate). It refuses its own sections `bridge`, `domain`, `ip`,
`forward`, `forward-pf` and `dns`; those, and whatever else, are redefined and wait for a restart.
"""

import difflib
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from kvmnet_tui.i18n import _
from kvmnet_tui.netxml.network_addresses import subnet_of
from kvmnet_tui.netxml.reading import XmlProblem
from kvmnet_tui.netxml.syntax import Element, make, parse

ADD, MODIFY, DELETE = "add", "modify", "delete"
COMMANDS = (ADD, "add-first", "add-last", DELETE, MODIFY)  # of `virsh net-update`
# Its sections, and the element that each is about.
SECTION_TAGS = {
    "bridge": "bridge",
    "domain": "domain",
    "ip": "ip",
    "ip-dhcp-host": "host",
    "ip-dhcp-range": "range",
    "forward": "forward",
    "forward-interface": "interface",
    "forward-pf": "pf",
    "portgroup": "portgroup",
    "dns-host": "host",
    "dns-txt": "txt",
    "dns-srv": "srv",
}


@dataclass(frozen=True, slots=True)
class Update:
    """One call of virNetworkUpdate, in virsh's words; `undo` is the XML that `modify` replaces.

    `parent` is the position of the <ip> it belongs to, -1 for none.
    """

    command: str
    section: str
    xml: str
    parent: int = -1
    undo: str = ""

    @property
    def inverse(self) -> "Update":
        """What takes it back."""
        if self.command == MODIFY:
            return Update(MODIFY, self.section, self.undo, self.parent, self.xml)
        command = DELETE if self.command == ADD else ADD
        return Update(command, self.section, self.xml, self.parent)


@dataclass(frozen=True, slots=True)
class EditPlan:
    """What differs: `updates` go live, `redefined` names the elements that cannot."""

    updates: tuple[Update, ...] = ()
    redefined: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not self.updates and not self.redefined


@dataclass(frozen=True, slots=True)
class _Section:
    """A list that libvirt updates; with `can_modify` elements of one `key` are changed in place."""

    name: str
    path: tuple[str, ...]
    key: Callable[[Element], Hashable]
    can_modify: bool = False


def _named(element: Element) -> Hashable:
    return element.get("name")


def _known_host(element: Element) -> Hashable:
    """By what libvirt finds the host to modify; one known by DUID is not found."""
    return element.get("mac").lower() or (not element.get("id") and element.get("name"))


_OF_ROOT = (
    _Section("portgroup", ("portgroup",), _named, can_modify=True),
    _Section("dns-host", ("dns", "host"), lambda element: element.get("ip")),
    _Section("dns-txt", ("dns", "txt"), _named),
    _Section("dns-srv", ("dns", "srv"), lambda element: element.get("service")),
)
_OF_IP = (
    _Section("ip-dhcp-range", ("dhcp", "range"), lambda element: element.get("start")),
    _Section("ip-dhcp-host", ("dhcp", "host"), _known_host, can_modify=True),
)


def edit_plan(old: str, new: str) -> EditPlan:
    """What it takes to make a network of `old` one of `new`; raises XmlProblem."""
    before, after = parse(old, "network").root, parse(new, "network").root
    updates = [*_updates_of(_OF_ROOT, before, after), *_of_devices(before, after)]
    ips = _common_ips(before, after)
    for position, (ip_before, ip_after) in enumerate(ips):
        updates += _updates_of(_OF_IP, ip_before, ip_after, position)
    # What is taken away makes room for what comes: a name, an address, a range.
    updates.sort(key=lambda update: (DELETE, MODIFY, ADD).index(update.command))
    for root in (before, after):
        _strip(root, bool(ips))
    return EditPlan(tuple(updates), tuple(_differing(before, after)))


def differs(live: str, stored: str) -> bool:
    """Whether a running network is not as it is stored; guests' connections do not count."""
    return not edit_plan(live, stored).is_empty


def xml_diff(old: str, new: str, names: tuple[str, str] = ("", "")) -> str:
    """A unified diff of two documents; "" when they are equal."""
    return "\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), *names, lineterm=""))


def element_problem(command: str, section: str, xml: str) -> str:
    """Why virNetworkUpdate cannot be asked for this; "" when it can."""
    for text, word, known in (
        (_("There is no command {word}, but these: {known}."), command, COMMANDS),
        (_("There is no section {word}, but these: {known}."), section, SECTION_TAGS),
    ):
        if word not in known:
            return text.format(word=word, known=", ".join(known))
    try:
        parse(xml, SECTION_TAGS[section])
    except XmlProblem as problem:
        return str(problem)
    return ""


def _common_ips(before: Element, after: Element) -> list[tuple[Element, Element]]:
    """The <ip>s of both by position, when all their subnets are as they were."""
    olds, news = before.all("ip"), after.all("ip")
    if [subnet_of(ip) for ip in olds] != [subnet_of(ip) for ip in news]:
        return []
    return list(zip(olds, news, strict=True))


def _updates_of(
    sections: Sequence[_Section], before: Element, after: Element, parent: int = -1
) -> Iterator[Update]:
    for section in sections:
        olds, news = _found(before, section.path), _found(after, section.path)
        yield from _of_section(section, olds, news, parent)


def _found(root: Element, path: tuple[str, ...]) -> list[Element]:
    parents = [root]
    for tag in path:
        parents = [child for one in parents for child in one.all(tag)]
    return parents


def _of_section(
    section: _Section, olds: Iterable[Element], news: Iterable[Element], parent: int
) -> Iterator[Update]:
    gone, come = _unmatched(olds, news)
    for element in come:
        old = _same(section, element, gone) if section.can_modify else None
        if old is not None:
            gone.remove(old)
            yield Update(MODIFY, section.name, _alone(element), parent, _alone(old))
        else:
            yield Update(ADD, section.name, _alone(element), parent)
    for element in gone:
        yield Update(DELETE, section.name, _alone(element), parent)


def _same(section: _Section, element: Element, among: list[Element]) -> Element | None:
    key = section.key(element)
    return next((one for one in among if key and section.key(one) == key), None)


def _unmatched(
    olds: Iterable[Element], news: Iterable[Element]
) -> tuple[list[Element], list[Element]]:
    """Those that only one side has."""
    gone = list(olds)
    come = []
    for element in news:
        equal = next((one for one in gone if _plain(one) == _plain(element)), None)
        if equal is None:
            come.append(element)
        else:
            gone.remove(equal)
    return gone, come


def _of_devices(before: Element, after: Element) -> Iterator[Update]:
    """Forward interfaces; libvirt says the first of them in <forward dev=> as well."""
    if before.first("forward") is None or after.first("forward") is None:
        return
    olds, news = _devices(before), _devices(after)
    for name in news:
        if name not in olds:
            yield Update(ADD, "forward-interface", str(make("interface", {"dev": name})))
    for name in olds:
        if name not in news:
            yield Update(DELETE, "forward-interface", str(make("interface", {"dev": name})))


def _devices(root: Element) -> list[str]:
    forward = root.first("forward")
    if forward is None:
        return []
    names = [forward.get("dev"), *(each.get("dev") for each in forward.all("interface"))]
    return list(dict.fromkeys(filter(None, names)))


def _alone(element: Element) -> str:
    """The element's XML from the left margin."""
    lines = str(element).split("\n")
    return "\n".join(line.removeprefix(element.margin) for line in lines)


def _plain(element: Element) -> object:
    """What an element says, whatever its layout; inside <metadata> every byte counts."""
    if element.tag == "metadata":
        return str(element)
    children = tuple(_plain(child) for child in element.elements)
    return element.tag, frozenset(element.attributes.items()), children or element.text.strip()


def _strip(root: Element, same_ips: bool) -> None:
    """Take out what updates take care of, and what libvirt counts or adds by itself."""
    root.set("connections", "")
    sections = _OF_ROOT + (_OF_IP if same_ips else ())
    for section in sections:
        parents = root.all("ip") if section in _OF_IP else [root]
        for parent in parents:
            _take_out(parent, section.path)
    forward = root.first("forward")
    if forward is not None:
        forward.set("dev", "")
        _drop_default_ports(forward)
        # Of a pool that names its physical function, the addresses are what libvirt found.
        taken = ("interface", "address") if forward.first("pf") else ("interface",)
        for each in list(forward.elements):
            each.set("connections", "")
            if each.tag in taken:
                forward.remove(each)


def _drop_default_ports(forward: Element) -> None:
    """A running NAT network tells the ports that it uses when none are given."""
    nat = forward.first("nat")
    if nat is None:
        return
    for port in nat.all("port"):
        if (port.get("start"), port.get("end")) == ("1024", "65535"):
            nat.remove(port)
    if not nat.attributes and not any(nat.elements):
        forward.remove(nat)


def _take_out(parent: Element, path: tuple[str, ...]) -> None:
    tag, *rest = path
    for child in parent.all(tag):
        if rest:
            _take_out(child, tuple(rest))
        if not rest or (not child.attributes and not any(child.elements)):
            parent.remove(child)


def _differing(before: Element, after: Element) -> Iterator[str]:
    """The tags under the root whose elements differ; `network` for the root itself."""
    if before.attributes != after.attributes:
        yield "network"
    tags = dict.fromkeys(child.tag for child in (*before.elements, *after.elements))
    for tag in tags:
        olds, news = ([_plain(one) for one in root.all(tag)] for root in (before, after))
        if olds != news:
            yield tag
