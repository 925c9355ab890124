"""Addresses that a crawl may not reach, and those that the operator opened."""

from __future__ import annotations

import ipaddress

import pytest

from crawler.errors import ForbiddenAddress
from crawler.guard import AddressGuard


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:80/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://0.0.0.0/",
        "ftp://n.example/",
        "file:///etc/passwd",
    ],
)
def test_addresses_that_are_not_public(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        AddressGuard().check_url(url)


def test_what_the_operator_opened() -> None:
    AddressGuard(["10.0.0.0/8"]).check_url("http://10.1.2.3/")
    guard = AddressGuard()
    guard.trust("http://10.0.0.5:8080/feed")
    guard.check_url("http://10.0.0.5:8080/page")
    with pytest.raises(ForbiddenAddress, match="allow-net"):
        guard.check_url("http://10.0.0.5/page")
    guard.trust("http://name.example/feed")
    with pytest.raises(ForbiddenAddress):
        guard.check_resolved("name.example", 80, "10.0.0.5")
    guard.check_resolved("name.example", 80, "93.184.215.14")
    assert not guard.allows(ipaddress.ip_address("::7f00:1"))
