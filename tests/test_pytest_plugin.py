"""The plugin of pytest: fixture and options, in sessions of their own."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import Any

import pytest

from eventready.store.run_records import SCHEMA
from eventready.store.store import Store
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import load_workspace
from tests.docs.words import SOURCE

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

EXAMPLE = SOURCE / "eventready/workspace/examples/tests/test_readiness.py"
AT = "2033-07-25T07:00:00+07:00"
EVIDENCE = "Neighbor  State\n10.0.0.2  Idle\x1b[2J\n"
#: Outcome, device, check, subject, and the result of its test.
FINDINGS = (
    ("pass", "core-1", "cpu", "CPU"),
    ("fail", "core-1", "bgp", "2001:db8::1"),
    ("warn", "core-2", "power", "P1"),
    ("not_measured", "core-2", "fan", ""),
    ("waived", "", "single_point", "core-1 @ rack\n[7]"),
)


def _reading(fact: str, status: str = "parsed", **more: Any) -> dict[str, Any]:
    return {"device": "core-1", "fact": fact, "status": status, "command": f"show {fact}", **more}


def _store(folder: Path, name: str = "r1", findings: Any = FINDINGS, window: str = "") -> None:
    """Store a run of all devices in a workspace."""
    known = load_workspace(folder)
    with Store.of_workspace(folder) as store:
        raw = store.evidence(EVIDENCE)
        store.finish({
            "schema": SCHEMA, "id": name, "event": known.event.id, "window": window, "started": AT, "finished": AT,
            "clock": {"event": AT, "rehearsal": False}, "devices": [{"name": one.name} for one in known.devices],
            "verdicts": [
                {"venue": "hoi-nghi", "service": "mobile", "verdict": "NOT_READY", "reasons": [],
                 "because": ["core-1 bgp 2001:db8::1", "core-9 (27)"]},
                {"venue": "hoi-nghi", "service": "fixed", "verdict": "READY", "reasons": [], "because": []},
            ],
            "observations": [
                _reading("bgp_neighbour", rows=[{"peer": "a", "up": False}], reading=1),
                _reading("bgp_neighbour", rows=[{"peer": "a", "up": True}], reading=2, evidence=raw),
                _reading("fan", "unreachable", reason="no answer"),
                _reading("power", rows=[], unread=[{"subject": "P7"}]),
                _reading("cpu", rows=[], complete="unknown"),
            ],
            "findings": [
                {"status": status, "device": device, "check": check, "subject": subject,
                 "message": f"{check} is {status}", "evidence": [raw],
                 **({"waiver": "An, until Friday", "was": "fail"} if status == "waived" else {})}
                for status, device, check, subject in findings
            ],
        })  # fmt: skip


@pytest.fixture
def workspace(pytester: pytest.Pytester) -> Path:
    """A workspace with a run, which is the folder of the session."""
    copy_example(pytester.path)
    shutil.rmtree(pytester.path / "tests")
    pytester.path.joinpath("home").mkdir()
    _store(pytester.path)
    return pytester.path


def _run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    plugin = ("-p", "no:eventready", "-p", "eventready.pytest_plugin", "-p", "no:cacheprovider")
    return pytester.runpytest_subprocess(*plugin, *words)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_each_finding_is_a_test(pytester: pytest.Pytester, workspace: Path, workers: str) -> None:
    done = _run(pytester, "--readiness", "-n", workers, "-v", "-rA")
    done.assert_outcomes(passed=2, failed=1, errors=1, xfailed=1, warnings=1)
    shown = done.stdout.str()
    assert "skipped" not in shown
    for line in (
        "PASSED readiness::core-1::cpu[CPU]",
        "FAILED readiness::core-1::bgp[2001:db8::1] - Failed: Failed core-1 bgp",
        "ERROR readiness::core-2::fan - Failed: Not measured core-2 fan",
        r"XFAIL readiness::fleet::single_point[core-1 @ rack\n[7]] - An, until Friday",
        "ReadinessWarning: core-2::power[P1]: power is warn",
        r"| 10.0.0.2  Idle\x1b[2J",
    ):
        assert line in shown
    assert "Traceback" not in shown
    assert "pytest_plugin.py" not in shown


def test_a_run_for_a_window_stands_for_no_full_audit(pytester: pytest.Pytester, workspace: Path) -> None:
    """A later run of some venues is taken by its id alone: what it did not read would pass."""
    _store(workspace, "r2", FINDINGS[:1], window="Opening night")
    _run(pytester, "--readiness", "-n", "0").assert_outcomes(passed=2, failed=1, errors=1, xfailed=1, warnings=1)
    _run(pytester, "--readiness", "-n", "0", "--readiness-run", "r2").assert_outcomes(passed=1)


def test_ids_are_the_same_in_every_run_and_of_each_finding_another(pytester: pytest.Pytester, workspace: Path) -> None:
    long = "x" * 900
    found = [*FINDINGS, FINDINGS[0], ("pass", "core-1", "cpu", long + "1"), ("pass", "core-1", "cpu", long + "2")]
    ids = []
    for name, findings in (("r2", found), ("r3", found[::-1])):
        _store(workspace, name, findings)
        done = _run(pytester, "--readiness", "--collect-only", "-q")
        ids.append([line for line in done.outlines if line.startswith("readiness::")])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(found)
    assert "readiness::core-1::cpu[CPU]#2" in ids[0]
    assert max(map(len, ids[0])) < 200


def test_outcomes_follow_the_options_of_pytest(pytester: pytest.Pytester, workspace: Path) -> None:
    strict = _run(pytester, "--readiness", "-W", "error::eventready.pytest_plugin.ReadinessWarning", "--runxfail")
    strict.assert_outcomes(passed=1, failed=3, errors=1)
    assert _run(pytester, "--readiness", "-k", "core-2 and power").ret == 0
    _store(workspace, "empty", ())
    assert _run(pytester, "--readiness").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert _run(pytester, "--readiness", "--readiness-run", "r1").ret == pytest.ExitCode.TESTS_FAILED


def test_a_failed_assertion_prints_sentence_and_evidence(pytester: pytest.Pytester, workspace: Path) -> None:
    pytester.makepyfile("""
        def test_good(readiness):
            assert readiness.verdict("hoi-nghi", "fixed") == "READY"
            assert readiness.device("core-1").fact("bgp_neighbour") == ({"peer": "a", "up": True},)
            assert {one.check for one in readiness.findings(outcome="open")} == {"bgp", "power", "fan", "single_point"}

        def test_verdict(readiness):
            assert readiness.verdict("hoi-nghi", "mobile") in ("READY", "READY_WITH_RISK")

        def test_findings(readiness):
            assert not readiness.findings(check="bgp", outcome=("fail", "not_measured"))
            """)
    done = _run(pytester)
    done.assert_outcomes(passed=1, failed=2)
    shown = done.stdout.str().split("short test summary")[0].split("_ test_verdict _")[1]
    verdict, findings = shown.split("_ test_findings _")
    for part in (verdict, findings):
        assert "Failed core-1 bgp 2001:db8::1: bgp is fail" in part
        assert "| 10.0.0.2  Idle" in part
        assert "power" not in part
    assert "hoi-nghi mobile: NOT_READY" in verdict
    assert "core-9 (27)" in verdict


@pytest.mark.parametrize(
    ("fact", "sentence"),
    [
        ("fan", "core-1 fan is not measured in the run r1: no answer"),
        ("memory", "core-1 memory is not measured: the run r1 has no reading of the fact"),
        ("power", "core-1 power is read in part only in the run r1, without P7"),
        ("cpu", "core-1 cpu is not known to be complete in the run r1"),
    ],
)
def test_a_fact_that_was_not_read_fails_its_test(
    pytester: pytest.Pytester, workspace: Path, fact: str, sentence: str
) -> None:
    pytester.makepyfile(f"def test_no_record(readiness): assert not readiness.device('core-1').fact('{fact}')")
    done = _run(pytester)
    done.assert_outcomes(failed=1)
    assert sentence in done.stdout.str()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("verdict('hoi-nghi', 'mobil')", "has no verdict on the service 'mobil' at the venue 'hoi-nghi'. Did you mean"),
        ("verdict('', '')", "has no verdict on the service '' at the venue ''"),
        ("device('core1')", "the run r1 has no device 'core1'. Did you mean 'core-1'?"),
        ("device('')", "the run r1 has no device ''"),
        ("device('core-1').fact('bgp')", "'bgp' is no fact. "),
        ("findings(check='bpg')", "there is no check 'bpg'. Did you mean 'bgp'?"),
        ("findings(outcome='failed')", "there is no outcome 'failed'. Did you mean 'fail'?"),
        ("findings(device='core-3')", "has no device 'core-3'"),
    ],
)
def test_an_unknown_name_is_a_usage_error(pytester: pytest.Pytester, workspace: Path, call: str, sentence: str) -> None:
    pytester.makepyfile(f"def test_unknown(readiness): readiness.{call}")
    done = _run(pytester)
    done.assert_outcomes(failed=1)
    shown = done.stdout.str()
    assert "pytest.UsageError: " in shown
    assert sentence.casefold() in shown.casefold()
    assert "pytest_plugin.py" not in shown


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--readiness-run", "none"], "There is no run 'none'"),
        (["--readiness-workspace", "home", "--readiness"], "home is not a workspace"),
        (["--readiness-workspace", "other", "--readiness"], "No run is stored yet"),
        (["--readiness-run", "r1", "--readiness-audit"], "Give one of the two options."),
    ],
)
def test_a_wrong_option_ends_the_session_with_a_sentence(
    pytester: pytest.Pytester, workspace: Path, words: list[str], sentence: str, workers: str
) -> None:
    copy_example(workspace / "other")
    done = _run(pytester, *words, "-n", workers)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert sentence.casefold() in (done.stdout.str() + done.stderr.str()).casefold()
    assert "Traceback" not in done.stdout.str() + done.stderr.str()


@pytest.mark.parametrize("words", [["--readiness"], []], ids=["option", "fixture"])
def test_a_run_stored_meanwhile_is_not_that_of_the_session(
    pytester: pytest.Pytester, workspace: Path, words: list[str]
) -> None:
    pytester.makepyfile("""
        from tests.test_pytest_plugin import _store
        from pathlib import Path
        import os

        def test_run(readiness):
            assert readiness.id == "r1"

        def pytest_generate_tests(metafunc): pass

        _store(Path.cwd(), os.environ.get("PYTEST_XDIST_WORKER", "r2"))
        """)
    pytester.makeconftest(f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r})")
    done = _run(pytester, "-n", "2", "-k", "run or cpu", *words)
    done.assert_outcomes(passed=2 if words else 1)


def test_an_audit_makes_the_run_of_the_session(
    pytester: pytest.Pytester, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile("def test_silent(readiness): assert not readiness.device('core-1').fact('cpu')")
    for path in (workspace / "inventory").glob("*.yaml"):
        path.unlink()
    hosts = "core-1: {hostname: 127.0.0.1, port: 9, platform: cisco_xe, data: {role: router, venues: [v]}}\n"
    event = """
        {id: e, name: E, name_vi: E, venues: [{id: v, name: V, name_vi: V, services: [fixed]}],
         recipient: {name: R, name_vi: R, email: r@example.vn}}
        """
    (workspace / "inventory/hosts.yaml").write_text(hosts, encoding="utf-8")
    (workspace / "inventory/defaults.yaml").write_text("{username: 'env:N', password: 'env:N'}", encoding="utf-8")
    monkeypatch.setenv("N", "n")
    (workspace / "inventory/event.yaml").write_text(event, encoding="utf-8")
    done = _run(pytester, "--readiness-audit")
    with Store.of_workspace(workspace) as store:
        assert len(store.runs()) == 2
    done.assert_outcomes(failed=1)
    assert "core-1 cpu is not measured in the run 2" in done.stdout.str()


def test_a_session_without_fixture_and_option_loads_nothing_of_the_product(
    pytester: pytest.Pytester, workspace: Path
) -> None:
    pytester.makepyfile("""
        import sys

        def test_modules(request):
            loaded = {name for name in sys.modules if name.startswith("eventready")}
            assert loaded == {"eventready", "eventready.pytest_plugin"}
        """)
    _run(pytester).assert_outcomes(passed=1)


def test_the_example_has_ten_tests(pytester: pytest.Pytester) -> None:
    assert Path("tests/test_readiness.py") in copy_example(pytester.path / "mine")
    source = (pytester.path / "mine/tests/test_readiness.py").read_text(encoding="utf-8")
    assert source == EXAMPLE.read_text(encoding="utf-8")
    assert len([one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef)]) == 10
