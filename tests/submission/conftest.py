"""A workspace, certificates made for the occasion, and mail servers: a real one, and ones that behave badly."""

from __future__ import annotations

import ipaddress
import shutil
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from eventready.core.clock import Clock
from eventready.workspace.examples.example import copy_example
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.mail import MailServer
from eventready.workspace.workspace import load_workspace
from tests.delivery.mailroom import Mailroom


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example workspace, to be copied."""
    folder = tmp_path_factory.mktemp("example") / "event"
    copy_example(folder)
    return folder


@pytest.fixture
def workspace(example: Path, tmp_path: Path) -> Path:
    """A workspace of the test's own."""
    return Path(shutil.copytree(example, tmp_path / "event"))


@pytest.fixture
def event(example: Path) -> Event:
    return load_workspace(example).event


@pytest.fixture
def clock() -> Clock:
    """Monday morning before the event, as a rehearsal has it."""
    return Clock.starting("2022-04-25 07:30")


@dataclass(frozen=True)
class Certificates:
    """A throw-away CA and a server's certificate of it for 127.0.0.1."""

    ca: Path
    cert: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """For the server's side."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


#: Required of a CA by the strict verification of Python 3.13 (RFC 5280, 4.2.1.3), as are the key identifiers.
_SIGNS = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
)  # fmt: skip


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("ca")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throw-away CA")])
    now = datetime.now(UTC)

    def made(subject: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )
        if ca:
            builder = builder.add_extension(_SIGNS, critical=True)
        else:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            issued = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
            builder = builder.add_extension(issued, critical=False)
        return builder.sign(ca_key, hashes.SHA256())

    server = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    paths = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    paths.ca.write_bytes(made(issuer, ca_key.public_key(), ca=True).public_bytes(serialization.Encoding.PEM))
    paths.cert.write_bytes(made(server, key.public_key(), ca=False).public_bytes(serialization.Encoding.PEM))
    paths.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


@pytest.fixture
def mailroom() -> Iterator[Mailroom]:
    """A real SMTP server on this machine, in the clear."""
    with Mailroom() as room:
        yield room


@pytest.fixture
def served(event: Event) -> Callable[[MailServer], Event]:
    """The event with a mail server."""

    def with_server(server: MailServer) -> Event:
        assert event.mail is not None
        return event.model_copy(update={"mail": event.mail.model_copy(update={"server": server})})

    return with_server
