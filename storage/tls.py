"""What is wrong where TLS does not come about: the certificates, the files that name them, or the other side's tongue."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from storage.address import read_address

_LOOK_SECONDS = 0.5
_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")
_DEMANDS = ("none", "optional", "required")
# OpenSSL's words, and ours as the end of a sentence on the server; none of these passes by itself.
_FAULTS = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (r"certificate has expired", "shows a certificate that has expired"),
        (r"certificate is not yet valid", "shows a certificate that is not valid yet"),
        (r"certificate is not valid for '([^']+)'", r"shows a certificate that is not made out to \1"),
        (
            r"self.signed certificate|unable to get (?:local )?issuer",
            "shows a certificate that is not signed by anyone trusted here: ssl_ca_certs in the URL names the file of its authority",
        ),
        (r"CERTIFICATE_VERIFY_FAILED", "shows a certificate that is not trusted here"),
        (
            r"ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE",
            "asks for a certificate of ours: ssl_certfile and ssl_keyfile in the URL name it",
        ),
        (r"ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN)", "does not trust our certificate (ssl_certfile)"),
        (r"KEY_VALUES_MISMATCH", "cannot be asked: ssl_certfile and ssl_keyfile do not belong together"),
        (r"\[(?:X509|PEM)[:\]]", "cannot be asked: a file that the URL names has no certificate or key in it"),
    )
)  # fmt: skip


def tls_fault(error: BaseException) -> str:
    """What is wrong with a certificate, as the end of a sentence; "" where the error is about something else."""
    text = str(error)
    for pattern, words in _FAULTS:
        if match := pattern.search(text):
            return match.expand(words)
    return ""


def files_fault(url: str) -> str:
    """Which option of the URL names what is not there or is not understood; "" where all is well."""
    options = dict(read_address(url, 0).options)
    if (demand := options.get("ssl_cert_reqs", "required")) not in _DEMANDS:
        return f"cannot be asked: ssl_cert_reqs must be one of {', '.join(_DEMANDS)}, not {demand!r}"
    for name in _FILES:
        try:
            if name in options and not (path := Path(options[name])).is_dir():
                path.open("rb").close()
        except OSError as error:
            return f"cannot be asked: {name} names {options[name]}, which cannot be read: {error.strerror}"
    return ""


def speaks_tls(host: str, port: int) -> bool:
    """Whether who listens there answers a TLS greeting; its certificate does not matter."""
    with suppress(OSError), socket.create_connection((host, port), _LOOK_SECONDS) as raw:
        try:
            _blind().wrap_socket(raw).close()
        except ssl.SSLError as error:
            return "ALERT" in str(error)
        return True
    return False


def _blind() -> ssl.SSLContext:
    """For looking only: nothing but a greeting goes over it, so the other's certificate does not matter."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _farewell(host: str, port: int, options: Mapping[str, str]) -> str:
    """With what fault of our certificate the server takes its leave.

    It does so after the greeting, and a client that is writing by then may find a broken connection instead.
    """
    context = _blind()
    try:
        if "ssl_certfile" in options:
            password = options.get("ssl_password", "")
            context.load_cert_chain(options["ssl_certfile"], options.get("ssl_keyfile"), password)
        with socket.create_connection((host, port), _LOOK_SECONDS) as raw, context.wrap_socket(raw) as secure:
            secure.recv(1)
    except OSError as error:
        return tls_fault(error)
    return ""


def speaks_plain(host: str, port: int) -> bool:
    """Whether who listens there answers Redis's protocol in plain text."""
    with suppress(OSError), socket.create_connection((host, port), _LOOK_SECONDS) as raw:
        raw.sendall(b"*1\r\n$4\r\nPING\r\n")
        return raw.recv(1) in (b"+", b"-")
    return False


def _first_host(url: str) -> tuple[str, int]:
    return next(iter(read_address(url, 6379).hosts), ("localhost", 6379))


def advise_plain(url: str) -> str:
    """Why a URL without TLS may have failed, as the end of a sentence; "" where nothing is found."""
    host, port = _first_host(url)
    return "speaks TLS: the URL should begin with rediss://" if speaks_tls(host, port) else ""


def advise_secure(url: str) -> str:
    """Why a URL with TLS may have failed, as the end of a sentence; "" where nothing is found."""
    if fault := files_fault(url):
        return fault
    host, port = _first_host(url)
    if speaks_plain(host, port):
        return "speaks plain text, not TLS: the URL should begin with redis://"
    return _farewell(host, port, dict(read_address(url, 6379).options))
