"""Whether a machine has a way to a network is read from what its system says, never tried (K01)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

_UP, _REJECT = 0x1, 0x200  # RTF_UP, RTF_REJECT of linux/route.h
_NOWHERE = "0" * 32


def linux_way_out(route: str, ipv6_route: str, if_inet6: str, plugged_in: frozenset[str] | None) -> str | None:
    """A default route, or else an interface that is plugged in and has an address; None where there is neither.

    The texts are those of `/proc/net`; `plugged_in` are the interfaces with a carrier, cable or radio;
    None where that cannot be told: then each counts.
    """
    device = next(_default_routes(route, ipv6_route), None)
    if device is not None:
        return f"there is a default route through {device}"
    device = next((name for name in _addressed(route, if_inet6) if plugged_in is None or name in plugged_in), None)
    return None if device is None else f"{device} is plugged in and has an address"


def macos_way_out(ifconfig: str) -> str | None:
    """The first interface that `ifconfig -a` shows as active with an address of a network."""
    for block in _blocks(ifconfig):
        name, _, _ = block[0].partition(":")
        active = any(line.split() == ["status:", "active"] for line in block)
        if active and any(_is_routable(line.split()) for line in block):
            return f"{name} is plugged in and has an address"
    return None


def resolvers(resolv_conf: str) -> tuple[str, ...]:
    """The name servers of `/etc/resolv.conf` that are not this machine itself."""
    named = [line.split() for line in resolv_conf.splitlines()]
    return tuple(cells[1] for cells in named if cells[:1] == ["nameserver"] and len(cells) > 1 and _is_away(cells[1]))


def _default_routes(route: str, ipv6_route: str) -> Iterator[str]:
    for line in route.splitlines()[1:]:
        cells = line.split()
        if len(cells) > 7 and cells[1] == cells[7] == "00000000" and _leads_out(cells[3]):
            yield cells[0]
    for line in ipv6_route.splitlines():
        cells = line.split()
        if len(cells) > 9 and (cells[0], cells[1]) == (_NOWHERE, "00") and cells[9] != "lo" and _leads_out(cells[8]):
            yield cells[9]


def _addressed(route: str, if_inet6: str) -> Iterator[str]:
    """Interfaces with an address: an IPv4 address brings a route to its own network."""
    for line in route.splitlines()[1:]:
        cells = line.split()
        if len(cells) > 7 and cells[0] != "lo" and _leads_out(cells[3]):
            yield cells[0]
    for line in if_inet6.splitlines():
        cells = line.split()
        if len(cells) > 5 and cells[5] != "lo":
            yield cells[5]


def _leads_out(flags: str) -> bool:
    return bool(int(flags, 16) & _UP) and not int(flags, 16) & _REJECT


def _blocks(ifconfig: str) -> Iterator[list[str]]:
    """The lines of each interface: the first of them is not indented."""
    block: list[str] = []
    for line in ifconfig.splitlines():
        if block and not line[:1].isspace():
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _is_routable(cells: list[str]) -> bool:
    """`inet` or `inet6` with more than a link's own address: macOS keeps such links to its neighbours at all times."""
    if len(cells) < 2 or cells[0] not in {"inet", "inet6"} or not _is_away(cells[1]):
        return False
    return not cells[1].casefold().startswith("fe80:")


def _is_away(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address).is_loopback
    except ValueError:
        return True
