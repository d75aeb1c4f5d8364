"""Answers expected by the users of a service: of a page, a name, an address, a port, a clock, a mail or DHCP server.

Every value becomes an argument of a read-only command, so each has a strict form: no blank, no quote, no character with
a meaning to a shell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.core.strings.texts import is_address
from eventready.workspace.model import PlacedModel

AnswerKind = Literal["http", "dns", "ping", "tcp", "ntp", "smtp", "dhcp"]
ANSWER_KINDS: tuple[AnswerKind, ...] = get_args(AnswerKind)
#: Response codes of a DNS answer (RFC 1035, 4.1.1). Without an answer there is no code.
DnsCode = Literal["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
_URL = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{{1,5}}))?"
    r"(?P<path>/[A-Za-z0-9._~/%+=:@,-]*)?(?:\?[A-Za-z0-9._~/%+=:@,&-]*)?"
)
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9._/:-]{0,40}")
_LONGEST_URL = 1000
#: Bytes of the IP header and of the ICMP header of an echo request.
_HEADERS, _HEADERS_IPV6 = 28, 48


def _is_address(value: str) -> bool:
    return is_address(value) and "%" not in value


def _address(value: str) -> str:
    if not _is_address(value):
        raise InvalidValue(message("workspace:answer.address", value=value))
    return value


def _ipv4(value: str) -> str:
    if ":" in _address(value):
        raise InvalidValue(message("workspace:answer.ipv4", value=value))
    return value


def _host(value: str) -> str:
    """A name or an address. A name of digits and dots alone is a cut address."""
    if _is_address(value) or (_NAME.fullmatch(value) and not re.fullmatch(r"[\d.]+", value)):
        return value
    raise InvalidValue(message("workspace:answer.host", value=value))


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise InvalidValue(message("workspace:answer.name", value=value))
    return value


def _url(value: str) -> str:
    found = _URL.fullmatch(value) if len(value) <= _LONGEST_URL else None
    if found is None or not _is_port(found["port"] or "80"):
        raise InvalidValue(message("workspace:answer.url", value=_without_password(value)))
    _host(found["host"].strip("[]"))
    if found["host"].startswith("[") and ":" not in found["host"]:
        raise InvalidValue(message("workspace:answer.url", value=value))
    return value


def _without_password(url: str) -> str:
    """Refused URL for a sentence, in a line and without its user and password."""
    return " ".join(re.sub(r"(?<=//).*@", "***@", url, flags=re.DOTALL).split())


def _is_port(value: str) -> bool:
    return value.isascii() and value.isdecimal() and 1 <= int(value) <= 65_535


def _service(value: str) -> str:
    """`host:port`, with an IPv6 address in brackets."""
    host, _, port = value.rpartition(":")
    if not host or not _is_port(port) or (":" in host and not re.fullmatch(r"\[[^\]]+\]", host)):
        raise InvalidValue(message("workspace:answer.service", value=value))
    _host(host.strip("[]"))
    return value


def _mail_server(value: str) -> str:
    return _service(value if ":" in value else f"{value}:25")


def _source(value: str) -> str:
    if not _is_address(value) and not _INTERFACE.fullmatch(value):
        raise InvalidValue(message("workspace:answer.source", value=value))
    return value


def _interface(value: str) -> str:
    if not _INTERFACE.fullmatch(value):
        raise InvalidValue(message("workspace:answer.interface", value=value))
    return value


Host = Annotated[str, AfterValidator(_host)]
IpAddress = Annotated[str, AfterValidator(_address)]
Ipv4Address = Annotated[str, AfterValidator(_ipv4)]

#: Keys beside the question, by kind.
_KEYS: Mapping[AnswerKind, frozenset[str]] = {
    "http": frozenset({"status", "contains", "address", "family", "call"}),
    "dns": frozenset({"server", "addresses", "codes", "family"}),
    "ping": frozenset({"size", "df", "count", "source", "family"}),
    "tcp": frozenset(),
    "ntp": frozenset(),
    "smtp": frozenset(),
    "dhcp": frozenset({"servers", "gateways", "resolvers"}),
}
#: Keys with a list: an empty one would allow any answer.
_LISTS = frozenset({"addresses", "codes", "servers", "gateways", "resolvers"})


class ExpectedAnswer(PlacedModel):
    """Question to a service, and the right answer: http, dns, ping, tcp, ntp, smtp or dhcp."""

    http: Annotated[str, AfterValidator(_url)] | None = Field(default=None, description="URL of a page")
    dns: Annotated[str, AfterValidator(_name)] | None = Field(default=None, description="Name to resolve")
    ping: Host | None = Field(default=None, description="Name or address that answers echo requests")
    tcp: Annotated[str, AfterValidator(_service)] | None = Field(default=None, description="host:port that accepts")
    ntp: Host | None = Field(default=None, description="Time server")
    smtp: Annotated[str, AfterValidator(_mail_server)] | None = Field(
        default=None, description="Mail server, host or host:port"
    )
    dhcp: Annotated[str, AfterValidator(_interface)] | None = Field(
        default=None, description="Port of the asking host, on which a DHCP server offers an address"
    )
    servers: tuple[Ipv4Address, ...] = Field(default=(), description="dhcp: servers that may answer; absent: a warning")
    gateways: tuple[Ipv4Address, ...] = Field(default=(), description="dhcp: gateways that may be offered; absent: any")
    resolvers: tuple[Ipv4Address, ...] = Field(
        default=(), description="dhcp: DNS servers that may be offered; absent: any"
    )
    status: int = Field(default=200, ge=100, le=599, description="http: status code of the answer")
    contains: str = Field(default="", max_length=200, description="http: text in the first 4,096 bytes of the page")
    call: bool = Field(default=False, description="http: the page tells the outcome of a test call, of a call robot")
    address: IpAddress | None = Field(default=None, description="http: address asked instead of the name of the URL")
    server: IpAddress | None = Field(default=None, description="dns: server asked, default: the resolver of the asker")
    addresses: tuple[IpAddress, ...] = Field(default=(), description="dns: all right addresses; absent: any")
    codes: tuple[DnsCode, ...] = Field(
        default=("NOERROR",), description="dns: right response codes; without NOERROR the name must not resolve"
    )
    family: Literal[4, 6] | None = Field(
        default=None,
        description="http, ping: IP version; dns: 4 for A, 6 for AAAA; default: any; both, where the gateways of the "
        "venue have both and a service host asks for a name",
    )
    size: int | None = Field(default=None, ge=48, le=9216, description="ping: bytes of the IP packet")
    df: bool = Field(default=False, description="ping: packets must not be fragmented")
    count: int = Field(default=5, ge=1, le=50, description="ping: number of packets")
    source: Annotated[str, AfterValidator(_source)] | None = Field(
        default=None, description="ping: source, an address or port of the asker"
    )

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        found = [kind for kind in ANSWER_KINDS if getattr(self, kind) is not None]
        if len(found) != 1:
            raise InvalidValue(message("workspace:answer.one", kinds=list(ANSWER_KINDS)))
        known = {"from", "askers", found[0], *_KEYS[found[0]]}
        if strange := sorted(self.model_fields_set - known):
            raise InvalidValue(message("workspace:answer.key", key=strange[0], kind=found[0]))
        for key in sorted(self.model_fields_set & _LISTS):
            if not getattr(self, key):
                raise InvalidValue(message("workspace:answer.empty", key=key))
        if self.addresses and "NOERROR" not in self.codes:
            raise InvalidValue(message("workspace:answer.codes", codes=list(self.codes)))
        if self.contains and not self.contains.strip():
            raise InvalidValue(message("workspace:answer.blank"))
        if len({":" in address for address in self.addresses}) > 1:
            raise InvalidValue(message("workspace:answer.families"))
        for value in filter(_is_address, filter(None, (self.target, *self.addresses))):
            if self.family and (":" in value) is not (self.family == 6):
                raise InvalidValue(message("workspace:answer.family", value=value, family=self.family))
        return self

    @property
    def target(self) -> str:
        """Name or address of a page, a DNS name or a ping; empty for other kinds."""
        found = _URL.fullmatch(self.http) if self.http else None
        return self.address or (found["host"].strip("[]") if found else "") or self.dns or self.ping or ""

    @property
    def targets(self) -> tuple[str, ...]:
        """Names and addresses of the answering hosts; none for the resolver of the asker."""
        match self.kind:
            case "http" | "ping":
                return (self.target,)
            case "dns":
                return (self.server,) if self.server else ()
            case "dhcp":
                return self.servers
            case _:
                found = self.arguments()
                return (found.get("host") or found["server"],)

    @property
    def kind(self) -> AnswerKind:
        """Kind of the question."""
        return next(kind for kind in ANSWER_KINDS if getattr(self, kind) is not None)

    @property
    def fact(self) -> str:
        """Name of the fact with the answer."""
        return f"answer_{self.kind}"

    @property
    def subject(self) -> str:
        """Question in words, different for different commands."""
        version = f"IPv{self.family}" if self.family else ""
        words = {
            "http": (self.http, self.address, version),
            "dns": (f"dns {self.dns}", self.server, *({"AAAA"} if self._type == "AAAA" else ())),
            "ping": (
                f"ping {self.ping}",
                self.size and f"{self.size} B",
                "DF" if self.df else "",
                self.source,
                version,
            ),
            "tcp": (f"tcp {self.tcp}",),
            "ntp": (f"ntp {self.ntp}",),
            "smtp": (f"smtp {self._mail}",),
            "dhcp": (f"dhcp {self.dhcp}",),
        }[self.kind]
        return " ".join(str(word) for word in words if word)

    @property
    def secure(self) -> bool:
        """True for a page behind TLS."""
        return (self.http or "").startswith("https:")

    @property
    def _type(self) -> str:
        return "AAAA" if self.family == 6 or any(":" in address for address in self.addresses) else "A"

    @property
    def _mail(self) -> str:
        return self.smtp if self.smtp and ":" in self.smtp else f"{self.smtp}:25"

    @property
    def _option(self) -> str:
        return f" -{self.family}" if self.family else ""

    def arguments(self) -> dict[str, str]:
        """Arguments of the command by name; an empty text leaves out a part of the command."""
        match self.kind:
            case "http":
                return self._page()
            case "dns":
                return {"name": str(self.dns), "server": self.server or "", "type": self._type}
            case "ping":
                return self._echo()
            case "tcp" | "smtp":
                host, _, port = (self._mail if self.smtp else str(self.tcp)).rpartition(":")
                return {"host": host.strip("[]"), "port": port}
            case "ntp":
                return {"server": str(self.ntp)}
            case "dhcp":
                return {"interface": str(self.dhcp)}

    def _page(self) -> dict[str, str]:
        found = _URL.fullmatch(str(self.http))
        if found is None:
            raise ValueError(f"{self.http} is no URL")
        port = found["port"] or {"http": "80", "https": "443"}[found["scheme"]]
        at = f"[{self.address}]" if self.address and ":" in self.address else self.address or ""
        return {
            "url": found[0], "option": self._option, "host": found["host"], "port": port, "at": at,
            "tls": "yes" if self.secure else "", "server": at or found["host"], "name": found["host"].strip("[]"),
        }  # fmt: skip

    def _echo(self) -> dict[str, str]:
        headers = _HEADERS_IPV6 if self.family == 6 or ":" in str(self.ping) else _HEADERS
        return {
            "target": str(self.ping), "option": self._option, "count": str(self.count), "df": "yes" if self.df else "",
            "size": str(self.size or ""), "payload": str(self.size - headers) if self.size else "",
            "source": self.source or "",
        }  # fmt: skip


def _list(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class ServiceAnswer(ExpectedAnswer):
    """Answer of a service at a venue, with the asking devices."""

    askers: Annotated[tuple[str, ...], BeforeValidator(_list)] = Field(
        alias="from", min_length=1, description="Devices that ask: a name or several"
    )


@dataclass(frozen=True)
class Question:
    """Question of a device. `venue`, `services`: of its users; empty: those of the device."""

    answer: ExpectedAnswer
    venue: str = ""
    services: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """Subject of the findings."""
        return f"{self.answer.subject} ({self.venue})" if self.venue else self.answer.subject
