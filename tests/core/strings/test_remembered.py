"""Results of the analysis of patterns from an earlier process: the same, and void after any change."""

from __future__ import annotations

import marshal
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from eventready.core.strings import pattern, remembered
from eventready.core.strings.remembered import keep_results, load_results


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module with a folder for its compiled form."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    source = tmp_path / "module.py"
    source.write_text("x = 1")
    (tmp_path / "__pycache__").mkdir()
    return source


def test_results_stay_until_the_module_changes(module: Path) -> None:
    keep_results(module, {"exponent a+": 2, "leading b": 1 << 130})
    assert load_results(module) == {"exponent a+": 2, "leading b": 1 << 130}
    assert len(list(module.parent.glob("__pycache__/*"))) == 1
    module.write_text("x = 2")
    assert load_results(module) == {}


def test_results_of_another_python_are_void(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_results(module, {"exponent a+": 2})
    monkeypatch.setattr(sys, "version", "4.0")
    assert load_results(module) == {}


@pytest.mark.parametrize("content", [b"", b"x", marshal.dumps(1), marshal.dumps((1, 2, 3)), marshal.dumps(("", []))])
def test_a_damaged_file_is_as_none(module: Path, content: bytes) -> None:
    remembered._file(module).write_bytes(content)
    assert load_results(module) == {}


def test_a_cut_file_is_as_none(module: Path) -> None:
    keep_results(module, {f"exponent {number}": number for number in range(50)})
    file = remembered._file(module)
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert load_results(module) == {}


def test_a_folder_that_is_missing_or_read_only_costs_nothing(module: Path) -> None:
    shutil.rmtree(module.parent / "__pycache__")
    keep_results(module, {"exponent a+": 2})
    assert load_results(module) == {}


def test_only_patterns_of_a_block_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[dict[str, int]] = []
    monkeypatch.setattr(pattern, "keep_results", lambda _source, results: kept.append(dict(results)))
    known: dict[str, int] = {}
    monkeypatch.setattr(pattern, "_known", lambda: known)
    pattern.exponent("outside[0-9]+x")
    with pattern.remembered():
        assert pattern.exponent("inside[0-9]+9") == 1
        with pattern.remembered():
            pattern.exponent("within[0-9]+x")
        assert pattern.exponent("(?P<cut") == pattern.UNBOUNDED
    pattern.exponent("after[0-9]+x")
    within, inside = {"exponent within[0-9]+x": 1}, {"exponent inside[0-9]+9": 1}
    assert kept == [within, within | inside]


LOADS = """
from eventready.core.strings import pattern
from eventready.facts.platform import load_platform
writes = []
keep_results = pattern.keep_results
pattern.keep_results = lambda *arguments: writes.append(arguments) or keep_results(*arguments)
load_platform("frr")
print(len(writes))
"""


@pytest.mark.slow
def test_a_second_process_analyses_no_pattern_again(tmp_path: Path) -> None:
    def written() -> int:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
        run = subprocess.run([sys.executable, "-c", LOADS], env=environment, capture_output=True, text=True, check=True)
        return int(run.stdout)

    assert (written(), written()) == (1, 0)
    files = [path for path in tmp_path.rglob("*.results") if path.is_file()]
    assert len(files) == 1
    assert not files[0].stat().st_mode & stat.S_IWOTH
