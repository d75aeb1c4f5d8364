"""A question changes nothing on the host that asks it: every platform, every kind of question."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from eventready.evaluation.limits import resolve_limits
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.command_template import examples
from eventready.facts.observe import commands_for, observe
from eventready.facts.platform import load_platform
from eventready.facts.questions import with_questions
from eventready.facts.records import Answer
from eventready.platforms.loader import platform_names
from eventready.session.reply import Reply
from eventready.workspace.devices.answers import ExpectedAnswer
from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.limits import LimitOverrides
from tests.platforms import question_host
from tests.session import real

KINDS = [name for name, kind in CATALOGUE.items() if issubclass(kind.record, Answer)]
#: Platforms whose questions are put by programs of a host; the others have a ping of their own.
HOSTS = ("linux", "local")

SERVERS = {"servers": ["10.20.8.1"], "gateways": ["10.20.8.1"]}
QUESTIONS: dict[str, dict[str, object]] = {
    "http": {"http": "https://192.0.2.90/"},
    "dns": {"dns": "portal.example.vn", "server": "192.0.2.53"},
    "ping": {"ping": "192.0.2.1", "size": 1500, "df": True, "source": "192.0.2.9"},
    "tcp": {"tcp": "192.0.2.90:443"},
    "ntp": {"ntp": "192.0.2.123"},
    "smtp": {"smtp": "192.0.2.25"},
    "dhcp silent": {"dhcp": "eth0", **SERVERS},
    "dhcp foreign": {"dhcp": "eth1", **SERVERS},
    "dhcp again": {"dhcp": "eth1", **SERVERS},
    "dhcp nowhere": {"dhcp": "eth9", **SERVERS},
    "dhcp unplugged": {"dhcp": "eth2", **SERVERS},
}


def command_of(platform: str, question: str) -> str:
    """The command of a question; on this machine itself the product's own answer to it."""
    answer = ExpectedAnswer.model_validate(QUESTIONS[question])
    role: Role = "vantage" if platform == "local" else "service_host"
    device = Device("h", role, platform, "192.0.2.9", expect=Expect(answers=(answer,)))
    (command,) = commands_for(with_questions(load_platform(platform), device), KINDS)
    return command if platform == "linux" else f"{PYTHON} -c 'import sys; {OWN}' '{command}'"


OWN = "from eventready.session.probes.asking import answer; print(answer(sys.argv[1]))"
PYTHON = sys.executable
COMMANDS = {
    f"{platform} {question}": (platform, question)
    for platform in HOSTS
    for question in QUESTIONS
    if f"answer_{question.split()[0]}" in load_platform(platform).facts
}
#: No question: a file that a command writes is seen.
CANARY = "canary"
ABSENT = real.missing("ip", "unshare", "nmap", "dnsmasq", "dig", "ping", "chronyd", "curl", "openssl", "sysctl")
real_host = [
    pytest.mark.skipif(bool(ABSENT), reason=ABSENT),
    pytest.mark.xdist_group("question-host"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> question_host.Left:
    if reason := question_host.cannot():
        pytest.skip(reason)
    commands = {name: command_of(*by) for name, by in COMMANDS.items()}
    return question_host.ask({**commands, CANARY: "echo > /etc/evr-canary"}, tmp_path_factory.mktemp("questions"))


def on_real_host(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test of a real host."""
    for mark in real_host:
        test = mark(test)
    return test


@on_real_host
@pytest.mark.parametrize("name", COMMANDS)
def test_a_question_writes_no_file(left: question_host.Left, name: str) -> None:
    assert left.files[name] == ()
    assert left.files[CANARY] == ("/mnt/up/etc/evr-canary",)
    assert left.answers[name]


@on_real_host
def test_questions_leave_addresses_routes_and_processes_as_they_were(left: question_host.Left) -> None:
    assert left.after == left.before
    assert left.before["processes"] == ""


@on_real_host
def test_no_lease_is_requested(left: question_host.Left) -> None:
    assert sorted(left.servers) == ["DHCPDISCOVER"] * 4 + ["DHCPOFFER"] * 4


def finding_of(left: question_host.Left, question: str) -> tuple[str, str]:
    """Status and sentence of the finding about a real answer of the Linux host."""
    answer = ExpectedAnswer.model_validate(QUESTIONS[question])
    device = Device("h", "service_host", "linux", "192.0.2.9", expect=Expect(answers=(answer,)))
    platform = with_questions(load_platform("linux"), device)
    text = left.answers[f"linux {question}"]
    seen = observe("h", platform, [answer.fact], lambda commands: [Reply(command, text) for command in commands])
    matrix = build_matrix([device], {"linux": platform})
    limits = resolve_limits(LimitOverrides(()), [device])
    found = evaluate([device], matrix, seen, moment=datetime(2026, 4, 25, tzinfo=UTC), limits=limits)
    (finding,) = (one for one in found if one.check == answer.fact)
    return str(finding.status), finding.message


@on_real_host
@pytest.mark.parametrize(
    ("question", "status", "says"),
    [
        ("dhcp silent", "fail", "dhcp eth0: no answer"),
        ("dhcp foreign", "fail", r"a foreign server answers, 192\.168\.1\.1 \(192\.168\.1\.\d+ via 192\.168\.1\.254\)"),
        ("dhcp again", "fail", r"a foreign server answers, 192\.168\.1\.1 \(192\.168\.1\.\d+ via 192\.168\.1\.254\)"),
        ("dhcp nowhere", "not_measured", "eth9 does not exist"),
        ("dhcp unplugged", "not_measured", "the question was not put: eth2"),
        ("ping", "fail", "no answer|100% lost"),
        ("tcp", "fail", "no answer"),
    ],
)
def test_only_a_question_that_was_put_passes_or_fails(
    left: question_host.Left, question: str, status: str, says: str
) -> None:
    """Two questions of the same port at once do not disturb each other; a foreign server is named with its gateway."""
    found = finding_of(left, question)
    assert found[0] == status
    assert re.search(says, found[1]), found[1]


def test_a_host_without_nmap_names_its_package() -> None:
    done = subprocess.run(
        ["/bin/bash", "-c", command_of("linux", "dhcp silent")],
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    sample = load_platform("linux").folder / "samples" / "answer_dhcp" / "junk_no_nmap.txt"
    assert done.stdout == sample.read_text()


def questions_of_equipment() -> Iterator[tuple[str, str]]:
    """Commands of questions of platforms without a shell."""
    for name in platform_names():
        facts = load_platform(name).facts if name not in HOSTS else {}
        for fact in KINDS:
            if fact in facts:
                yield from ((name, command) for command in examples(fact, facts[fact].command))


def test_equipment_answers_with_its_own_ping_alone() -> None:
    """Words behind `ping`, without a separator of commands, a pipe or a redirection: nothing is configured."""
    sent = list(questions_of_equipment())
    assert {name for name, _ in sent} >= {"cisco_xe", "cisco_xr", "huawei_vrp", "juniper_junos"}
    assert [(name, command) for name, command in sent if not re.fullmatch(r"ping [\w .:-]+", command)] == []
