"""Address of a scheduler, and the certificates and settings of its members."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventready.audit.collectors.cluster.certificates import AUTHORITY, MEMBER, REVOKED, member_name, refuse_expired
from eventready.core.errors import UsageError
from eventready.core.messages import message

if TYPE_CHECKING:
    from distributed import Security

#: Port of a scheduler.
PORT = 8786
_ADDRESS = re.compile(r"(tls|tcp)://(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?")

#: Settings of Dask beneath its variables (DASK_...): no page, no memory of messages, no measurement of itself, no
#: second look at a device that took several workers with it.
_DEFAULTS: Mapping[str, Any] = {
    "distributed.scheduler.allowed-failures": 2,
    "distributed.scheduler.worker-ttl": "60s",
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.admin.low-level-log-length": 1,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "60s",
    "distributed.comm.timeouts.connect": "10s",
    "distributed.comm.timeouts.tcp": "20s",
    "distributed.comm.retry.count": 0,
    "distributed.comm.compression": None,
}


@dataclass(frozen=True)
class SchedulerAddress:
    """Address of a scheduler; `certificates`: folder of the member, unused for `tcp` on the loopback."""

    protocol: str
    host: str
    port: int
    certificates: Path

    @classmethod
    def of(cls, text: str, certificates: Path) -> SchedulerAddress:
        """Parse `tls://HOST[:PORT]`. Raises UsageError, for `tcp` beyond this machine and invalid certificates too."""
        found = _ADDRESS.fullmatch(text)
        if not found or int(found[3] or PORT) > 65_535:
            raise UsageError(message("audit:cluster.address", text=text))
        address = cls(found[1], found[2], int(found[3] or PORT), certificates)
        if address.protocol == "tcp" and not _is_loopback(address.host.strip("[]")):
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


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_distributed() -> Any:
    """Import Dask with our settings. Raises UsageError without the extra."""
    try:
        import dask  # noqa: PLC0415  of the extra `cluster`
        import distributed  # noqa: PLC0415  of the extra `cluster`
    except ImportError:
        raise UsageError(message("audit:cluster.no_extra")) from None
    dask.config.set(_DEFAULTS)
    dask.config.update(dask.config.config, dask.config.collect_env())
    return distributed


def _security(folder: Path) -> Security:
    from distributed import Security  # noqa: PLC0415  of the extra `cluster`

    purposes = (ssl.Purpose.SERVER_AUTH, ssl.Purpose.CLIENT_AUTH)
    contexts = {purpose.shortname: tls_context(folder, purpose) for purpose in purposes}

    class RevocableSecurity(Security):
        """TLS of Dask with a revocation list, and without a file after the start."""

        def _get_tls_context(self, _tls: Any, purpose: Any) -> ssl.SSLContext:
            return contexts[purpose.shortname]

    own = str(folder / MEMBER)
    made: Any = RevocableSecurity
    security: Security = made(
        require_encryption=True, tls_ca_file=str(folder / AUTHORITY), tls_client_cert=own, tls_scheduler_cert=own,
        tls_worker_cert=own,
    )  # fmt: skip
    return security


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
