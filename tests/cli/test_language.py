"""The terminal output of a command follows `--lang`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from eventready.cli.main import main
from tests.change.fake_fleet import HOSTS, connect, write_workspace
from tests.cli.test_changes import change

#: Words of English sentences; commands in backticks and options are left out.
_ENGLISH = re.compile(r"\b(?:the|it|is|was|are|and|with|of|has|needs?|nothing|next|sent|not|no|by|at|devices?)\b", re.I)
#: Commands, options, metavariables, the name of the event of the fake workspace, words typed.
_COMMAND = re.compile(r"`[^`]*`|--[a-z-]+|eventready -w \S+|\b[A-Z]{4,}\b|The fair|'?no(?:thing|where)\S*")

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a workspace with a fake fleet; return stdout and stderr without its path."""
    monkeypatch.setenv("USER", "hung")
    monkeypatch.setenv("LOGNAME", "hung")
    connect(monkeypatch)
    folder = write_workspace(tmp_path)
    change(folder, reason="")
    change(folder, "c-2", leave=False, rolls_back="c-1")
    (folder / "table.csv").write_text("name,hostname,platform,role\nbox-9,192.0.2.9,box,router\n", encoding="utf-8")

    def command(lang: str, *words: str) -> str:
        monkeypatch.chdir(folder)
        with pytest.raises(SystemExit):
            main(["-w", str(folder), "--now", "2022-04-25 07:00", "--lang", lang, *words])
        out, err = capsys.readouterr()
        return (out + err).replace(str(folder), "")

    return command


#: Commands, `{}` is `en` or `vi`; those that write have a file or folder per language.
_COMMANDS = (
    "report send --list",
    "report send --queued --really",
    "report send table.csv --subject Test",
    "department keygen --out {}.pem --operator Alpha",
    "init new-{} --example",
    "inventory import table.csv",
    "plan backup --out {}.plan",
    "drill list",
    "drill show",
    "changes list",
    "changes show c-1",
    "changes show c-2",
    "doctor",
    "doctor -l r1",
    "doctor --install",
    "runs verify",
    "runs show nothing",
    "runs prune",
    "runs prune --older-than soon",
    "changes show c-9",
    "changes show c-1 --device x",
    "audit -l nobody",
    "audit -l colour=red",
    "audit -l role=",
    "audit --from nowhere",
    "audit --save table.csv",
    "doctor parse ghost",
    "trust content --show",
    "approve nothing.plan",
    "apply",
    "apply nothing.plan",
    "duties attest",
    "department bundle",
    "docs nothing",
    "init .",
    "init table.csv/x --event A --province B --opening 2033-01-01",
    "inventory import nothing.csv",
    "inventory import-netbox",
    "plan backup --out /proc/x",
    "report weekly --week soon",
    "report readiness --format odt",
    "report send",
    "--now 31/31/2033 doctor",
    "--log /proc/x/y doctor",
    "audit --bogus",
    "audit --workers many",
    "changes release c-1",
    "nothing",
)


#: Commands of changes, drills, bundles, rosters and incidents that fail or refuse.
_FAILING = (
    "apply x-9.plan",
    "plan backup -l x-9 --out {}.plan",
    "plan backup --emergency 7",
    "department consolidate table.csv --keys .",
    "apply table.csv",
    "apply --resume c-9",
    "rollback c-9",
    "rollback c-2",
    "approve table.csv",
    "changes release c-1 box-9 --as as-before --by An --why test --yes",
    "plan priority --out {}.plan",
    "drill plan x-9",
    "drill run x-9",
    "drill show x-9",
    "drill run --resume latest",
    "department bundle --out {}.evr",
    "roster check table.csv",
    "roster check x-9.xlsx",
    "duties attest Z --by An --note x",
    "incident show latest",
    "incident new --by An --summary x",
    "report send table.csv --to nobody",
    "plan x-9",
    "report drill",
)


@pytest.mark.slow
@pytest.mark.parametrize("line", [*_COMMANDS, *_FAILING])
def test_the_output_follows_the_language(run: Run, line: str) -> None:
    english, vietnamese = (run(lang, *line.format(lang).split()) for lang in ("en", "vi"))
    assert english != vietnamese
    assert not [line for line in vietnamese.splitlines() if _ENGLISH.search(_COMMAND.sub("", line))]


#: Broken files of a workspace, with a part of the English sentence.
_BROKEN = {
    "event.yaml": (
        ("", "empty"),
        ("a: [1", "not closed"),
        ("a:\n\t- 1\n", "tab"),
        ("name: 7\n", "must be text"),
        ("windows: [{kind: event, from: 2033-02-30 10:00, to: 2033-02-28 10:00}]\n", "does not exist"),
        ("mail: {sender: a@b.vn, server: {host: h, password: secret}}\n", "plain-text password"),
    ),
    "hosts.yaml": (
        ("r1: {hostname: h, prot: 1}\n", "unknown key"),
        ("r1: {hostname: h, groups: [g]}\n", "is not defined"),
        ("r1: {hostname: h, platform: box}\n", "has no role"),
        ("r1: {hostname: h, platform: box, port: x, data: {role: router}}\n", "whole number"),
        ("a b!c: {hostname: h}\n", "invalid device name"),
    ),
    "duties.yaml": (("duties: []\n", "must not be empty"), ("duties: [{id: x}]\n", "is missing")),
    "limits.yaml": (("roles: {pilot: {cpu: {warn: 1}}}\n", "unknown role"), ("defaults: {cpu: 1}\n", "mapping")),
    "waivers.yaml": (("waivers: [{check: cpu, device: x9, by: A, reason: b, until: soon}]\n", "must be a date"),),
    "jump_hosts.yaml": (("j1: {hostname: a b}\n", "invalid address"),),
}


@pytest.mark.parametrize(("file", "text", "part"), [(f, *case) for f, cases in _BROKEN.items() for case in cases])
def test_a_broken_file_is_reported_in_the_language(run: Run, tmp_path: Path, file: str, text: str, part: str) -> None:
    (tmp_path / "inventory" / file).write_text(text, encoding="utf-8")
    english, vietnamese = (run(lang, "doctor", "matrix") for lang in ("en", "vi"))
    assert part in english
    assert not _ENGLISH.search(_COMMAND.sub("", vietnamese))


@pytest.mark.parametrize("line", ["runs list", "runs verify", "changes list", "doctor"])
def test_a_damaged_store_is_reported_in_the_language(run: Run, tmp_path: Path, line: str) -> None:
    (tmp_path / ".eventready" / "eventready.db").write_bytes(b"no database " * 1000)
    english, vietnamese = (run(lang, *line.split()) for lang in ("en", "vi"))
    assert "Not an eventready database, or damaged" in english
    assert not _ENGLISH.search(_COMMAND.sub("", vietnamese))


@pytest.mark.parametrize("line", ["doctor --connect", "trust keys"])
def test_an_unreachable_device_is_reported_in_the_language(run: Run, tmp_path: Path, line: str) -> None:
    hosts = HOSTS.replace("hostname: 192.0.2.", "port: 9, hostname: 127.0.0.")
    (tmp_path / "inventory" / "hosts.yaml").write_text(hosts, encoding="utf-8")
    english, vietnamese = (run(lang, *line.split()) for lang in ("en", "vi"))
    assert "refuses the connection" in english
    assert not _ENGLISH.search(_COMMAND.sub("", vietnamese))


@pytest.mark.slow
def test_a_change_follows_the_language(run: Run) -> None:
    for line in ("plan backup --out x.plan", "apply x.plan", "changes show latest", "rollback latest",
                 "changes show latest", "changes list"):  # fmt: skip
        vietnamese = run("vi", *line.split())
        assert not [line for line in vietnamese.splitlines() if _ENGLISH.search(_COMMAND.sub("", line))]
