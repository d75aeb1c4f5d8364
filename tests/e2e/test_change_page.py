"""docs/change.md as it is typed: the plan that it shows, and the script as printed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import forked
from tests.e2e.conftest import Province, province_of

PAGE = (Path(__file__).parents[2] / "docs" / "change.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """The province of the page, with the faults that it begins with."""
    with province_of(tmp_path_factory.mktemp("page"), "auto") as lab:
        yield lab


def flat(text: str) -> str:
    """Without its line breaks and indentation: the page wraps long lines."""
    return " ".join(text.split())


def test_the_plan_and_the_script_of_the_page(example: Province) -> None:
    blocks = re.findall(r"(?:^    .*\n|^\n)+", PAGE, re.MULTILINE)
    (shown,) = (block for block in blocks if "$ eventready -w .eventready/lab plan" in block)
    found = flat(example.command("plan", "backup", "-l", "edge-vh-*", "--out", "tonight.plan").stdout)
    pieces = shown.split("...\n")[1:]
    assert len(pieces) == 3
    for piece in pieces:
        assert flat(piece) in found

    (script,) = (textwrap.dedent(block) for block in blocks if "from eventready.tasks import" in block)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(example.copy)
        done = forked.run_script(script.replace(".eventready/lab", str(example.copy)))
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.strip() == b"0"
    example.command("plan", "backup", "-l", "edge-vh-*", "--detailed-exitcode")
