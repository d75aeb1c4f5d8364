"""whatif on the command line: the run that it takes, drills of the same failure, and refusals in a sentence."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eventready.cli.audit import whatif as command_line
from eventready.cli.audit.whatif import _drilled, _harm, last_full, load_whatif
from eventready.cli.context import App
from eventready.cli.declare.audit import network_whatif
from eventready.core.errors import UsageError
from eventready.core.messages import Lang
from eventready.network.graph.outcome import ServiceOutcome, WhatIf
from eventready.network.setting import NetworkSetting
from eventready.store.run import Run
from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.workspace.settings.risk import RiskGroup
from eventready.workspace.workspace import load_workspace
from tests.network.test_whatif import gateways, whatif

EXAMPLE = load_workspace(Path(__file__).parents[2])


def drill(*broken: tuple[str, dict[str, str]], value: float | None = 850.0) -> Any:
    failures = [SimpleNamespace(device=device, arguments=arguments) for device, arguments in broken]
    probe = SimpleNamespace(unit="ms", value=value)
    return SimpleNamespace(drill=SimpleNamespace(name="cut", break_=failures), probes=(probe,))


def drilled(names: list[str], run: Any) -> list[tuple[str, float]]:
    found: WhatIf = whatif(*gateways(tracks=True))
    return list(_drilled(found, found.outcome(names), [run]))


def test_a_drill_counts_for_the_failure_that_it_made() -> None:
    cable = drill(("e1", {"port": "up"}))
    assert drilled(["core a - e1 up"], cable) == [("cut", 0.85)]
    assert drilled(["core:a"], cable) == [("cut", 0.85)]
    assert drilled(["e1"], cable) == []
    assert drilled(["e1"], drill(("e1", {}))) == [("cut", 0.85)]
    assert drilled(["e1"], drill(("e1", {"port": "up"}), ("e1", {"port": "lan"}))) == [("cut", 0.85)]
    assert drilled(["e1"], drill(("elsewhere", {}))) == []
    assert drilled(["e1"], drill(("e1", {}), value=None)) == []


@pytest.mark.parametrize(
    ("state", "words"), [("degraded", "hall Internet degraded 50%"), ("unmeasured", "hall Internet not measured")]
)
def test_a_share_is_shown_for_a_known_loss_only(state: Any, words: str) -> None:
    lost = ("x",) if state == "degraded" else ()
    assert _harm(ServiceOutcome("hall", "internet", state, lost, users=2, doubtful=1), "en") == words


def test_a_workspace_without_a_full_audit_is_refused(tmp_path: Path) -> None:
    with Store.of_workspace(tmp_path) as store, pytest.raises(UsageError, match="no finished audit of all devices"):
        last_full(store, EXAMPLE)


@pytest.mark.parametrize(
    ("given", "sentence"), [(["cor-1"], "nothing is known of 'cor-1'"), ([":"], "nothing is known")]
)
def test_an_unknown_failure_before_is_refused(given: list[str], sentence: str) -> None:
    run = Run.of({"schema": SCHEMA, "findings": []})
    with pytest.raises(UsageError, match=sentence):
        load_whatif(EXAMPLE, run, given)


def test_nothing_read_is_nothing_lost_and_not_measured() -> None:
    run = Run.of({"schema": SCHEMA, "findings": []})
    found = load_whatif(EXAMPLE, run)
    states = {one.state for one in found.outcome(["core-1"]).services}
    assert states == {"unmeasured"}
    assert isinstance(found.topology.setting, NetworkSetting)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The command on two edges behind a core, as its exit code and text."""
    risks = (
        RiskGroup(name="road", kind="duct", members=("e1:Gi9",)),
        RiskGroup(name="feed", kind="feed", members=("e1", "e2")),
    )

    def loaded(_workspace: Any, _run: Any, given: list[str]) -> WhatIf:
        return whatif(*gateways(tracks=True), risks=risks, given=given)

    monkeypatch.setattr(command_line, "load_whatif", loaded)
    monkeypatch.setattr(command_line, "last_full", lambda *_: SimpleNamespace(id="run-1"))
    monkeypatch.setattr(command_line, "drill_runs", lambda _store: ())
    monkeypatch.setattr(App, "workspace", SimpleNamespace(devices=[]))
    monkeypatch.setattr(App, "open_store", lambda _app, **_: nullcontext(None))

    def run(*words: str, lang: Lang = "en") -> tuple[int, str]:
        code = network_whatif.main(list(words), obj=App(chosen_lang=lang), standalone_mode=False)
        return int(code), capsys.readouterr().out

    return run


def test_the_given_failure_is_named_and_its_losses_are_marked(ask: Any) -> None:
    code, output = ask("down", "e1", "--given", "core")
    assert code == 3
    assert output.startswith("After the failure of e1, with core failed already (run run-1):")
    assert "lost" in output
    assert "1 of these by what is given already" in output
    code, output = ask("n-1", "--given", "core", "--given", "e1")
    assert "Failures with a harm, with core and e1 failed already" in output
    assert "failures that take it: 0, lost already" in output


@pytest.mark.parametrize("words", ["down e1 e2", "group road", "n-1 --given core --given e1"])
def test_what_is_lost_keeps_to_the_width_of_the_terminal(ask: Any, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    lines = ask(*words.split(), lang="vi")[1].splitlines()
    assert not [line for line in lines if len(line) > 50]


@pytest.mark.parametrize(
    ("lang", "heading"), [("en", "After the failure of e1 and e2 (run"), ("vi", "Nếu e1 và e2 hỏng (")]
)
def test_a_heading_reads_well_for_several(ask: Any, lang: str, heading: str) -> None:
    assert heading in ask("down", "e1", "e2", lang=lang)[1]


def test_a_group_with_an_unknown_member_is_incomplete_and_says_so_first(ask: Any) -> None:
    code, output = ask("group", "road")
    assert code == 4
    assert output.startswith("Group road: nothing is known of its member e1:Gi9")
    assert "unharmed" not in output
    assert ask("down", "e1")[0] == 0
    assert ask("n-1")[0] == 4


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("down e1 --given e1", "'e1' has failed already by `--given`"),
        ("link e1:up --given core:a", "'e1:up' has failed already by `--given`"),
        ("link core", "A link is named by a port of a device: write `network whatif link core:PORT`."),
        ("group e1", "Write `network whatif down 'e1'`."),
        ("down road", "Write `network whatif group 'road'`."),
        ("down e1 -l core", "`-l` chooses among the failures of `n-1` and `n-2`"),
        ("link e1:Gi9", "nothing is known of 'e1:Gi9'"),
    ],
)
def test_a_name_in_the_wrong_place_is_refused(ask: Any, words: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        ask(*words.split())
    assert sentence in str(refused.value)
