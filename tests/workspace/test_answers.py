"""Expected answers: what may be expected, by whom, and that no value of event.yaml reaches a shell as anything else."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from eventready.checks.equipment.answers import calls_tried
from eventready.core.errors import WorkspaceError
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.command_template import fill
from eventready.facts.observe import commands_for, observe
from eventready.facts.platform import load_platform
from eventready.facts.questions import with_questions
from eventready.session.reply import Reply, ReplyStatus
from eventready.workspace.devices.answers import ExpectedAnswer, Question, ServiceAnswer
from eventready.workspace.devices.device import Device, Service
from eventready.workspace.devices.expect import Expect
from eventready.workspace.event_devices import with_questions as with_event_questions
from eventready.workspace.event_devices import with_users
from eventready.workspace.settings.event import Event, ServiceOrigin, Venue

PING_FROM: dict[str, object] = {"ping": "192.0.2.1", "from": "svc-1"}
HOST = Device("svc-1", "service_host", "linux", "192.0.2.91", venues=("hall",), origin="hosts.yaml:1")

#: Values that would be options, other commands, other hosts, or nothing at all.
HOSTILE = [
    "a;reboot", "a b", "$(reboot)", "`reboot`", "a|b", "a&b", "-oProxy=x", "--help", "a\nb", "a'b", 'a"b', "a\\b",
    "../etc", "a>b", "a<b", "{a}", "a*", "a?b", "", " ", "a\u2028b", "á.vn", "192.0.2", "1.2.3.4.5",
]  # fmt: skip
PORTS = ["a:0", "a:65536", "a:-1", "a:٣", ":80", "a:80;b", "::1:80"]
URLS = [
    "ftp://a/", "http://", "http://a/'b", "http://a/$(b)", "http://a/;b", "http://user:pw@a/", "http://a b/", "http://a/\n",
    "http://a:99999/", "file:///etc/passwd", "http://-a/", "http://a/{1..9}", "http://a/" + "x" * 1100, "http://1.2.3/",
    "http://[1.2.3.4]/",
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("ping", value) for value in HOSTILE),
        *(("ntp", value) for value in HOSTILE),
        *(("dns", value) for value in HOSTILE if not value.startswith(("1", "192"))),
        *(("dhcp", value) for value in HOSTILE),
        *((key, f"{value}:80") for key in ("tcp", "smtp") for value in HOSTILE),
        *((key, value) for key in ("tcp", "smtp") for value in PORTS),
        *(("http", value) for value in URLS),
    ],
)
def test_a_value_with_a_meaning_to_a_shell_is_refused(key: str, value: str) -> None:
    with pytest.raises(ValidationError):
        ExpectedAnswer.model_validate({key: value})


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_source_server_or_address_is_refused(source: str) -> None:
    for answer in (
        {"ping": "a", "source": source},
        {"dns": "a", "server": source},
        {"http": "http://a/", "address": source},
    ):
        with pytest.raises(ValidationError):
            ExpectedAnswer.model_validate(answer)


def test_a_refused_url_shows_no_password() -> None:
    with pytest.raises(ValidationError) as refused:
        ExpectedAnswer.model_validate({"http": "http://user:p/w@x@portal.example.vn/"})
    shown = refused.value.errors(include_url=False, include_input=False)[0]["msg"]
    assert "***@portal.example.vn/" in shown
    assert "p/w" not in shown


def test_a_blank_text_of_a_page_is_refused() -> None:
    with pytest.raises(ValidationError):
        ExpectedAnswer.model_validate({"http": "http://a/", "contains": " \t"})


_WORDS = st.text(st.characters(codec="ascii"), max_size=12)


@given(_WORDS, _WORDS, _WORDS)
def test_what_is_accepted_is_a_read_only_command_with_the_words_of_the_template(
    host: str, path: str, source: str
) -> None:
    """A command has as many words as its template, whatever the values: nothing in them divides, ends or quotes."""
    platform = load_platform("linux")
    for given_answer in (
        {"http": f"http://{host}/{path}"}, {"ping": host, "source": source}, {"tcp": f"{host}:80"}, {"dns": host},
    ):  # fmt: skip
        try:
            answer = ExpectedAnswer.model_validate(given_answer)
        except ValidationError:
            continue
        template = platform.facts[answer.fact].command
        command = fill(template, answer.arguments())
        plain = fill(template, {name: value and "x" for name, value in answer.arguments().items()})
        assert platform.allows(command), command
        assert len(shlex.split(command)) == len(shlex.split(plain))


@pytest.mark.parametrize(
    ("answer", "payload"),
    [
        ({"ping": "portal.example.vn"}, "1472"),
        ({"ping": "portal.example.vn", "family": 6}, "1452"),
        ({"ping": "2001:db8::1"}, "1452"),
    ],
)
def test_a_packet_has_its_size_with_the_headers_of_its_family(answer: dict[str, object], payload: str) -> None:
    assert ExpectedAnswer.model_validate({**answer, "size": 1500}).arguments()["payload"] == payload


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({}, "an answer has exactly one question"),
        ({"ping": "a", "tcp": "a:80"}, "an answer has exactly one question"),
        ({"ping": "a", "status": 200}, "'status' does not belong to an answer of ping"),
        ({"dhcp": "eth0", "servers": ["2001:db8::1"]}, "2001:db8::1 is no IPv4 address"),
        ({"ping": "192.0.2.1", "family": 6}, "192.0.2.1 is no address of IPv6"),
        ({"http": "http://[2001:db8::1]/", "family": 4}, "2001:db8::1 is no address of IPv4"),
        ({"dns": "a", "addresses": ["192.0.2.1", "2001:db8::1"]}, "the addresses are of IPv4 and of IPv6"),
        ({"dns": "a", "codes": ["NXDOMAIN"], "addresses": ["192.0.2.1"]}, "right codes NXDOMAIN has no addresses"),
        *(({"dns": "a", key: []}, f"`{key}` is empty") for key in ("addresses", "codes")),
        *(({"dhcp": "eth0", key: []}, f"`{key}` is empty") for key in ("servers", "gateways", "resolvers")),
    ],
)
def test_a_question_is_one_question(answer: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ExpectedAnswer.model_validate(answer)


def event(*answers: dict[str, object], services: tuple[str, ...] = ("internet", "wifi"), **more: object) -> Event:
    recipient = {"name": "Office", "email": "a@b.vn"}
    expected = {service: list(answers) for service in services}
    venue = {"id": "hall", "name": "Hall", "services": ["internet", "wifi"], "answers": {**expected, **more}}
    return Event.model_validate({"id": "e", "name": "E", "recipient": recipient, "venues": [venue]})


def test_a_question_of_two_services_is_put_once() -> None:
    (device,) = with_event_questions(event({"ping": "192.0.2.1", "from": "svc-1"}), [HOST])
    (question,) = device.questions
    assert (question.subject, question.services) == ("ping 192.0.2.1 (hall)", ("internet", "wifi"))


@pytest.mark.parametrize(
    ("expected", "says"),
    [
        (event({"ping": "192.0.2.1", "from": "svc-11"}), "no device has the name 'svc-11'"),
        (event(PING_FROM, PING_FROM), "'ping 192.0.2.1 .hall.' is asked twice from svc-1"),
        (
            event({"tcp": "a:1", "from": "svc-1"}, {"http": "http://a/", "from": "svc-1"}, services=("internet",),
                  wifi=[{"http": "http://a/", "status": 302, "from": "svc-1"}]),
            "'http://a/ .hall.' is asked twice",
        ),
    ],
)  # fmt: skip
def test_a_question_without_a_device_or_against_another_is_refused(expected: Event, says: str) -> None:
    with pytest.raises(WorkspaceError, match=says):
        with_event_questions(expected, [HOST])


def test_a_service_that_the_venue_does_not_offer_has_no_answers() -> None:
    with pytest.raises(ValidationError, match="hall does not offer mobile"):
        event({"ping": "192.0.2.1", "from": "svc-1"}, services=("mobile",))


def test_a_device_that_cannot_ask_is_refused_with_its_line() -> None:
    router = Device("r1", "router", "frr", "192.0.2.1", origin="hosts.yaml:7", expect=Expect(answers=(PING,)))
    with pytest.raises(WorkspaceError, match=r"hosts.yaml:7: r1 cannot ask a question of ping"):
        with_questions(load_platform("frr"), router)


def test_a_family_that_the_command_cannot_choose_is_refused_with_its_line() -> None:
    question = ExpectedAnswer.model_validate({"ping": "portal.example.vn", "family": 6})
    router = Device("r1", "router", "cisco_xe", "192.0.2.1", origin="hosts.yaml:7", expect=Expect(answers=(question,)))
    with pytest.raises(WorkspaceError, match=r"hosts.yaml:7: r1 cannot choose IPv6"):
        with_questions(load_platform("cisco_xe"), router)


GATEWAYS = [
    {"group": group, "interface": "Vlan100", "protocol": "vrrp", "virtual_ip": address, "role": "master"}
    for group, address in ((1, "10.0.0.1"), (2, "2001:db8::1"))
]


@pytest.mark.parametrize(
    ("question", "subjects"),
    [
        ({"http": "http://a/"}, ["http://a/ IPv4 (hall)", "http://a/ IPv6 (hall)"]),
        ({"ping": "a"}, ["ping a IPv4 (hall)", "ping a IPv6 (hall)"]),
        ({"dns": "a"}, ["dns a (hall)", "dns a AAAA (hall)"]),
        ({"dns": "a", "addresses": ["192.0.2.1"]}, ["dns a (hall)"]),
        ({"ping": "192.0.2.1"}, ["ping 192.0.2.1 (hall)"]),
        ({"ping": "a", "family": 4}, ["ping a IPv4 (hall)"]),
        ({"tcp": "a:80"}, ["tcp a:80 (hall)"]),
    ],
)
def test_questions_about_a_name_go_over_both_families_of_the_gateways(
    question: dict[str, object], subjects: list[str]
) -> None:
    edge = Device(
        "edge", "router", "frr", "192.0.2.1", venues=("hall",), expect=Expect.model_validate({"gateways": GATEWAYS})
    )
    of_host = with_event_questions(event({**question, "from": "svc-1"}, services=("internet",)), [HOST, edge])[0]
    assert [one.subject for one in of_host.questions] == subjects
    asking = with_questions(load_platform("linux"), of_host)
    assert len(commands_for(asking, [one.answer.fact for one in of_host.questions])) == len(subjects)
    (alone, _) = with_event_questions(
        event({**question, "from": "svc-1"}, services=("internet",)), [HOST, replace(edge, expect=Expect())]
    )
    assert len(alone.questions) == 1


PING, PORT = ExpectedAnswer(ping="192.0.2.1"), ExpectedAnswer(tcp="192.0.2.1:80")


def test_nothing_is_sent_for_a_fact_without_a_question() -> None:
    platform = load_platform("linux")
    facts = [name for name, kind in CATALOGUE.items() if kind.per_question]
    assert commands_for(platform, facts) == ()
    asking = with_questions(platform, Device("h", "service_host", "linux", "a", expect=Expect(answers=(PING,))))
    assert commands_for(asking, facts) == (fill(platform.facts["answer_ping"].command, PING.arguments()),)


def test_each_question_has_its_own_row_and_a_lost_one_costs_itself() -> None:
    other = ExpectedAnswer(tcp="192.0.2.2:80")
    device = Device("h", "service_host", "linux", "a", event_questions=(Question(PORT, "hall"), Question(other)))
    platform = with_questions(load_platform("linux"), device)
    first, second = commands_for(platform, ["answer_tcp"])
    replies = [Reply(first, "state=open time_ms=2\n==> end"), Reply(second, "", ReplyStatus.DROPPED)]
    (found,) = observe("h", platform, ["answer_tcp"], lambda _commands: replies)
    assert [row.subject for row in found.rows] == ["tcp 192.0.2.1:80"]
    assert [one.subject for one in found.unread] == ["tcp 192.0.2.2:80"]
    assert found.command == f"{first}\n{second}"
    assert f"=== {first} ===\nstate=open" in found.raw


def test_an_answer_of_event_yaml_knows_who_asks() -> None:
    assert ServiceAnswer.model_validate({"ping": "a", "from": "svc-1"}).askers == ("svc-1",)
    with pytest.raises(ValidationError):
        ServiceAnswer.model_validate({"ping": "a", "from": []})


@pytest.mark.parametrize(
    ("origin", "own", "services"),
    [
        ({"kind": "portal", "services": ["internet", "wifi"]}, (), ("internet", "wifi")),
        ({"kind": "dns"}, (), ("internet", "wifi")),
        ({"kind": "core", "services": ["mobile"]}, ("fixed",), ("mobile",)),
        (None, ("wifi",), ("wifi",)),
        (None, (), ()),
    ],
)
def test_a_question_of_a_host_concerns_the_services_of_its_origin(
    origin: dict[str, Any] | None, own: tuple[Service, ...], services: tuple[Service, ...]
) -> None:
    """A wrong page of the portal made mobile not ready."""
    page = ExpectedAnswer(http="http://portal.example/")
    host = Device("svc-1", "service_host", "any", "192.0.2.9", services=own, expect=Expect(answers=(page,)))
    origins = [{**origin, "device": "svc-1"}] if origin else []
    declared = event().model_copy(update={"origins": tuple(map(ServiceOrigin.model_validate, origins))})
    ((known,),) = [one.questions for one in with_users(declared, with_event_questions(declared, [host]))]
    assert known.services == services


@pytest.mark.parametrize(
    ("service", "answer", "tried"),
    [
        ("mobile", {"http": "http://robot.example/last", "contains": "OK", "call": True, "from": "svc-1"}, True),
        ("mobile", {"http": "http://robot.example/last", "contains": "OK", "from": "svc-1"}, False),
        ("wifi", {"http": "http://robot.example/last", "call": True, "from": "svc-1"}, False),
    ],
)
def test_a_page_of_a_call_robot_tries_calls(service: str, answer: dict[str, object], tried: bool) -> None:
    venue = {"id": "hall", "name": "Hall", "services": ["mobile", "wifi"], "answers": {service: [answer]}}
    declared = event().model_copy(update={"venues": (Venue.model_validate(venue),)})
    asking = with_event_questions(declared, [HOST])
    assert [calls_tried(asking, place) for place in ("hall", "park")] == [tried, False]
