"""Questions of this machine to services, each once: the other end of the platform `local`.

An answer is text: `key=value` words in a line, and the lines of a page behind `content=`. A service that does not
answer is an answer too, with the reason behind `error=`.
"""

from __future__ import annotations

import http.client
import os
import re
import secrets
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from eventready.session.probes import messages
from eventready.session.probes.messages import BadMessage, query, read_reply

TIMEOUT_S = 5.0
_ECHO_S, _ECHO_INTERVAL_S = 1.0, 0.2
_PAGE_BYTES, _LINE_BYTES = 4096, 512
_IP_AND_ICMP = 28
_RESOLVERS = Path("/etc/resolv.conf")
#: Linux: path MTU discovery, always with DF, or never (ip(7)).
_MTU_DISCOVER, _DF, _NO_DF = 10, 2, 0
_NTP_TO_UNIX = 2_208_988_800
_FAILURES = (OSError, http.client.HTTPException, BadMessage, UnicodeError, ValueError)
#: Control characters, which a page may send and a text of lines must not hold.
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")

Ask = Callable[[Mapping[str, str]], str]


def answer(command: str) -> str:
    """Ask the question of a command, `KIND name=value ...`; return the text of the answer. Raises KeyError."""
    kind, *words = command.split()
    return _ASKING[kind](dict(word.split("=", 1) for word in words))


def _tcp(given: Mapping[str, str]) -> str:
    begin = time.monotonic()
    try:
        _dial(given["host"], int(given["port"])).close()
    except _FAILURES as error:
        return f"state=closed {_since(begin)} error={_reason(error)}"
    return f"state=open {_since(begin)} error="


def _dns(given: Mapping[str, str]) -> str:
    """Answer over UDP, or over TCP for a truncated answer (RFC 7766). `tcp`: yes with an answer over TCP, else no."""
    begin = time.monotonic()
    try:
        server = given.get("server") or _resolver()
        question = query(given["name"], given["type"], secrets.randbelow(65_536))
        data = question.to_wire()
        reply = read_reply(_exchange(server, 53, data), question)
        shown = _since(begin)
    except _FAILURES as failure:
        return f"code= addresses= tcp= {_since(begin)} error={_reason(failure)}"
    try:
        second = read_reply(_stream_exchange(server, 53, data), question)
    except _FAILURES:
        second = None
    reply = second or reply if reply.truncated else reply
    if reply.truncated:
        return f"code= addresses= tcp=no {shown} error=truncated answer"
    return f"code={reply.code} addresses={','.join(reply.addresses)} tcp={'yes' if second else 'no'} {shown} error="


def _resolver() -> str:
    lines = _RESOLVERS.read_text(encoding="utf-8", errors="replace").split("\n")
    named = (line.split()[1] for line in lines if re.match(r"nameserver\s+\S", line))
    # Where none is named the resolver asks this machine (resolv.conf(5)).
    return next(named, "127.0.0.1")


def _dial(host: str, port: int) -> socket.socket:
    """Connect to the first accepting address of a name, within twice `TIMEOUT_S` for all of them."""
    until, failure = time.monotonic() + 2 * TIMEOUT_S, OSError("no address")
    for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if (left := until - time.monotonic()) <= 0:
            break
        try:
            opened = socket.create_connection((str(address[0]), port), min(left, TIMEOUT_S))
        except OSError as error:
            failure = error
            continue
        opened.settimeout(TIMEOUT_S)
        return opened
    raise failure


def _exchange(host: str, port: int, data: bytes) -> bytes:
    """Send a datagram and return the answer."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as opened:
        opened.settimeout(TIMEOUT_S)
        opened.connect(address)
        opened.send(data)
        return opened.recv(4096)


def _stream_exchange(host: str, port: int, data: bytes) -> bytes:
    """Send a message of DNS over TCP and return the answer, both behind their length (RFC 1035, 4.2.2)."""
    with _dial(host, port) as opened, opened.makefile("rb") as answer:
        opened.sendall(len(data).to_bytes(2, "big") + data)
        return answer.read(int.from_bytes(answer.read(2), "big"))


def _http(given: Mapping[str, str]) -> str:
    begin = time.monotonic()
    try:
        status, page, certificate = _page(given)
    except _FAILURES as error:
        return f"content=\nstatus=0 {_since(begin)} {_served(None, '', given)} error={_reason(error)}"
    since = _since(begin)
    lines = re.split(r"\r\n|\r|\n", page.decode(errors="replace").expandtabs(1))
    content = "".join(f"content={_CONTROLS.sub('', line)}\n" for line in lines)
    verify = _verified(given) if certificate else ""
    return f"{content}status={status} {since} {_served(certificate, verify, given)} error="


def _page(given: Mapping[str, str]) -> tuple[int, bytes, bytes | None]:
    """Status, beginning of the page, and the certificate as served in DER."""
    url = urlsplit(given["url"])
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    with _connected(given.get("address", host).strip("[]"), port) as raw:
        stream = _unverified().wrap_socket(raw, server_hostname=host) if url.scheme == "https" else raw
        certificate = stream.getpeercert(binary_form=True) if isinstance(stream, ssl.SSLSocket) else None
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        connection.sock = stream
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request("GET", path, headers={"Connection": "close", "User-Agent": "eventready"})
        response = connection.getresponse()
        return response.status, response.read(_PAGE_BYTES), certificate


@contextmanager
def _connected(host: str, port: int) -> Iterator[socket.socket]:
    """Open a connection, ended after twice `TIMEOUT_S` however slowly the other end sends."""
    with _dial(host, port) as opened, opened.dup() as held:
        watch = threading.Timer(2 * TIMEOUT_S, _end, (held,))
        watch.daemon = True
        watch.start()
        try:
            yield opened
        finally:
            watch.cancel()


def _end(held: socket.socket) -> None:
    with suppress(OSError):
        held.shutdown(socket.SHUT_RDWR)


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _verified(given: Mapping[str, str]) -> str:
    """OpenSSL's result of the chain of certificates: 0 for a trusted chain."""
    url = urlsplit(given["url"])
    context = ssl.create_default_context()
    context.check_hostname = False
    host = given.get("address", url.hostname or "").strip("[]")
    try:
        with _connected(host, url.port or 443) as raw, context.wrap_socket(raw, server_hostname=url.hostname):
            return "0"
    except ssl.SSLCertVerificationError as error:
        return str(error.verify_code)
    except OSError:
        return ""


def _served(certificate: bytes | None, verify: str, given: Mapping[str, str]) -> str:
    if certificate is None:
        return "verify= not_after= named="
    try:
        read = x509.load_der_x509_certificate(certificate)
        named = "yes" if _is_for(read, urlsplit(given["url"]).hostname or "") else "no"
    except (ValueError, x509.InvalidVersion, x509.DuplicateExtension):
        return "verify= not_after= named="
    return f"verify={verify} not_after={read.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ} named={named}"


def _is_for(certificate: x509.Certificate, host: str) -> bool:
    """True for a certificate with the name or address of a host, or a `*.` for its first label (RFC 6125)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    known = {name.casefold() for name in names.get_values_for_type(x509.DNSName)}
    known |= {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    return host.casefold() in known or f"*.{host.partition('.')[2]}".casefold() in known


def _ping(given: Mapping[str, str]) -> str:
    count, trips = int(given["count"]), []
    error: Exception | None = None
    try:
        with _echo_socket(given) as opened:
            for number in range(count):
                begin = time.monotonic()
                try:
                    trips.append(_echo(opened, number + 1, int(given.get("size") or 84) - _IP_AND_ICMP))
                except OSError as failure:
                    error = failure
                if number + 1 < count:
                    time.sleep(max(0.0, begin + _ECHO_INTERVAL_S - time.monotonic()))
    except _FAILURES as failure:
        error, count = failure, 0
    mean = f"{1000 * sum(trips) / len(trips):.3f}" if trips else ""
    return f"sent={count} received={len(trips)} time_ms={mean} error={_reason(error) if error else ''}"


def _echo_socket(given: Mapping[str, str]) -> socket.socket:
    """Connected ping socket, or a raw socket for root."""
    address = socket.getaddrinfo(given["target"], None, socket.AF_INET)[0][4]
    try:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    except PermissionError:
        opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    opened.setsockopt(socket.IPPROTO_IP, _MTU_DISCOVER, _DF if given.get("df") else _NO_DF)
    if given.get("source"):
        opened.bind((given["source"], 0))
    opened.connect((str(address[0]), 0))
    return opened


def _echo(opened: socket.socket, number: int, payload: int) -> float:
    """Send an echo request and return the seconds until its reply. Raises OSError without a reply."""
    body = os.urandom(8).ljust(payload, b"\0")[:payload] if payload >= 8 else b"\0" * payload
    begin = time.monotonic()
    opened.send(messages.echo_request(os.getpid() & 0xFFFF, number, body))
    while (left := begin + _ECHO_S - time.monotonic()) > 0 and select.select([opened], [], [], left)[0]:
        data = opened.recv(65_535)
        reply = data[(data[0] & 0xF) * 4 :] if opened.type == socket.SOCK_RAW else data
        if len(reply) < messages.HEADER.size:
            continue
        kind, code, _sum, _identifier, answered = messages.HEADER.unpack_from(reply)
        if (kind, code, answered) == (messages.ECHO_REPLY, 0, number) and reply[messages.HEADER.size :] == body:
            return time.monotonic() - begin
    raise TimeoutError("no reply")


def _ntp(given: Mapping[str, str]) -> str:
    """Offset of this machine's clock by RFC 5905, from a single exchange."""
    begin = time.monotonic()
    mark, sent = os.urandom(8), time.time()
    try:
        data = _exchange(given["server"], 123, b"\x23" + b"\0" * 39 + mark)
        received = time.time()
        if len(data) < 48 or data[0] & 7 != 4 or data[24:32] != mark or not _synchronised(data):
            raise BadMessage("no time of a synchronised server")
    except _FAILURES as error:
        return f"offset_ms= {_since(begin)} error={_reason(error)}"
    arrived, left = (struct.unpack("!Q", data[at : at + 8])[0] / 2**32 - _NTP_TO_UNIX for at in (32, 40))
    offset = ((arrived - sent) + (left - received)) / 2
    return f"offset_ms={1000 * offset:.3f} {_since(begin)} error="


def _synchronised(data: bytes) -> bool:
    """True for a known leap indicator, stratum 1 to 15 and a time of arrival and of departure (RFC 5905, 7.3)."""
    return data[0] >> 6 != 3 and 1 <= data[1] <= 15 and any(data[32:40]) and any(data[40:48])


def _smtp(given: Mapping[str, str]) -> str:
    begin = time.monotonic()
    try:
        with _connected(given["host"], int(given["port"])) as opened:
            greeting = _line(opened).decode("ascii", errors="replace")
            with suppress(OSError):
                opened.send(b"QUIT\r\n")
    except _FAILURES as error:
        return f"code= {_since(begin)} error={_reason(error)}"
    code = re.match(r"(\d{3})[ -]", greeting)
    return f"code={code[1] if code else ''} {_since(begin)} error={'' if code else 'no greeting'}"


def _line(opened: socket.socket) -> bytes:
    """First line, or the bytes before the end of the connection: 512 at most (RFC 5321, 4.5.3.1.5)."""
    line = b""
    while b"\n" not in line and len(line) < _LINE_BYTES and (more := opened.recv(_LINE_BYTES)):
        line += more
    return line


def _since(begin: float) -> str:
    return f"time_ms={1000 * (time.monotonic() - begin):.3f}"


def _reason(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else "") or str(error)
    return " ".join(_CONTROLS.sub(" ", text).split()) or type(error).__name__


_ASKING: Mapping[str, Ask] = {
    "tcp": _tcp, "dns": _dns, "http": _http, "ping": _ping, "ntp": _ntp, "smtp": _smtp,
}  # fmt: skip
