"""K01: a key is used where there is no network, and nothing of `keys` opens a socket."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from keys import network_cli
from keys.cli import main
from keys.network import linux_way_out, macos_way_out, resolvers

ORGANISATION = "https://verify.riverclinic.example/orgs/ttma"

ROUTE = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
LOCAL = "eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
OUT = "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
NONE = "0" * 32
OUT6 = f"{NONE} 00 {NONE} 00 fe800000000000000000000000000001 00000400 00000003 00000000 00000003     eth0\n"
NO6 = f"{NONE} 00 {NONE} 00 {NONE} ffffffff 00000001 00000000 00200200       lo\n"
LO6 = "00000000000000000000000000000001 01 80 10 80       lo\n"
LINK6 = "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"


@pytest.mark.parametrize(
    ("route", "route6", "device"),
    [
        ("", "", None),
        (ROUTE, NO6, None),
        (ROUTE + OUT.replace("0003", "0203"), "", None),
        (ROUTE + OUT.replace("0003", "0000"), "", None),
        ("", OUT6.replace("00000003     eth0", "00000203     eth0"), None),
        (ROUTE + LOCAL + OUT, "", "wlan0"),
        (ROUTE + LOCAL, NO6 + OUT6, "eth0"),
    ],
)
def test_K01_a_default_route_is_found_in_the_tables(route: str, route6: str, device: str | None) -> None:
    found = linux_way_out(route, route6, "", frozenset())
    assert found == (None if device is None else f"there is a default route through {device}")


@pytest.mark.parametrize(
    ("route", "inet6", "plugged_in", "found"),
    [
        (ROUTE + LOCAL, LO6, {"eth0"}, True),  # an address of IPv4, but nowhere to go from there
        (ROUTE, LO6 + LINK6, {"eth0"}, True),
        (ROUTE + LOCAL, LO6 + LINK6, set(), False),  # the cable is out
        (ROUTE + LOCAL, LO6, {"docker0"}, False),
        (ROUTE, LO6, {"eth0", "lo"}, False),  # a cable, and no address
        (ROUTE + LOCAL, LO6, None, True),  # nobody can tell
        (ROUTE, LO6, None, False),
    ],
)
def test_K01_an_interface_that_is_plugged_in_and_has_an_address_is_a_way_out(
    route: str, inet6: str, plugged_in: set[str] | None, found: bool
) -> None:
    way = linux_way_out(route, NO6, inet6, None if plugged_in is None else frozenset(plugged_in))
    assert way == ("eth0 is plugged in and has an address" if found else None)


IFCONFIG = """lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tinet6 fe80::1c%en0 prefixlen 64 secured scopeid 0xb
\tinet 192.168.2.7 netmask 0xffffff00 broadcast 192.168.2.255
\tmedia: autoselect
\tstatus: active
awdl0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tinet6 fe80::8a%awdl0 prefixlen 64 scopeid 0xc
\tstatus: active
"""


def test_K01_an_active_interface_of_macos_is_a_way_out() -> None:
    assert macos_way_out(IFCONFIG) == "en0 is plugged in and has an address"
    assert macos_way_out(IFCONFIG.replace("autoselect\n\tstatus: active", "autoselect\n\tstatus: inactive")) is None
    assert macos_way_out(IFCONFIG.replace("\tinet 192.168.2.7 netmask", "\tether")) is None
    assert macos_way_out("") is None
    six = IFCONFIG.replace("\tinet 192.168.2.7 netmask 0xffffff00", "\tinet6 2001:db8::7 prefixlen 64")
    assert macos_way_out(six) == "en0 is plugged in and has an address"
    first = IFCONFIG.partition("en0:")[2].partition("awdl0:")[0]
    assert macos_way_out(f"en0:{first}lo0: flags=8049<UP,LOOPBACK>\n") == "en0 is plugged in and has an address"
    assert macos_way_out(IFCONFIG.replace("192.168.2.7", "what-is-this")) == "en0 is plugged in and has an address"


def test_K01_name_servers_elsewhere_are_told() -> None:
    text = "# nameserver 1.1.1.1\nnameserver 127.0.0.53\nnameserver 10.0.0.1\nnameserver ::1\nnameserver fd00::1%en0\n"
    assert resolvers(text) == ("10.0.0.1", "fd00::1%en0")


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose tables are files of the test."""
    if platform.system() != "Linux":
        pytest.skip("these tables are Linux'")
    for name in ("proc", "sys/eth0"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(network_cli, "PROC_NET", tmp_path / "proc")
    monkeypatch.setattr(network_cli, "SYS_NET", tmp_path / "sys")
    monkeypatch.setattr(network_cli, "RESOLV_CONF", tmp_path / "resolv.conf")
    return tmp_path


@pytest.mark.parametrize(
    ("carrier", "route", "found"),
    [
        ("1\n", ROUTE + OUT, "there is a default route through wlan0"),
        ("1\n", ROUTE + LOCAL, "eth0 is plugged in and has an address"),
        ("0\n", ROUTE + LOCAL, None),
    ],
)
def test_K01_a_machine_with_a_network_is_refused_unless_that_is_known(
    system: Path, carrier: str, route: str, found: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    (system / "sys" / "eth0" / "carrier").write_text(carrier)
    (system / "proc" / "route").write_text(route)
    (system / "resolv.conf").write_text("nameserver 10.0.0.1\n")
    key, home = system / "status.key", system / "home"
    arguments = ["--home", str(home), "keygen", "--org", ORGANISATION, "--use", "status", "--unattended"]
    assert main([*arguments, "--out", str(key)]) == (0 if found is None else 1)
    if found is not None:
        assert f"network: {found}; name servers: 10.0.0.1\n" in capsys.readouterr().err
        assert not key.exists()
        assert main([*arguments, "--out", str(key), "--online"]) == 0
    first = json.loads(next((home / "transcripts").iterdir()).read_bytes().splitlines()[0])
    said = "none" if found is None else f"--online: {found}"
    assert first["details"]["network"] == f"{said}; name servers: 10.0.0.1"


# Runs before anything of the product is imported, so that also importing a library is watched.
WATCHED = """
import os, pkgutil, sys
def watch(event, arguments):
    if event.startswith("socket."):
        os.write(2, f"opened: {event}".encode())
        os._exit(97)
sys.addaudithook(watch)
import click, keys
for found in pkgutil.walk_packages(keys.__path__, "keys."):
    if found.name != "keys.__main__":
        __import__(found.name)
from keys.cli import cli, main
def walk(command, path):
    yield path
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from walk(inner, [*path, name])
for path in walk(cli, []):
    assert main([*path, "--help"]) == 0
arguments = sys.argv[1:]
sys.exit(main(arguments))
"""


def run_watched(folder: Path, *prefix: str) -> tuple[int, str]:
    key = ["keygen", "--org", ORGANISATION, "--use", "status", "--unattended", "--out", str(folder / "status.key")]
    command = [*prefix, sys.executable, "-c", WATCHED, "--home", str(folder / "home"), *key]
    done = subprocess.run(command if prefix else [*command, "--online"], capture_output=True, check=False, text=True)
    return done.returncode, done.stderr


def test_K01_no_module_and_no_command_opens_a_socket_as_it_is_loaded(tmp_path: Path) -> None:
    code, told = run_watched(tmp_path)
    assert code == 0, told


def test_K01_the_watch_sees_a_socket() -> None:
    code = WATCHED.partition("import click, keys")[0] + "import socket\nsocket.socket()\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (97, b"opened: socket.__new__")


def test_K01_a_machine_without_a_network_needs_no_option(tmp_path: Path) -> None:
    apart = ("unshare", "--map-root-user", "--net")
    tried = subprocess.run([*apart, "true"], capture_output=True, check=False) if platform.system() == "Linux" else None
    if tried is None or tried.returncode:
        pytest.skip("no network namespace of its own may be made here")
    code, told = run_watched(tmp_path, *apart)
    assert code == 0, told
    first = json.loads(next((tmp_path / "home" / "transcripts").iterdir()).read_bytes().splitlines()[0])
    assert first["details"]["network"].split(";")[0] == "none"
