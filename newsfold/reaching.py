"""How the configured Redis is reached, as a finding of the doctor: by which way, how secret, and as whom. Pure."""

from __future__ import annotations

import ipaddress

from newsfold.doctor import Finding
from storage.address import Address, read_address, user_of

_LOOSE = {"none", "optional"}
_NO = {"0", "f", "false", "n", "no"}


def connection_finding(url: str) -> Finding:
    """Of a URL that was connected to, or of the private server where there is none."""
    if not url:
        return Finding("connection", "ok", "a socket in the data folder that only this user can open")
    who = f"as user {user_of(url)}" + ("" if has_password(url) else ", without a password")
    if url.startswith("unix://"):
        return Finding("connection", "ok", f"a socket of this machine, {who}")
    address = read_address(url, 6379)
    if address.scheme.startswith("rediss"):
        return _secure(address, who)
    if all(is_here(host) for host, _ in address.hosts):
        return Finding("connection", "ok", f"plain text within this machine, {who}")
    fix = "give Redis a certificate and use rediss://, or keep the network between them to yourself"
    seen = f"plain text to another machine, {who}: who is in between reads the password and all else"
    return Finding(
        "connection", "note", seen if has_password(url) else f"plain text to another machine, {who}", fix
    )


def _secure(address: Address, who: str) -> Finding:
    options = dict(address.options)
    if options.get("ssl_cert_reqs") in _LOOSE:
        seen = f"TLS, but the server's certificate is not verified ({who}): anyone can pose as it"
        return Finding(
            "connection", "note", seen, "name its authority by ssl_ca_certs, without ssl_cert_reqs"
        )
    if options.get("ssl_check_hostname", "").lower() in _NO:
        seen = f"TLS, but whose name the certificate bears is not looked at ({who})"
        return Finding(
            "connection", "note", seen, "have it made out to the name in the URL, without ssl_check_hostname"
        )
    own = ", with a certificate of ours" if "ssl_certfile" in options else ""
    return Finding("connection", "ok", f"TLS, certificate verified{own}, {who}")


def has_password(url: str) -> bool:
    """Whether the URL has a password."""
    address = read_address(url, 6379)
    return bool(address.password or dict(address.options).get("password"))


def is_here(host: str) -> bool:
    """Whether the name of a host means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
