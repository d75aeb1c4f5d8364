"""The product without the packages of papers, their submission and the province, and without their commands."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

_CONTRACTS = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
PAPERS = next(one for one in _CONTRACTS["tool"]["importlinter"]["contracts"] if one["id"] == "papers")
#: Removes packages from a process, imports all others, and runs command lines; prints the exit codes.
SCRIPT = """
import sys
from importlib import import_module
from pkgutil import walk_packages

class Removed:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(tuple({removed!r})):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Removed())
import eventready
from eventready.cli.main import main
for one in walk_packages(eventready.__path__, "eventready.", onerror=lambda name: None):
    if not one.name.startswith(tuple({users!r})) and not one.name.endswith("__main__"):
        import_module(one.name)
for words in {lines!r}:
    try:
        main(words.split())
    except SystemExit as done:
        print("exit", done.code, words, file=sys.stderr)
"""
LINES = ("--help", "audit --help", "watch --help", "serve --help", "docs", "report readiness")


@pytest.mark.slow
def test_all_other_modules_and_commands_work(tmp_path: Path) -> None:
    removed, users = PAPERS["protected_modules"], PAPERS["allowed_importers"]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(removed=removed, users=users, lines=LINES)],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    *codes, last = [line for line in done.stderr.splitlines() if line.startswith("exit ")]
    assert codes == [f"exit 0 {words}" for words in LINES[:-1]]
    assert last == f"exit 2 {LINES[-1]}"
    assert "this installation is without the package eventready.papers" in done.stderr
    assert not list(tmp_path.iterdir()), "no report of a crash"
