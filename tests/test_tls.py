"""TLS to a real server, with certificates made here; and the sentence for each way in which it does not come about."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from newsfold import Stories
from storage.connect import connect
from storage.errors import ServerUnavailable
from tests.certificates import Authority
from tests.redises import serving

MUTUAL, ONE_SIDED = "yes", "no"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def ours(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture(scope="module")
def foreign(folder: Path) -> Authority:
    return Authority(folder, "foreign")


@contextmanager
def secured(ours: Authority, certificate: tuple[Path, Path], clients: str = ONE_SIDED) -> Iterator[int]:
    """A server that speaks TLS and nothing else; `clients` says whether they must show a certificate."""
    file, key = certificate
    with serving(
        f"port 0\ntls-port PORT\ntls-cert-file {file}\ntls-key-file {key}\ntls-ca-cert-file {ours.file}\n"
        f"tls-auth-clients {clients}\n"
    ) as port:
        yield port


@pytest.fixture(scope="module")
def port(ours: Authority) -> Iterator[int]:
    with secured(ours, ours.issue("server")) as port:
        yield port


def refusal(url: str, tmp_path: Path) -> str:
    """What is said of the server, in time."""
    begin = time.perf_counter()
    with pytest.raises(ServerUnavailable) as caught:
        connect(url, tmp_path)
    assert time.perf_counter() - begin < 2
    return str(caught.value).removeprefix(f"Redis at {url} ")


def test_a_server_whose_authority_is_named_is_trusted(port: int, ours: Authority, tmp_path: Path) -> None:
    for host in ("127.0.0.1", "localhost"):
        url = f"rediss://{host}:{port}/0?ssl_ca_certs={ours.file}"
        with closing(connect(url, tmp_path)) as client:
            assert client.set("key", "value")
        with Stories(url) as stories:
            assert stories.latest() == ()


def test_an_authority_of_this_system_need_not_be_named(
    port: int, ours: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.file))
    with closing(connect(f"rediss://127.0.0.1:{port}", tmp_path)) as client:
        assert client.ping()


def test_certificates_are_verified_unless_one_says_otherwise(
    port: int, foreign: Authority, tmp_path: Path
) -> None:
    untrusted = (
        "shows a certificate that is not signed by anyone trusted here: "
        "ssl_ca_certs in the URL names the file of its authority"
    )
    assert refusal(f"rediss://127.0.0.1:{port}", tmp_path) == untrusted
    assert refusal(f"rediss://127.0.0.1:{port}?ssl_ca_certs={foreign.file}", tmp_path) == untrusted
    with closing(connect(f"rediss://127.0.0.1:{port}?ssl_cert_reqs=none", tmp_path)) as client:
        assert client.ping()


def test_an_expired_certificate_is_said(ours: Authority, tmp_path: Path) -> None:
    with secured(ours, ours.issue("expired", days=-1)) as port:
        said = refusal(f"rediss://127.0.0.1:{port}?ssl_ca_certs={ours.file}", tmp_path)
    assert said == "shows a certificate that has expired"


def test_a_certificate_for_another_host_is_said(ours: Authority, tmp_path: Path) -> None:
    with secured(ours, ours.issue("elsewhere", hosts=("redis.example",))) as port:
        for host in ("127.0.0.1", "localhost"):
            said = refusal(f"rediss://{host}:{port}?ssl_ca_certs={ours.file}", tmp_path)
            assert said == f"shows a certificate that is not made out to {host}"
        lax = f"rediss://localhost:{port}?ssl_ca_certs={ours.file}&ssl_check_hostname=no"
        with closing(connect(lax, tmp_path)) as client:
            assert client.ping()


def test_a_server_may_ask_for_our_certificate(ours: Authority, foreign: Authority, tmp_path: Path) -> None:
    (file, key), (other, other_key) = ours.issue("client"), foreign.issue("stranger")
    with secured(ours, ours.issue("strict"), MUTUAL) as port:
        url = f"rediss://127.0.0.1:{port}?ssl_ca_certs={ours.file}"
        with closing(connect(f"{url}&ssl_certfile={file}&ssl_keyfile={key}", tmp_path)) as client:
            assert client.ping()
        asks = "asks for a certificate of ours: ssl_certfile and ssl_keyfile in the URL name it"
        assert refusal(url, tmp_path) == asks
        said = refusal(f"{url}&ssl_certfile={other}&ssl_keyfile={other_key}", tmp_path)
        assert said == "does not trust our certificate (ssl_certfile)"
        said = refusal(f"{url}&ssl_certfile={file}&ssl_keyfile={other_key}", tmp_path)
        assert said == "cannot be asked: ssl_certfile and ssl_keyfile do not belong together"


@pytest.mark.slow
def test_who_speaks_otherwise_is_said(port: int, tmp_path: Path) -> None:
    said = refusal(f"redis://127.0.0.1:{port}", tmp_path)
    assert said == "speaks TLS: the URL should begin with rediss://"
    with serving("requirepass geheim") as plain:
        said = refusal(f"rediss://127.0.0.1:{plain}", tmp_path)
    assert said == "speaks plain text, not TLS: the URL should begin with redis://"


def test_options_that_name_nothing_are_said(port: int, folder: Path, tmp_path: Path) -> None:
    url = f"rediss://127.0.0.1:{port}?"
    said = refusal(f"{url}ssl_ca_certs={tmp_path}/none.pem", tmp_path)
    assert (
        said
        == f"cannot be asked: ssl_ca_certs names {tmp_path}/none.pem, which cannot be read: No such file or directory"
    )
    said = refusal(f"{url}ssl_ca_certs={folder}/server.key", tmp_path)
    assert said == "cannot be asked: a file that the URL names has no certificate or key in it"
    said = refusal(f"{url}ssl_cert_reqs=maybe", tmp_path)
    assert said == "cannot be asked: ssl_cert_reqs must be one of none, optional, required, not 'maybe'"


def test_a_worker_does_not_wait_for_a_certificate_to_change(ours: Authority, tmp_path: Path) -> None:
    url = "rediss://127.0.0.1:{}?ssl_ca_certs=" + str(ours.file)
    with secured(ours, ours.issue("first")) as port:
        waiting = connect(url.format(port), tmp_path, wait=60)
    expired, key = ours.issue("second", days=-1)
    text = (
        f"port 0\ntls-port PORT\ntls-cert-file {expired}\ntls-key-file {key}\ntls-ca-cert-file {ours.file}\n"
    )
    with closing(waiting), serving(text + "tls-auth-clients no\n", port):
        begin = time.monotonic()
        with pytest.raises(ServerUnavailable, match=r"shows a certificate that has expired$"):
            waiting.get("key")
        assert time.monotonic() - begin < 5
