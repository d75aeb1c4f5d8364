"""OpenSSH certificates: validity, and of a host's certificate the name and the authority."""

from __future__ import annotations

import base64
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_ssh_public_identity,
)

from eventready.core.messages import Message, message
from eventready.session.hostkeys import HostKey

#: End of the name of a key type with a certificate.
SUFFIX = "-cert-v01@openssh.com"


def host_certificate_trouble(blob: bytes, host: str, authorities: Collection[HostKey]) -> Message | None:
    """Return the reason against a certificate of a host; None for valid ones."""
    certificate = _parsed(blob)
    if certificate is None:
        return message("session:certificate.invalid")
    signer = certificate.signature_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    if signer not in {key.text for key in authorities}:
        return message("session:certificate.authority")
    try:
        certificate.verify_cert_signature()
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return message("session:certificate.invalid")
    if certificate.type is not SSHCertificateType.HOST or certificate.critical_options:
        return message("session:certificate.purpose")
    names = [name.decode(errors="replace").lower() for name in certificate.valid_principals]
    if not any(fnmatchcase(host.lower(), name.replace("[", "[[]")) for name in names):
        return message("session:certificate.names", names=names)
    return _outside(certificate)


def validity_trouble(blob: bytes) -> Message | None:
    """Return the reason against a certificate at present; None for valid ones."""
    certificate = _parsed(blob)
    return message("session:certificate.invalid") if certificate is None else _outside(certificate)


def _parsed(blob: bytes) -> SSHCertificate | None:
    with suppress(ValueError, UnsupportedAlgorithm, IndexError):
        kind = blob[4 : 4 + int.from_bytes(blob[:4], "big")]
        identity = load_ssh_public_identity(kind + b" " + base64.b64encode(blob))
        return identity if isinstance(identity, SSHCertificate) else None
    return None


def _outside(certificate: SSHCertificate) -> Message | None:
    now = datetime.now(UTC).timestamp()
    if now < certificate.valid_after:
        return message("session:certificate.early", since=_moment(certificate.valid_after))
    if now >= certificate.valid_before:
        return message("session:certificate.expired", until=_moment(certificate.valid_before))
    return None


def _moment(seconds: int) -> str:
    """Return a time of a certificate as a date with its time; "forever" is beyond the dates of Python."""
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="minutes")
    return str(seconds)
