"""The questions about a network, one by one, and the steps they are asked in. Pure."""

from collections.abc import Iterable, Iterator

from kvmnet_tui.forms.form import FieldKind, FormField, Option, Step, Values
from kvmnet_tui.i18n import _
from kvmnet_tui.model.joins import natural_key
from kvmnet_tui.model.links import Link
from kvmnet_tui.model.state import HostState
from kvmnet_tui.netxml.network_fields import (
    BRIDGE_MODES,
    MACVTAP_MODES,
    OWN_BRIDGE_MODES,
    applies,
)
from kvmnet_tui.netxml.network_lists import (
    DNS_HOSTS,
    FORWARDERS,
    PINS,
    PORTGROUPS,
    ROUTES,
    SRV_RECORDS,
    TXT_RECORDS,
)
from kvmnet_tui.present.plugs import is_uplink, network_of_bridge

TOGGLE, CHOICE = FieldKind.TOGGLE, FieldKind.CHOICE
MANY, LINES = FieldKind.MANY, FieldKind.LINES


def network_steps(state: HostState, values: Values, *, new: bool) -> tuple[Step, ...]:
    """What is asked of a network of this mode; all of it of one that exists."""
    mode = values["mode"]
    steps = [_kind(state, new=new), _connection(state, mode)]
    if mode in OWN_BRIDGE_MODES:
        steps.append(_addresses())
    if not new or values["more"]:
        steps += _more(mode)
    if new:
        steps.append(_end())
    return tuple(_without_others(step, mode) for step in steps)


def _without_others(step: Step, mode: str) -> Step:
    return Step(step.title, step.intro, tuple(f for f in step.fields if applies(f.name, mode)))


def _kind(state: HostState, *, new: bool) -> Step:
    name = FormField("name", _("Name"), hint=_("What guests' definitions call the network."))
    about = _("Pins, DNS records, limits, portgroups, VLANs.")
    more = FormField("more", _("Ask everything"), TOGGLE, hint=about)
    return Step(
        _("Kind"),
        _("How do guests on this network reach others?"),
        (
            *([name] if new else []),
            FormField("mode", _("Mode"), CHOICE, tuple(_modes(state))),
            *([more] if new else []),
        ),
    )


def _modes(state: HostState) -> Iterator[Option]:
    yield Option("nat", _("NAT"), _("outwards behind the host's address; nobody gets in"))
    yield Option("route", _("routed"), _("both ways; the others need a route to here"))
    yield Option("open", _("open"), _("routed, and libvirt adds no firewall rules"))
    yield Option("isolated", _("isolated"), _("among themselves and with the host only"))
    kinds = {link.kind for link in state.links.values()}
    bridges = any(_is_host_bridge(state, link) for link in state.links.values())
    yield Option(
        "host-bridge",
        _("existing bridge"),
        _("as if plugged into the switch outside"),
        "" if bridges else _("there is no bridge of the host's own"),
    )
    yield Option(
        "ovs",
        "Open vSwitch",
        _("a switch with VLANs"),
        "" if "openvswitch" in kinds else _("there is no Open vSwitch on this host"),
    )
    nothing = "" if any(_macvtap_options(state)) else _("there is no link that leads out")
    straight = _("straight to a link; not to the host")
    yield Option("macvtap-bridge", _("macvtap bridge"), straight, nothing)
    yield Option("vepa", _("macvtap VEPA"), _("the switch outside sends frames back"), nothing)
    yield Option("private", _("macvtap private"), _("outside only, not to each other"), nothing)
    yield Option("passthrough", _("macvtap passthrough"), _("one link, one guest"), nothing)
    yield Option(
        "hostdev",
        _("SR-IOV pool"),
        _("each guest gets a part of the card itself"),
        "" if state.sriov else _("no card of this host has SR-IOV"),
    )


def _text(name: str, label: str, hint: str = "", *, example: str = "", none: str = "") -> FormField:
    """A line; while it is empty it shows an example, or what `none` is taken then."""
    said = _("such as {example}").format(example=example) if example else ""
    taken = _("default: {value}").format(value=none) if none else ""
    return FormField(name, label, hint=hint, placeholder=said or taken)


def _toggle(name: str, label: str, hint: str = "") -> FormField:
    return FormField(name, label, TOGGLE, hint=hint)


def _connection(state: HostState, mode: str) -> Step:
    if mode in BRIDGE_MODES:
        intro = _("Which bridge are guests plugged into?")
        return Step(_("Bridge"), intro, _bridge_choice(state, mode))
    if mode in MACVTAP_MODES:
        intro = _("libvirt gives each guest one of these links, the least used first.")
        devices = tuple(_macvtap_options(state))
        return Step(_("Links"), intro, (FormField("devices", _("Links"), MANY, devices),))
    if mode == "hostdev":
        return _pool(state)
    return Step(
        _("Bridge"),
        _("libvirt makes a bridge for the network when it starts."),
        (_text("bridge", _("Bridge"), _("At most 15 characters.")), *_ways_out(state), *_ports()),
    )


def _ways_out(state: HostState) -> tuple[FormField, ...]:
    return (
        FormField(
            "exit",
            _("Leaves through"),
            CHOICE,
            tuple(_exits(state)),
            hint=_("With a link chosen, traffic to other links is dropped."),
        ),
        _text("nat_ports", _("NAT ports"), _("Ports that connections get."), none="1024-65535"),
        _text(
            "nat_addresses",
            _("NAT addresses"),
            _("Empty: the address of the link it leaves through."),
            example="192.0.2.10-192.0.2.12",
        ),
        _toggle("nat_ipv6", _("IPv6 NAT"), _("Translate IPv6, too (from libvirt 6.5).")),
    )


def _ports() -> tuple[FormField, ...]:
    return (
        _toggle("stp", _("Spanning tree"), _("Against loops that guests may make.")),
        _text("delay", _("Forward delay"), _("Seconds; with 0 ports forward soonest."), none="0"),
        _text("mtu", _("MTU"), none="1500"),
        _text("zone", _("firewalld zone"), _("Empty: libvirt's own.")),
    )


def _bridge_choice(state: HostState, mode: str) -> tuple[FormField, ...]:
    if mode == "ovs":
        return (_text("bridge", _("Bridge"), _("The bridge's name in Open vSwitch.")),)
    links = [link for link in state.links.values() if _is_host_bridge(state, link)]
    options = tuple(Option(link.name, link.name, _addresses_of(link)) for link in _sorted(links))
    return (FormField("bridge", _("Bridge"), CHOICE, options),)


def _pool(state: HostState) -> Step:
    of_total = _("{count} of {total} functions")
    cards = [
        Option(pf.link, pf.link, of_total.format(count=len(pf.functions), total=pf.total))
        for pf in state.sriov
    ]
    functions = [
        Option(vf.address, vf.address, f"{pf.link} {vf.link}".strip())
        for pf in state.sriov
        for vf in pf.functions
    ]
    none = Option("", _("none"), _("single functions instead"))
    managed = _("libvirt takes the function from its driver and gives it back.")
    return Step(
        _("Pool"),
        _("A whole card, or single functions of cards: each guest gets one that is free."),
        (
            FormField("pf", _("Card"), CHOICE, (*cards, none)),
            FormField("functions", _("Functions"), MANY, tuple(functions)),
            _toggle("managed", _("Managed"), managed),
        ),
    )


def _addresses() -> Step:
    several = _("FIRST - LAST, several with commas; empty: no DHCP.")
    slaac = _("Empty: guests choose their addresses themselves (SLAAC).")
    local = _("Questions about the domain are not passed on to the host's DNS.")
    return Step(
        _("Addresses"),
        _("The host's own addresses on the bridge, and what guests are given by DHCP."),
        (
            _text(
                "ipv4",
                "IPv4",
                _("The bridge's address; empty: no IPv4."),
                example="192.168.100.1/24",
            ),
            _text("dhcp4", _("DHCP range"), several, example="192.168.100.2 - 192.168.100.254"),
            _text(
                "ipv6", "IPv6", _("The bridge's address; empty: no IPv6."), example="fd00:100::1/64"
            ),
            _text("dhcp6", _("DHCPv6 range"), slaac, example="fd00:100::100 - fd00:100::1ff"),
            _text(
                "domain", _("DNS domain"), _("What guests' names end in."), example="lab.example"
            ),
            _toggle("local_only", _("Local only"), local),
        ),
    )


def _lines(name: str, label: str, pattern: str, about: str = "") -> FormField:
    hint = _("One a line: {pattern}").format(pattern=_(pattern))
    return FormField(name, label, LINES, hint=f"{hint} ({about})" if about else hint)


def _more(mode: str) -> list[Step]:
    return [*(_served() if mode in OWN_BRIDGE_MODES else []), _limits()]


def _served() -> list[Step]:
    pins = _lines("pins", _("Static hosts"), PINS.pattern, _("IPv6: id:DUID for the MAC"))
    return [
        Step(_("Pins"), _("Guests that always get the same address."), (pins,)),
        Step(
            _("DNS"),
            _("What the network's own DNS answers, besides the guests' names."),
            (
                _toggle("dns", _("DNS"), _("Off: guests ask elsewhere.")),
                _lines("dns_hosts", _("Hosts"), DNS_HOSTS.pattern),
                _lines("forwarders", _("Forwarders"), FORWARDERS.pattern),
                _lines("txt", "TXT", TXT_RECORDS.pattern),
                _lines("srv", "SRV", SRV_RECORDS.pattern),
            ),
        ),
    ]


def _limits() -> Step:
    limit = _("average,peak,burst in KiB/s and KiB; empty: no limit.")
    return Step(
        _("Limits"),
        _("For the whole network, and for the guests' portgroups."),
        (
            _text("inbound", _("To the guests"), limit, example="1000,5000,5120"),
            _text("outbound", _("From the guests"), limit, example="1000,5000,5120"),
            _text("vlan", _("VLAN"), _("One tag, or a trunk: 10,20:untagged."), example="42"),
            _toggle("port_isolated", _("Isolate guests"), _("Guests do not reach each other.")),
            _lines("portgroups", _("Portgroups"), PORTGROUPS.pattern),
            _lines("routes", _("Routes"), ROUTES.pattern, _("through guests")),
        ),
    )


def _end() -> Step:
    return Step(
        _("Start"),
        _("When does the network run?"),
        (
            _toggle("stored", _("Stored"), _("Off: it is gone when it stops.")),
            _toggle("start", _("Start now")),
            _toggle("autostart", _("With the host"), _("Start it when the host starts.")),
        ),
    )


def _sorted(links: Iterable[Link]) -> list[Link]:
    return sorted(links, key=lambda link: natural_key(link.name))


def _is_host_bridge(state: HostState, link: Link) -> bool:
    """Whether it is a bridge that libvirt did not make for a network of its own."""
    if link.kind != "bridge":
        return False
    network = network_of_bridge(state, link.name)
    return network is None or network.forward_mode == "bridge"


def _addresses_of(link: Link) -> str:
    return ", ".join(one.cidr for one in link.addresses if one.scope == "global")


def _exits(state: HostState) -> Iterator[Option]:
    yield Option("", _("any link"))
    for link in _sorted(state.links.values()):
        leads_out = is_uplink(link) or _is_host_bridge(state, link)
        if leads_out and link.kind != "loopback" and not link.master:
            yield Option(link.name, link.name, _addresses_of(link))


def _macvtap_options(state: HostState) -> Iterator[Option]:
    for link in _sorted(state.links.values()):
        if is_uplink(link) and link.kind != "openvswitch":
            master = state.links.get(link.master)
            taken = _("it is in {name}").format(name=master.name) if master else ""
            yield Option(link.name, link.name, _addresses_of(link), taken)
