"""A key is used on a machine without a network, or somebody says that they know of it (K01).

Tables and programs of the system are read: no socket is opened, nothing is sent.
"""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

from keys.console import escape, forbid_core_dumps
from keys.errors import HandsealError
from keys.network import linux_way_out, macos_way_out, resolvers

PROC_NET = Path("/proc/net")
SYS_NET = Path("/sys/class/net")
RESOLV_CONF = Path("/etc/resolv.conf")


def require_offline(*, online: bool) -> str:
    """What the transcript says of the network: this machine has none, or `online` is known and wanted.

    HandsealError where there is a way to one without `online`. A name server alone is no way, and is recorded.
    """
    forbid_core_dumps()
    found = way_out()
    servers = ", ".join(resolvers(_text(RESOLV_CONF)))
    also = f"; name servers: {escape(servers)}" if servers else ""
    if found is None:
        return f"none{also}"
    if not online:
        raise HandsealError(f"network: {found}{also}", hint="unplug it, or add --online, which the transcript records")
    return f"--online: {found}{also}"


def way_out() -> str | None:
    """The way to a network that this machine has, or None."""
    system = platform.system()
    if system == "Linux":
        route, ipv6_route, if_inet6 = (_text(PROC_NET / name) for name in ("route", "ipv6_route", "if_inet6"))
        return linux_way_out(route, ipv6_route, if_inet6, _plugged_in())
    if system == "Darwin":
        return _macos_route() or macos_way_out(_said("/sbin/ifconfig", "-a"))
    return "this system's routes cannot be read"


def _plugged_in() -> frozenset[str] | None:
    if not SYS_NET.is_dir():
        return None
    return frozenset(device.name for device in SYS_NET.iterdir() if _text(device / "carrier").strip() == "1")


def _text(path: Path) -> str:
    """What a file of the system says; nothing where it is missing or says nothing, as the carrier of a dead device."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _macos_route() -> str | None:
    asked = (_said("/sbin/route", "-n", "get", family, "default") for family in ("-inet", "-inet6"))
    return "there is a default route" if any("interface:" in answer for answer in asked) else None


def _said(*command: str) -> str:
    """What a program of the system answers; nothing where it fails."""
    asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return asked.stdout.decode("utf-8", "replace") if asked.returncode == 0 else ""
