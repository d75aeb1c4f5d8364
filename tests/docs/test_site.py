"""Reference pages cover the code, and the navigation covers the pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from docsite.__main__ import build
from docsite.floors import floors
from docsite.navigation import zensical_config
from docsite.reference import reference_pages

from eventready.checks.registry import all_checks
from eventready.cli.commands import COMMANDS
from eventready.cli.context import App
from eventready.cli.declare.help import docs
from eventready.cli.workspace.docs import find_page
from eventready.core.errors import Exit, UsageError
from eventready.platforms.loader import platform_names

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference_pages()


@pytest.mark.slow
def test_every_command_check_platform_and_exit_code_has_a_page(pages: dict[str, str]) -> None:
    wanted = [
        *(f"commands/{name}.md" for name in COMMANDS),
        *(f"checks/{check.name}.md" for check in all_checks()),
        *(f"platforms/{name}.md" for name in platform_names()),
        *(f"exit-codes/{int(code)}.md" for code in Exit),
    ]
    assert [name for name in wanted if name not in pages] == []


@pytest.mark.slow
def test_the_navigation_has_every_page(tmp_path: Path) -> None:
    config = build(tmp_path)
    text = config.read_text(encoding="utf-8")
    assert "font = false" in text
    (tmp_path / "pages" / "stray.md").write_text("# Stray\n")
    with pytest.raises(ValueError, match=r"stray\.md"):
        zensical_config(tmp_path / "pages")


def test_the_floors_are_those_of_the_contract() -> None:
    rows = floors(ROOT / "pyproject.toml")
    assert rows[0] == ["cli"]
    assert rows[-1] == ["core"]


def test_a_page_is_found_by_path_or_last_part(tmp_path: Path) -> None:
    for name in (
        "index.md",
        "howto/check.md",
        "reference/checks/index.md",
        "reference/checks/cpu.md",
        "a/x.md",
        "b/x.md",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("#")
    assert find_page(tmp_path, "cpu").name == "cpu.md"
    assert find_page(tmp_path, "howto/check").parent.name == "howto"
    assert find_page(tmp_path, "reference/checks").name == "index.md"
    with pytest.raises(UsageError, match="Choose one: a/x, b/x"):
        find_page(tmp_path, "x")
    with pytest.raises(UsageError, match="Did you mean 'cpu'"):
        find_page(tmp_path, "cpuu")


@pytest.mark.slow
def test_the_command_prints_a_page_and_the_list() -> None:
    shown = CliRunner().invoke(docs, ["glossary"], obj=App())
    assert shown.output.startswith("# Glossary")
    made = CliRunner().invoke(docs, ["licences"], obj=App(chosen_lang="en"))
    assert "are made from its code" in made.stderr
    assert "# Third-party licences" in made.stdout
    listed = CliRunner().invoke(docs, ["--list"], obj=App())
    assert "howto/own-event" in listed.output.splitlines()
