"""What the host is like: links, addresses and routes, to be compared later."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from .host import Data, ip_json
from .texts import _


def take_snapshot(watched: Collection[str]) -> Data:
    """The watched links, their addresses and routes, without what varies by itself."""
    links = {
        one["ifname"]: {
            "master": one.get("master", ""),
            "mtu": one.get("mtu"),
            "mac": one.get("address", ""),
            "up": "UP" in one.get("flags", ()),
            "addresses": sorted(_cidrs(one)),
        }
        for one in ip_json("address", "show")
        if one["ifname"] in watched
    }
    routes = [
        _route_text(family, one)
        for family in (4, 6)
        for one in ip_json(f"-{family}", "-details", "route", "show", "table", "all")
        if one.get("dev") in watched and _is_kept(family, one)
    ]
    return {"links": links, "routes": sorted(routes)}


def _cidrs(one: Data) -> Iterator[str]:
    for address in one.get("addr_info", ()):
        if address.get("scope") != "link" and "local" in address:
            yield f"{address['local']}/{address['prefixlen']}"


def _is_kept(family: int, route: Data) -> bool:
    """IPv6 routes of the kernel and of router advertisements come and go with carriers."""
    if str(route.get("table", "main")) == "local" or route.get("type", "unicast") != "unicast":
        return False
    return family == 4 or route.get("protocol") not in ("kernel", "ra")


def _route_text(family: int, route: Data) -> str:
    keys = ("dst", "gateway", "dev", "protocol", "scope", "prefsrc", "metric", "table")
    words = [f"{key} {route[key]}" for key in keys if route.get(key) not in (None, "")]
    return f"{family} {' '.join(words)}{' onlink' if 'onlink' in route.get('flags', ()) else ''}"


def without_metrics(snapshot: Data) -> Data:
    """For NetworkManager, which deals metrics out anew whenever a profile comes up."""
    routes = sorted(re.sub(r" metric \d+", "", route) for route in snapshot["routes"])
    return {**snapshot, "routes": routes}


def difference(wanted: Data, found: Data) -> str:
    """The first thing that is not as it was, in words; "" when all is."""
    return next(iter((*_links_that_differ(wanted, found), *_routes_that_differ(wanted, found))), "")


def _links_that_differ(wanted: Data, found: Data) -> Iterator[str]:
    for name, link in wanted["links"].items():
        now = found["links"].get(name)
        if now is None:
            yield _("{link} is gone").format(link=name)
            continue
        for key, value in link.items():
            if now[key] != value:
                said = _("{key} of {link} is {now}, was {before}")
                yield said.format(key=key, link=name, now=now[key], before=value)
    for name in found["links"].keys() - wanted["links"].keys():
        yield _("{link} is still there").format(link=name)


def _routes_that_differ(wanted: Data, found: Data) -> Iterator[str]:
    for route in wanted["routes"]:
        if route not in found["routes"]:
            yield _("the route {route} is gone").format(route=route)
    for route in found["routes"]:
        if route not in wanted["routes"]:
            yield _("there is a new route {route}").format(route=route)
