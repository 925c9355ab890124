"""Addresses and ports that a crawl may not reach, and those that the operator opened."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from crawler.embedded import embedded
from crawler.errors import ClosedPort, ForbiddenAddress
from crawler.failures import failure_of
from crawler.guard import AddressGuard, is_public
from crawler.resolver import guarded_sockets

NOT_PUBLIC = [
    "127.0.0.1", "127.255.255.254", "::1",  # loopback
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd00:ec2::254",  # private
    "169.254.169.254", "fe80::1", "fe80::1%eth0", "fec0::1",  # link- and site-local
    "100.64.0.1", "100.100.100.200", "100.127.255.255",  # carrier-grade NAT
    "224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1",  # multicast
    "0.0.0.0", "0.1.2.3", "::", "255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.0.192", "192.0.2.1",
    "198.51.100.1", "203.0.113.1", "192.88.99.1", "168.63.129.16", "2001:db8::1", "100::1", "5f00::1", "4000::1",
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::7f00:1", "::10.0.0.1",  # mapped, compatible
    "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8",  # NAT64, global and local
    "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::",  # 6to4
    "2001:0:5db8:d70e::f5ff:fffe", "2001:0:7f00:1::a247:28f1",  # Teredo: private client, loopback server
    "2001:4860::5efe:10.0.0.1", "2001:4860::200:5efe:127.0.0.1",  # ISATAP
]  # fmt: skip
PUBLIC = [
    "93.184.215.14", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:2800:21f:cb07::1",
    "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:4860::5efe:8.8.8.8",
]  # fmt: skip


def _url(address: str) -> str:
    return f"http://[{address}]/" if ":" in address else f"http://{address}/"


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_that_are_not_public(address: str) -> None:
    guard = AddressGuard()
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(ForbiddenAddress, match="--allow-net"):
        guard.check_url(_url(address))
    with pytest.raises(ForbiddenAddress, match=r"name\.example is at"):
        guard.check_resolved("name.example", 80, address)
    with pytest.raises(ForbiddenAddress):
        guard.check_connection(address, 80)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    guard = AddressGuard()
    guard.check_url(_url(address))
    guard.check_resolved("name.example", 443, address)
    guard.check_connection(address, 443)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://LOCALHOST./",
        "http://a.localhost/",
        "http://127.0.0.1./",
        "http://[::1]:80/",
    ],
)
def test_other_spellings_of_this_machine(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        AddressGuard().check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://n.example/", "file:///etc/passwd", "gopher://n.example/", "data:text/plain,x", "javascript:alert(1)",
        "//n.example/", "http://n.example:99999/", "http://n.example:8a/", "http://[::1/", "dict://127.0.0.1:11211/",
    ],
)  # fmt: skip
def test_schemes_and_what_is_no_address(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        AddressGuard().check_url(url)


@pytest.mark.parametrize("port", [0, 22, 25, 6379, 8080, 9200, 65_535])
def test_ports_that_are_not_the_webs(port: int) -> None:
    with pytest.raises(ClosedPort, match=f"port {port}, which is not open; --allow-port {port}") as raised:
        AddressGuard().check_url(f"https://n.example:{port}/")
    assert failure_of("x", raised.value).kind == "closed port"
    with pytest.raises(ClosedPort):
        AddressGuard().check_connection("8.8.8.8", port)
    if port:
        AddressGuard(ports=[str(port)]).check_url(f"https://n.example:{port}/")
        AddressGuard(ports=[port]).check_connection("8.8.8.8", port)


def test_what_the_operator_opened() -> None:
    AddressGuard(["10.0.0.0/8"]).check_url("http://10.1.2.3/")
    AddressGuard(["10.0.0.0/8"]).check_url("http://[::ffff:10.1.2.3]/")
    guard = AddressGuard()
    guard.trust("http://10.0.0.5:8080/feed")
    guard.check_url("http://10.0.0.5:8080/page")
    guard.check_connection("10.0.0.5", 8080)
    guard.check_resolved("10.0.0.5", 0, "10.0.0.5")  # as Twisted asks, of literals too and without a port
    for other in ("http://10.0.0.5/page", "http://10.0.0.6:8080/page", "http://10.0.0.5:8081/"):
        with pytest.raises(ForbiddenAddress):
            guard.check_url(other)
    for nothing in ("ftp://10.0.0.7/", "http://10.0.0.7:x/", "http://[::1/", ""):
        guard.trust(nothing)
    with pytest.raises(ForbiddenAddress):
        guard.check_url("http://10.0.0.7/")
    guard.trust("http://[0:0::1]:80/feed")
    guard.check_url("http://[::1]/page")


def test_this_machine_by_name_is_what_that_name_resolves_to() -> None:
    guard = AddressGuard()
    guard.trust("http://localhost:8080/feed")
    for address in ("127.0.0.1", "::1"):
        guard.check_resolved("localhost", 8080, address)
        guard.check_connection(address, 8080)
    with pytest.raises(ForbiddenAddress):
        guard.check_connection("::1", 8081)


def test_a_port_that_the_operator_wrote_is_open_on_its_host_only() -> None:
    guard = AddressGuard(["127.0.0.0/8"])
    guard.trust("http://name.example:8080/feed")
    guard.check_url("http://NAME.example.:8080/page")
    for other in ("http://other.example:8080/", "http://name.example:8081/", "http://8.8.8.8:8080/"):
        with pytest.raises(ClosedPort):
            guard.check_url(other)
    guard.check_url("http://127.0.0.9:8080/")  # and in the networks that were opened
    with pytest.raises(ClosedPort):
        guard.check_url("http://127.0.0.9:6379/")


def test_a_listed_name_is_not_trusted_with_what_it_resolves_to() -> None:
    guard = AddressGuard()
    guard.trust("http://name.example/feed")
    with pytest.raises(ForbiddenAddress):
        guard.check_resolved("name.example", 80, "10.0.0.5")
    guard.check_resolved("name.example", 80, "93.184.215.14")


def test_a_proxy_is_a_way_and_nothing_to_be_named() -> None:
    guard = AddressGuard()
    guard.open_host("proxy.example", 3128)
    guard.open_host("10.0.0.9", 3128)
    guard.check_resolved("proxy.example", 3128, "10.0.0.8")
    guard.check_connection("10.0.0.8", 3128)
    guard.check_connection("10.0.0.9", 3128)
    with pytest.raises(ForbiddenAddress):
        guard.check_connection("10.0.0.8", 80)
    for url in ("http://10.0.0.8:3128/", "http://10.0.0.9:3128/", "http://proxy.example:3128/"):
        with pytest.raises(ForbiddenAddress):
            guard.check_url(url)


def test_sockets_are_judged_by_where_they_lead() -> None:
    opened = guarded_sockets(AddressGuard(["127.0.0.2"]))
    opened((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.2", 80))).close()
    with pytest.raises(ForbiddenAddress):
        opened((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 80)))
    with pytest.raises(ClosedPort):
        opened((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.2", 6379)))


def test_teredo_carries_two_addresses() -> None:
    server, client = embedded(ipaddress.ip_address("2001:0:4136:e378:8000:63bf:3fff:fdd2"))
    assert (str(server), str(client)) == ("65.54.227.120", "192.0.2.45")
    assert embedded(ipaddress.ip_address("2606:2800::1")) == ()
