"""Cases that users report (`doctor parse --report`): the files of `reported/` as they are, and how they are made.

A case whose `expected` is not filled in must not be read: an answer that is read now needs its records. A filled one
must give exactly these.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eventready.cli.main import cli
from eventready.core.errors import Exit, UsageError
from eventready.core.strings.texts import lines_of
from eventready.facts.platform import load_platform
from eventready.facts.reported_case import ReportedCase, read_whole
from eventready.workspace.files.yaml_document import load_yaml
from tests.platforms.samples import Sample, all_samples

FILES = sorted((Path(__file__).parent / "reported").glob("*.yaml"))
SAMPLES = all_samples()
#: A sample of each fact whose platform bounds its records, and of each other form that is not read.
_BOUNDED = {
    (sample.platform, sample.fact): sample
    for sample in SAMPLES
    if sample.case.startswith("ok")
    and not sample.expected.unread
    and (bounds := sample.compiled().record)
    and bounds.split(lines_of(sample.text))
}
_REFUSED = [sample for sample in SAMPLES if sample.case.startswith("junk")]
_STRANGE = " &!? ~ zork"

NEIGHBOURS = """\
edge-1#show ip ospf neighbor

Neighbor ID     Pri   State           Dead Time   Address         Interface
10.255.0.2        0   FULL/  -        00:00:32    10.0.0.2        Port-channel1
10.255.0.31       1   FULL/DR         00:00:38    10.0.0.14       TenGigabitEthernet0/1/1
10.255.0.32       1   ?zork!          00:00:38    10.0.0.18       TenGigabitEthernet0/1/1
edge-1#
"""


def case_of(path: Path) -> ReportedCase:
    return load_yaml(path).validate(ReportedCase)


def reported(sample: Sample, text: str, folder: Path) -> ReportedCase:
    """The case of an output, written and read again."""
    made = ReportedCase.of(load_platform(sample.platform), sample.observe(text), text)
    path = folder / "case.yaml"
    path.write_text(made.text("Read it through."), encoding="utf-8")
    assert case_of(path) == made
    return made


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_reported_case(path: Path) -> None:
    case = case_of(path)
    assert not case.complaint(load_platform(case.platform))


@pytest.mark.parametrize("sample", _BOUNDED.values(), ids=lambda sample: sample.id)
def test_the_case_of_a_strange_record_has_no_record_that_is_read(sample: Sample, tmp_path: Path) -> None:
    bounds = sample.compiled().record
    assert bounds is not None
    lines = lines_of(sample.text)
    blocks = bounds.split(lines)
    strange = blocks[0].start
    text = "\n".join([*lines[:strange], lines[strange] + _STRANGE, *lines[strange + 1 :]]) + "\n"
    if read_whole(observed := sample.observe(text)):
        return  # a column of free text
    case = reported(sample, text, tmp_path)
    assert not case.complaint(load_platform(sample.platform))
    assert _STRANGE in case.answer
    if case.part:
        assert len(lines_of(case.answer)) < len(lines) + 2
        assert not case.observe(load_platform(sample.platform)).rows
    assert case.unread == tuple(record.subject for record in observed.unread)


@pytest.mark.parametrize("sample", _REFUSED, ids=lambda sample: sample.id)
def test_the_case_of_a_refused_answer_is_refused_too(sample: Sample, tmp_path: Path) -> None:
    try:
        case = reported(sample, sample.text, tmp_path)
    except UsageError as error:
        assert "no answer" in str(error)  # noqa: PT017  an output of another command, or none
    else:
        assert not case.complaint(load_platform(sample.platform))


def parse(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-w", str(folder), "doctor", "parse", "cisco_xe", *words], standalone_mode=False)


def test_a_case_on_the_command_line_is_beside_the_output_and_overwrites_nothing(tmp_path: Path) -> None:
    output, out = tmp_path / "answer.txt", tmp_path / "case.yaml"
    output.write_text(NEIGHBOURS)
    words = ("ospf_neighbour", str(output), "-o", "json")
    alone, done = parse(tmp_path, *words), parse(tmp_path, *words, "--report", str(out))
    assert (done.stdout, done.return_value) == (alone.stdout, alone.return_value)
    assert "Read it through before you send it" in done.stderr
    kept = out.read_text()
    assert "# Guide: docs/howto/report.md" in kept
    assert "peer*" in kept
    assert case_of(out).answer == (
        "=== show ip ospf neighbor ===\n\n"
        "Neighbor ID     Pri   State           Dead Time   Address         Interface\n"
        "10.255.0.32       1   ?zork!          00:00:38    10.0.0.18       TenGigabitEthernet0/1/1\n"
        "=== end of the answer ===\n"
    )
    assert "exists already" in str(parse(tmp_path, *words, "--report", str(out)).exception)
    assert out.read_text() == kept


def test_an_answer_that_is_read_whole_makes_no_case(tmp_path: Path) -> None:
    output, out = tmp_path / "answer.txt", tmp_path / "case.yaml"
    output.write_text(NEIGHBOURS.replace("?zork! ", "FULL/DR"))
    done = parse(tmp_path, "ospf_neighbour", str(output), "--report", str(out))
    assert done.return_value is Exit.OK
    assert "nothing to report" in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "question", "words"),
    [
        ("edge-1#show clock\n12:00\nedge-1#", "ospf_neighbour", "no answer to ospf_neighbour"),
        ("zork\n", "show environment all", "Name one of them"),
    ],
)
def test_an_output_without_one_answer_makes_no_case(tmp_path: Path, text: str, question: str, words: str) -> None:
    output, out = tmp_path / "answer.txt", tmp_path / "case.yaml"
    output.write_text(text)
    assert words in str(parse(tmp_path, question, str(output), "--report", str(out)).exception)
    assert not out.exists()


@pytest.mark.attack(family="secrets in a case")
@pytest.mark.parametrize("place", [3, 6])
def test_a_case_has_no_secret(tmp_path: Path, place: int) -> None:
    lines = lines_of(NEIGHBOURS)
    text = "\n".join([*lines[:place], "snmp-server community S3cr3tWord RO", "password: S3cr3tWord", *lines[place:]])
    output, out = tmp_path / "answer.txt", tmp_path / "case.yaml"
    output.write_text(text)
    assert parse(tmp_path, "ospf_neighbour", str(output), "--report", str(out)).return_value is Exit.INCOMPLETE
    assert "snmp-server community" in out.read_text()
    assert "S3cr3tWord" not in out.read_text()


ROW = {"protocol": "ospf", "peer": "10.255.0.32", "interface": "Te0/1/1", "address": "10.0.0.18", "up": True}


@pytest.mark.parametrize(
    ("state", "expected", "complaint"),
    [
        ("?zork!", None, ""),
        ("FULL/DR", None, "fill in `expected`"),
        ("FULL/DR", [ROW | {"state": "FULL/DR"}], ""),
        ("FULL/DR", [ROW | {"state": "FULL/BDR"}], "other rows"),
        ("?zork!", [ROW | {"state": "?zork!"}], "matches no rule"),
        ("FULL/DR", [], "other rows"),
    ],
)
def test_a_filled_case_asks_for_its_rows_and_an_empty_one_for_no_reading(
    state: str, expected: list[dict[str, Any]] | None, complaint: str
) -> None:
    text = [f"{line}\n" for line in lines_of(NEIGHBOURS)]
    answer = "".join([*text[:3], f"10.255.0.32       1   {state:15} 00:00:38    10.0.0.18       Te0/1/1\n", text[-1]])
    case = ReportedCase(
        eventready="1", platform="cisco_xe", fact="ospf_neighbour", command="", status="parsed", reason="",
        answer=answer, expected=None if expected is None else tuple(expected),
    )  # fmt: skip
    found = case.complaint(load_platform("cisco_xe"))
    assert complaint in found
    assert bool(found) is bool(complaint)
