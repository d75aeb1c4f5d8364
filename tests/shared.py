"""What tests of several folders share: the example, how a platform is changed, a command in the test's process."""

from __future__ import annotations

from functools import cache

import pytest

from eventready.cli.main import main
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec
from eventready.workspace.examples.example import example_home
from eventready.workspace.workspace import Workspace, load_workspace


@cache
def example() -> Workspace:
    """The shipped workspace, read once by a process of tests."""
    return load_workspace(example_home())


def change_spec_of(platform: str) -> ChangeSpec:
    """How configurations of a platform are changed."""
    spec = describe(platform).spec.change
    assert spec is not None
    return spec


def called(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Run a command in the test's process; return its exit code, stdout and stderr."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main([*map(str, words)])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(left.value.code or 0), out, err
