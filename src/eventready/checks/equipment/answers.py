"""Answers of services, as their users have them: pages, names, addresses, ports, clocks, mail and DHCP servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial, wraps
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias, TypeVar

from pydantic import Field

from eventready.checks.answer import Between, failed, graded, passed, unknown, warned
from eventready.checks.check import DeviceView, Limits, check
from eventready.checks.equipment.hosts import expiry
from eventready.checks.finding import Finding
from eventready.facts.records import (
    Answer,
    ClockAnswer,
    EchoAnswer,
    LeaseAnswer,
    MailAnswer,
    Offer,
    PageAnswer,
    PortAnswer,
    ResolverAnswer,
)
from eventready.facts.rows import rows_of
from eventready.workspace.devices.answers import AnswerKind, Question
from eventready.workspace.devices.device import ROLE_SERVICES, Device, Role

A = TypeVar("A", bound=Answer)
L = TypeVar("L", bound=Limits)
#: Limits, question and answer to findings.
_Evaluation: TypeAlias = Callable[[L, Question, A], Iterator[Finding]]
_Function = Callable[..., Iterable[Finding]]
_Register = Callable[[_Function], _Function]

_ROLES: tuple[Role, ...] = ("router", "switch", "service_host", "vantage")
#: Seconds of readings whose losses count together.
LOSS_WINDOW_S = 300.0


class TimeLimits(Limits):
    """Milliseconds until an answer: the end of a page, a DNS answer, a connection, a greeting, an offer."""

    warn: float = Field(gt=0, description="Warning from this time on, ms [K]")
    fail: float = Field(gt=0, description="Failure from this time on, ms [K]")


class ServedCertificateLimits(Limits):
    """Days until a served certificate's validity ends."""

    worse = "lower"
    warn: float = Field(default=30, ge=0, description="Warning with so many days left; usual renewal period [K]")
    fail: float = Field(default=7, ge=0, description="Failure with so many days left [K]")


class EchoLimits(Limits):
    """Mean round trip in milliseconds, and lost packets in percent: of a reading, and of the last five minutes."""

    warn: float = Field(default=50, gt=0, description="Warning beyond this mean round trip, ms (QCVN 34) [S2]")
    fail: float = Field(default=150, gt=0, description="Failure beyond this mean round trip, ms [K]")
    loss_warn: float = Field(default=1, ge=0, le=100, description="Warning from this loss on, % [K]")
    loss_fail: float = Field(default=30, ge=0, le=100, description="Failure from this loss on, % [K]")
    window_warn: float = Field(default=1, ge=0, le=100, description="Warning from this loss in a window on, % [K]")
    window_fail: float = Field(default=5, ge=0, le=100, description="Failure from this loss in a window on, % [K]")
    enough: int = Field(default=10, ge=2, description="Least number of requests in the readings of a window [D]")


class ClockLimits(Limits):
    """Offset of the asker's clock from a time server, in milliseconds."""

    warn: float = Field(default=100, gt=0, description="Warning from this offset on, ms [K]")
    fail: float = Field(default=1000, gt=0, description="Failure from this offset on, ms [K]")


def _questions(device: Device, kind: AnswerKind, *, secure: bool = False) -> tuple[Question, ...]:
    return tuple(one for one in device.questions if one.answer.kind == kind and (one.answer.secure or not secure))


def _for(question: Question, finding: Finding) -> Finding:
    """Narrow a finding to whom the question concerns."""
    return finding.replace(venues=tuple(filter(None, (question.venue,))), services=question.services)


#: Mobile without a test call: a page or an echo over the data service tells nothing of calls. A risk.
CALLS_NOT_TRIED = "checks:verdict.calls_not_tried"


def calls_tried(devices: Iterable[Device], venue: str) -> bool:
    """True where a question tells the outcome of a test call of the mobile users of a venue."""
    return any(
        question.answer.call and venue in ((question.venue,) if question.venue else device.venues)
        for device in devices for question in device.questions
        if "mobile" in (question.services or device.services or ROLE_SERVICES[device.role])
    )  # fmt: skip


def _empty(device: Device, kind: AnswerKind, *, secure: bool = False) -> Iterator[Finding]:
    for question in _questions(device, kind, secure=secure):
        yield _for(question, unknown(question.subject, "checks:answer.unread"))


def _registered(kind: AnswerKind, limits: Limits, name: str = "", *, secure: bool = False) -> _Register:
    """Register a check of the answers of a kind; `secure`: of pages behind TLS only."""
    return check(
        name or f"answer_{kind}", kind="quality", roles=_ROLES, needs=(f"answer_{kind}",), limits=limits,
        expected_only=True, applies=lambda device: bool(_questions(device, kind, secure=secure)),
        each=lambda device: _empty(device, kind, secure=secure),
    )  # fmt: skip


def _answer_check(kind: AnswerKind, record: type[A], limits: L) -> Callable[[_Evaluation[L, A]], _Evaluation[L, A]]:
    """Register a check by its findings about an answer."""

    def register(evaluate: _Evaluation[L, A]) -> _Evaluation[L, A]:
        @_registered(kind, limits)
        @wraps(evaluate)
        def run(view: DeviceView, limits: L) -> Iterator[Finding]:
            yield from _answers(view, kind, record, partial(evaluate, limits))

        return evaluate

    return register


def _answers(
    view: DeviceView, kind: AnswerKind, record: type[A], evaluate: Callable[[Question, A], Iterator[Finding]],
    *, secure: bool = False,
) -> Iterator[Finding]:  # fmt: skip
    """Findings of each question; without a readable answer a question is not measured."""
    rows = {row.question: row for row in view.each_row(f"answer_{kind}", record)}
    reasons = {one.subject: one.message for one in view.fact(f"answer_{kind}", record).unread_records}
    for question in _questions(view.device, kind, secure=secure):
        row = rows.get(question.answer.subject)
        if row is not None and row.unasked:
            yield _for(question, unknown(question.subject, "checks:answer.unasked", reason=row.unasked))
        elif row is not None:
            yield from (_for(question, finding) for finding in evaluate(question, row))
        elif reason := reasons.get(question.answer.subject):
            yield _for(question, unknown(question.subject, "checks:answer.unread_why", reason=reason))
        else:
            yield _for(question, unknown(question.subject, "checks:answer.unread"))


def _silent(question: Question, row: Answer) -> Finding:
    if row.error:
        return failed(question.subject, "checks:answer.none_why", reason=row.error)
    return failed(question.subject, "checks:answer.none")


def _time(question: Question, row: Answer, limits: TimeLimits) -> Iterator[Finding]:
    if row.time_ms is not None:
        yield graded(f"{question.subject} time", "checks:answer.time", row.time_ms, limits, unit="ms")


@_answer_check("http", PageAnswer, TimeLimits(warn=1000, fail=4000))
def answer_http(limits: TimeLimits, question: Question, row: PageAnswer) -> Iterator[Finding]:
    """Pages answer with the expected status and content, in time."""
    yield _page(question, row)
    if row.status:
        yield from _time(question, row, limits)


def _page(question: Question, row: PageAnswer) -> Finding:
    answer = question.answer
    if not row.status:
        return _silent(question, row)
    if row.status != answer.status:
        return failed(question.subject, "checks:answer.status", value=row.status, limit=answer.status)
    if " ".join(answer.contains.split()) not in " ".join(" ".join(row.content).split()):
        return failed(question.subject, "checks:answer.content", text=answer.contains)
    return passed(question.subject, "checks:answer.page", value=row.status)


@_registered("http", ServedCertificateLimits(), "answer_certificate", secure=True)
def answer_certificate(view: DeviceView, limits: ServedCertificateLimits) -> Iterator[Finding]:
    """Served certificates are for their host, trusted, and valid beyond the event."""
    yield from _answers(view, "http", PageAnswer, partial(_certificate, view.moment, limits), secure=True)


def _certificate(
    moment: datetime | None, limits: ServedCertificateLimits, question: Question, row: PageAnswer
) -> Iterator[Finding]:
    subject = question.subject
    if row.not_after is None or moment is None:
        yield unknown(subject, "checks:answer.no_certificate")
        return
    if row.named is None:
        yield unknown(f"{subject} name", "checks:answer.name_unread")
    elif not row.named:
        yield failed(f"{subject} name", "checks:answer.certificate_name")
    if row.verify is None:
        yield unknown(f"{subject} trust", "checks:answer.trust_unread")
    elif row.verify:
        yield warned(f"{subject} trust", "checks:answer.certificate_untrusted", code=row.verify)
    yield expiry(subject, row.not_after, moment, limits)


@_answer_check("dns", ResolverAnswer, TimeLimits(warn=200, fail=1000))
def answer_dns(limits: TimeLimits, question: Question, row: ResolverAnswer) -> Iterator[Finding]:
    """Names resolve to the expected addresses, in time."""
    yield _resolved(question, row)
    if row.code:
        yield from _time(question, row, limits)


def _resolved(question: Question, row: ResolverAnswer) -> Finding:
    addresses = row.of(str(question.answer.dns))
    if not row.code:
        return _silent(question, row)
    if row.code not in question.answer.codes:
        resolves = "resolves" if row.code == "NOERROR" and addresses else "code"
        return failed(question.subject, f"checks:answer.{resolves}", value=", ".join(addresses) or row.code)
    if row.code != "NOERROR":
        return passed(question.subject, "checks:answer.right_code", value=row.code)
    return _addressed(question, row, addresses)


def _addressed(question: Question, row: ResolverAnswer, addresses: Sequence[str]) -> Finding:
    expected = {ip_address(address) for address in question.answer.addresses}
    shown = ", ".join(addresses)
    if not addresses:
        return failed(question.subject, "checks:answer.no_address")
    if expected and {ip_address(address) for address in addresses} != expected:
        return failed(question.subject, "checks:answer.address", value=shown, limit=", ".join(map(str, expected)))
    if row.tcp is False:
        return warned(question.subject, "checks:answer.udp_alone", value=shown)
    return passed(question.subject, "checks:answer.resolved", value=shown)


@_registered("ping", EchoLimits())
def answer_ping(view: DeviceView, limits: EchoLimits) -> Iterator[Finding]:
    """Addresses answer echo requests of the expected size, with little loss and delay."""
    yield from _answers(view, "ping", EchoAnswer, partial(_echo, view, limits))


def _echo(view: DeviceView, limits: EchoLimits, question: Question, row: EchoAnswer) -> Iterator[Finding]:
    yield from _echoed(limits, question, row)
    yield from _loss_in_window(view, limits, question, row)


def _loss_in_window(view: DeviceView, limits: EchoLimits, question: Question, row: EchoAnswer) -> Iterator[Finding]:
    """Judge the loss of all readings of the last minutes together; a reading without any reply is an outage."""
    earlier = [row for row in _earlier(view) if row.question == question.answer.subject]
    answered = [one for one in (*earlier, row) if one.received]
    sent, received = sum(one.sent for one in answered), sum(one.received for one in answered)
    if earlier and sent >= limits.enough:
        yield graded(
            f"{question.subject} loss", "checks:answer.loss_window", 100 * (1 - received / sent),
            Between(limits.window_warn, limits.window_fail), unit="%",
            sent=sent, received=received, minutes=round(LOSS_WINDOW_S / 60),
        )  # fmt: skip


def _earlier(view: DeviceView) -> Iterator[EchoAnswer]:
    """Echo replies of the first reading, and of earlier ones within the window."""
    readings = [(view.before, view.interval_s), *((one.facts, one.age_s) for one in view.history)]
    for facts in (facts for facts, age_s in readings if age_s <= LOSS_WINDOW_S):
        yield from rows_of(facts, "answer_ping", EchoAnswer).each_row()


def _echoed(limits: EchoLimits, question: Question, row: EchoAnswer) -> Iterator[Finding]:
    if not row.received:
        yield _silent(question, row)
        return
    loss, bounds = row.loss_percent, Between(limits.loss_warn, limits.loss_fail)
    yield graded(question.subject, "checks:answer.loss", loss, bounds, unit="%", sent=row.sent, received=row.received)
    if row.time_ms is not None:
        yield graded(f"{question.subject} time", "checks:answer.time", row.time_ms, limits, unit="ms", beyond=True)


@_answer_check("tcp", PortAnswer, TimeLimits(warn=200, fail=1000))
def answer_tcp(limits: TimeLimits, question: Question, row: PortAnswer) -> Iterator[Finding]:
    """Ports accept connections, in time."""
    if row.state == "closed":
        yield _silent(question, row)
        return
    yield passed(question.subject, "checks:answer.open")
    yield from _time(question, row, limits)


@_answer_check("ntp", ClockAnswer, ClockLimits())
def answer_ntp(limits: ClockLimits, question: Question, row: ClockAnswer) -> Iterator[Finding]:
    """Time servers answer, with the time of the asker."""
    if row.offset_ms is None:
        yield _silent(question, row)
        return
    yield graded(question.subject, "checks:answer.offset", abs(row.offset_ms), limits, unit="ms")


@_answer_check("smtp", MailAnswer, TimeLimits(warn=1000, fail=4000))
def answer_smtp(limits: TimeLimits, question: Question, row: MailAnswer) -> Iterator[Finding]:
    """Mail servers greet with 220, in time."""
    if row.code is None:
        yield _silent(question, row)
    elif row.code != 220:
        yield failed(question.subject, "checks:answer.status", value=row.code, limit=220)
    else:
        yield passed(question.subject, "checks:answer.greeting")
        yield from _time(question, row, limits)


@_answer_check("dhcp", LeaseAnswer, TimeLimits(warn=3000, fail=8000))
def answer_dhcp(limits: TimeLimits, question: Question, row: LeaseAnswer) -> Iterator[Finding]:
    """DHCP servers offer an address with a gateway and DNS servers, and no other server does."""
    offers = tuple(offer for offer in row.offered if _is_usable(ip_address(offer.address)))
    if not offers:
        yield _silent(question, row)
        return
    yield _wrong(question, offers) or _offered(question, offers)
    yield from _time(question, row, limits)


def _is_usable(address: IPv4Address | IPv6Address) -> bool:
    return not (address.is_link_local or address.is_unspecified or address.is_loopback or address.is_multicast)


def _wrong(question: Question, offers: tuple[Offer, ...]) -> Finding | None:
    """Failure with all offers of a server, gateway or DNS server beyond the expected ones; None without any."""
    answer = question.answer
    for msgid, allowed, given, shown in (
        ("checks:answer.offer_server", answer.servers, lambda offer: (offer.server,), _by_gateway),
        ("checks:answer.offer_gateway", answer.gateways, lambda offer: offer.routers, _by_gateway),
        ("checks:answer.offer_resolver", answer.resolvers, lambda offer: offer.resolvers, _by_resolvers),
    ):
        wrong = [shown(offer) for offer in offers if allowed and not (given(offer) and {*given(offer)} <= {*allowed})]
        if wrong:
            return failed(question.subject, msgid, value="; ".join(wrong), limit=", ".join(allowed))
    return None


def _offered(question: Question, offers: tuple[Offer, ...]) -> Finding:
    shown = "; ".join(map(_by_gateway, offers))
    if not question.answer.servers:
        return warned(question.subject, "checks:answer.offer_of_any", value=shown)
    if not all(offer.routers for offer in offers):
        return warned(question.subject, "checks:answer.offer_no_gateway", value=shown)
    return passed(question.subject, "checks:answer.offer", value=shown)


def _by_gateway(offer: Offer) -> str:
    return f"{offer.server} ({offer.address} via {', '.join(offer.routers) or '-'})"


def _by_resolvers(offer: Offer) -> str:
    return f"{offer.server} (DNS {', '.join(offer.resolvers) or '-'})"
