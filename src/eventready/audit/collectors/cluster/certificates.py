"""Certificates of a cluster: an authority of its own, a certificate per member, a revocation list.

A folder has `authority/` (the certificate and key of the authority, which stay where they were made) and a folder per
member, to be copied to its machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from eventready.core.errors import UsageError
from eventready.core.files import read_bounded, read_private, write_atomic
from eventready.core.messages import message

#: Files of a member: its certificate with its key, the authority, the revocation list.
MEMBER, AUTHORITY, REVOKED = "member.pem", "authority.pem", "revoked.pem"
_HOME, _KEY = "authority", "key.pem"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}")
#: Days of certificates and of the revocation list; a clock may be a day behind.
_DAYS, _BEFORE = 1825, timedelta(days=1)
_LARGEST = 1_000_000


@dataclass(frozen=True)
class Authority:
    """Authority of a cluster in a folder."""

    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def of(cls, folder: Path) -> Authority:
        """Open the authority of a folder, or a new authority. Raises UsageError."""
        home = folder / _HOME
        if not (home / _KEY).exists():
            return cls._made(folder)
        try:
            key = load_pem_private_key(read_private(home / _KEY, _LARGEST, "the key"), None)
            certificate = x509.load_pem_x509_certificate(read_bounded(home / AUTHORITY, _LARGEST, "the certificate"))
        except ValueError:
            raise UsageError(message("audit:cluster.bad_authority"), where=str(home)) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise UsageError(message("audit:cluster.bad_authority"), where=str(home))
        return cls(folder, certificate, key)

    @classmethod
    def _made(cls, folder: Path) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("eventready cluster")
        certificate = (
            _builder(name, name, key.public_key(), _DAYS * 2)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write(folder / _HOME / _KEY, _pem(key))
        _write(folder / _HOME / AUTHORITY, certificate.public_bytes(Encoding.PEM))
        made = cls(folder, certificate, key)
        made.write_list((), datetime.now(UTC) - _BEFORE)
        return made

    def add(self, name: str) -> Path | None:
        """Make the folder of a member; None for an existing folder. Raises UsageError for an invalid name."""
        if not _NAME.fullmatch(name) or name == _HOME:
            raise UsageError(message("audit:cluster.name", name=name))
        home = self.folder / name
        if (home / MEMBER).exists():
            return None
        key = ec.generate_private_key(ec.SECP256R1())
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        certificate = (
            _builder(_name(name), self.certificate.subject, key.public_key(), _DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(purposes, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        _write(home / AUTHORITY, self.certificate.public_bytes(Encoding.PEM))
        _write(home / REVOKED, read_bounded(self.folder / _HOME / REVOKED, _LARGEST, "the revocation list"))
        _write(home / MEMBER, certificate.public_bytes(Encoding.PEM) + _pem(key))
        return home

    def revoke(self, names: Iterable[str]) -> None:
        """Add the certificates of members to the revocation list of all members. Raises UsageError."""
        known = _revocations(self.folder / _HOME / REVOKED)
        serials = {one.serial_number for one in known}
        for name in names:
            if not (self.folder / name / MEMBER).is_file() or not _NAME.fullmatch(name):
                raise UsageError(message("audit:cluster.no_member", name=name), where=str(self.folder))
            serials.add(_certificate(self.folder / name / MEMBER).serial_number)
        later = known.last_update_utc + timedelta(seconds=1)  # of two lists, TLS takes the later one
        self.write_list(sorted(serials), max(later, datetime.now(UTC) - _BEFORE))

    def write_list(self, serials: Iterable[int], since: datetime) -> None:
        """Write the revocation list of the authority and of each member."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(since).next_update(since + timedelta(days=_DAYS * 2))
        for serial in serials:
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
            builder = builder.add_revoked_certificate(one)
        data = builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)
        for home in (self.folder / _HOME, *(path.parent for path in self.folder.glob(f"*/{MEMBER}"))):
            _write(home / REVOKED, data)


def revoked_serials(path: Path) -> frozenset[int]:
    """Return the serial numbers of a revocation list. Raises UsageError, ValueError."""
    return frozenset(one.serial_number for one in _revocations(path))


def _revocations(path: Path) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl(read_bounded(path, _LARGEST, "the revocation list"))


def member_name(path: Path) -> str:
    """Name in the certificate of a member. Raises UsageError."""
    names = _certificate(path).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def refuse_expired(path: Path) -> None:
    """Check the end of the certificate of a member. Raises UsageError."""
    ended = _certificate(path).not_valid_after_utc
    if ended < datetime.now(UTC):
        raise UsageError(message("audit:cluster.expired", day=ended.date().isoformat()), where=str(path))


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(read_bounded(path, _LARGEST, "the certificate"))
    except ValueError as error:
        raise UsageError(message("audit:cluster.bad_certificate", reason=str(error)), where=str(path)) from None


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - _BEFORE).not_valid_after(now + timedelta(days=days))


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes) -> None:
    write_atomic(path, data, private=True, what="the certificate")
