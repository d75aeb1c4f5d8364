"""Address of a scheduler, and the certificates of its members."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eventready.audit.collectors.cluster.certificates import AUTHORITY, MEMBER, REVOKED, member_name, refuse_expired
from eventready.audit.collectors.cluster.dask_parts import require_distributed, security_of
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.strings.texts import is_loopback

if TYPE_CHECKING:
    from distributed import Security

#: Port of a scheduler.
PORT = 8786
_ADDRESS = re.compile(r"(tls|tcp)://(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?")


@dataclass(frozen=True)
class SchedulerAddress:
    """Address of a scheduler; `certificates`: folder of the member, unused for `tcp` on the loopback.

    `unconfined`: with the rights of the account for the code of members.
    """

    protocol: str
    host: str
    port: int
    certificates: Path
    unconfined: bool = False

    @classmethod
    def of(cls, text: str, certificates: Path, *, unconfined: bool = False) -> SchedulerAddress:
        """Parse `tls://HOST[:PORT]`. Raises UsageError, for `tcp` beyond this machine and invalid certificates too."""
        found = _ADDRESS.fullmatch(text)
        if not found or int(found[3] or PORT) > 65_535:
            raise UsageError(message("audit:cluster.address", text=text))
        address = cls(found[1], found[2], int(found[3] or PORT), certificates, unconfined)
        if address.protocol == "tcp" and not is_loopback(address.host.strip("[]")):
            raise UsageError(message("audit:cluster.plain", text=text))
        if address.protocol == "tls":
            for name in (MEMBER, AUTHORITY, REVOKED):
                if not (certificates / name).is_file():
                    raise UsageError(message("audit:cluster.no_certificate", name=name), where=str(certificates))
            refuse_expired(certificates / MEMBER)
        return address

    def __str__(self) -> str:
        return f"{self.protocol}://{self.host}:{self.port}"

    @property
    def member(self) -> str:
        """Name in the certificate of this member; empty without certificates. Raises UsageError."""
        return member_name(self.certificates / MEMBER) if self.protocol == "tls" else ""

    def security(self) -> Security:
        """Return Dask's settings of TLS, with the files read. Raises UsageError."""
        distributed = require_distributed()
        if self.protocol == "tcp":
            plain: Security = distributed.Security(require_encryption=False)
            return plain
        return _security(self.certificates)


def cluster_address(cluster: str, certificates: Path, *, unconfined: bool) -> SchedulerAddress | None:
    """Return the scheduler of `--cluster`; None without. Raises UsageError."""
    return SchedulerAddress.of(cluster, certificates, unconfined=unconfined) if cluster else None


def _security(folder: Path) -> Security:
    purposes = (ssl.Purpose.SERVER_AUTH, ssl.Purpose.CLIENT_AUTH)
    own = str(folder / MEMBER)
    return security_of(
        {purpose.shortname: tls_context(folder, purpose) for purpose in purposes},
        tls_ca_file=str(folder / AUTHORITY), tls_client_cert=own, tls_scheduler_cert=own, tls_worker_cert=own,
    )  # fmt: skip


def tls_context(folder: Path, purpose: ssl.Purpose) -> ssl.SSLContext:
    """Return TLS 1.3 for members with a valid certificate. Raises UsageError."""
    try:
        context = ssl.create_default_context(purpose, cafile=str(folder / AUTHORITY))
        context.load_cert_chain(folder / MEMBER)
        context.load_verify_locations(folder / REVOKED)
    except (ssl.SSLError, OSError) as error:
        raise UsageError(message("audit:cluster.bad_certificate", reason=str(error)), where=str(folder)) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode, context.check_hostname = ssl.CERT_REQUIRED, False  # names of members, not of hosts
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    if purpose is ssl.Purpose.CLIENT_AUTH:
        context.num_tickets = 0  # a resumed session would not look at the revocation list
    return context
