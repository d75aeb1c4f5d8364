"""Open SSH transports: handshake, host key check, login. Devices and jump hosts use the same steps."""

from __future__ import annotations

from typing import Any

from paramiko.ssh_exception import IncompatiblePeer

from eventready.core.errors import InvalidValue, WorkspaceError
from eventready.core.messages import message
from eventready.session.hostkeys import (
    HostKey,
    KnownHosts,
    changed_key,
    known_hosts,
    revoked_key,
    uncertified_key,
    unknown_key,
    without_port,
)
from eventready.session.reply import NoCommonAlgorithm
from eventready.session.ssh.authentication import authenticate
from eventready.session.ssh.certificates import host_certificate_trouble
from eventready.session.ssh.transport import Transport, legacy_among
from eventready.session.steps import ConnectStep, Trace
from eventready.session.target import Target
from eventready.session.wire.stream import BufferedSocket

#: Time limit of a login with a one-time code that a person types.
_TYPING_S = 180.0


def start_transport(connection: Any, target: Target, timeout_s: float, known: KnownHosts) -> Transport:
    """Do the handshake over a connection. Raises paramiko.SSHException, NoCommonAlgorithm, WorkspaceError.

    Algorithms of recorded keys come first; certificates are accepted where an authority is recorded.
    """
    name = target.host_key_name
    try:
        transport = Transport(connection, target.ssh, known.lookup(name), certified=bool(known.signers(name)))
    except InvalidValue as error:
        raise WorkspaceError(
            message("session:algorithms_unusable", name=target.name, reason=error.error.cause)
        ) from None
    transport.banner_timeout = (
        timeout_s * 0.75
    )  # below timeout_s, after which paramiko no longer names the missing step
    transport.auth_timeout = timeout_s
    transport.channel_timeout = timeout_s
    try:
        transport.start_client(timeout=timeout_s)
    except IncompatiblePeer as error:
        transport.close()
        raise _no_common_algorithm(str(error), transport, target) from None
    except BaseException:
        transport.close()
        raise
    return transport


#: Words of paramiko's IncompatiblePeer, and the peer's lists that they mean.
_OFFERS = (
    ("kex", "key exchange", ("kex_algo_list",)),
    ("host key", "host key", ("server_key_algo_list",)),
    ("cipher", "cipher", ("server_encrypt_algo_list", "client_encrypt_algo_list")),
    ("mac", "MAC", ("server_mac_algo_list", "client_mac_algo_list")),
)


def _no_common_algorithm(text: str, transport: Transport, target: Target) -> NoCommonAlgorithm:
    where = f"{target.name} ({target.address})"
    for word, label, lists in _OFFERS:
        if word not in text.lower():
            continue
        offered = list(dict.fromkeys(name for key in lists for name in transport.peer_offer.get(key, ())))
        legacy = legacy_among(offered) and not target.ssh.allow_legacy
        remedy = message("session:no_common.update" if legacy else "session:no_common.compare")
        shown = ", ".join(offered)[:300]
        return NoCommonAlgorithm(message("session:no_common", where=where, kind=label, offered=shown), do=remedy)
    return NoCommonAlgorithm(message("session:no_common", where=where, kind="SSH algorithm", offered=text[:200]))


def open_transport(connection: Any, target: Target, timeout_s: float, trace: Trace) -> Transport:
    """Do the handshake, check the host key, log in. Raises SessionError, paramiko.SSHException, OSError.

    The transport is closed on failure.
    """
    known = known_hosts(target.known_hosts_path)
    with trace.step(ConnectStep.ALGORITHMS):
        transport = start_transport(connection, target, timeout_s, known)
    trace.detail(ConnectStep.ALGORITHMS, ", ".join(transport.agreed))
    try:
        with trace.step(ConnectStep.HOST_KEY):
            presented = HostKey.of(transport.get_remote_server_key())
            check_host_key(transport, target, known)
        trace.detail(ConnectStep.HOST_KEY, str(presented))
        if target.ssh.one_time_code is not None:
            transport.auth_timeout = _TYPING_S
        with trace.step(ConnectStep.LOGIN):
            methods = authenticate(transport, target)
        trace.detail(ConnectStep.LOGIN, message("session:methods", methods=methods))
        if isinstance(connection, BufferedSocket):
            connection.authenticated()
        transport.logged_in(target.ssh.keepalive_s)
    except BaseException:
        transport.close()
        raise
    return transport


def check_host_key(transport: Transport, target: Target, known: KnownHosts) -> None:
    """Accept a recorded key or a recorded authority's certificate of the host. Raises HostKeyMismatch."""
    presented, name = HostKey.of(transport.get_remote_server_key()), target.host_key_name
    about = (target.name, name, presented)
    if presented.blob in known.revoked:
        raise revoked_key(*about, known.path)
    certificate = transport.get_remote_server_key().public_blob
    trouble = None
    if certificate is not None:
        trouble = host_certificate_trouble(certificate.key_blob, without_port(name), known.signers(name))
        if trouble is None:
            return
    if known.accepts(name, presented):
        return
    if trouble is not None:
        raise uncertified_key(*about, trouble, known.path)
    recorded = known.lookup(name)
    if not recorded:
        raise unknown_key(*about, known.path)
    same = next((key for key in recorded if key.algorithm == presented.algorithm), recorded[0])
    raise changed_key(*about, same, known.path)
