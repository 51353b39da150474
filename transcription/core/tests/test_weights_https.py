"""Weights over HTTPS: only from servers whose certificate is believed, and never out of HTTPS again."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from transcription.core.models import ENGINES
from transcription.core.tests.weights_server import HASTY, WEIGHTS, Trouble, WeightsServer, serving, toy
from transcription.core.weight_errors import WeightsNotFound, WeightsUnreachable
from transcription.core.weights_store.ensuring import ensure_weights
from transcription.core.weights_store.store import WeightStore


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that it signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def server(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeightsServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(context) as running:
        monkeypatch.setitem(ENGINES, "toy", toy(running.url))
        yield running


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    return WeightStore(folder=tmp_path / "models", patience=HASTY)


def believe(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def test_a_server_that_is_believed_is_fetched_from_also_in_pieces(
    server: WeightsServer, store: WeightStore, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    believe(certificate, monkeypatch)
    server.troubles = [Trouble(cut_after=300_000), Trouble(stall_after=300_000)]

    assert ensure_weights("toy", store).path.read_bytes() == WEIGHTS
    assert server.ranges == ["", "bytes=300000-", "bytes=600000-"]


def test_a_server_that_is_not_believed_is_not_fetched_from(server: WeightsServer, store: WeightStore) -> None:
    with pytest.raises(WeightsUnreachable, match=r"(?i)certificate.verify.failed"):
        ensure_weights("toy", store)
    assert server.requests == []


def test_a_redirect_out_of_https_is_not_followed(
    server: WeightsServer, store: WeightStore, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    believe(certificate, monkeypatch)
    with serving() as plain:
        server.troubles = [Trouble(status=302, location=plain.url + "toy.th")]

        with pytest.raises(WeightsNotFound, match="not safe"):
            ensure_weights("toy", store)

        assert plain.requests == []
        server.troubles = [Trouble(status=302, location=server.url + "toy.th")]
        assert ensure_weights("toy", store).path.read_bytes() == WEIGHTS
