"""The wall: green only with everything measured, red without data of the present."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eventready.core.messages import text
from eventready.watch.web import read_model
from tests.watch.web.scene import Scene, client, scene


def headline(made: Scene) -> tuple[str, str]:
    """Class and sentence of the headline."""
    page = client(made).get("/")
    assert page.status_code == 200
    found = re.search(r'class="headline (\w+)" role="status">\s*(.*?)\s*</p>', page.text, re.S)
    assert found
    return found[1], found[2]


def test_no_watch_is_red(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        assert headline(made) == ("gone", text("web:wall.never", "en"))


def test_a_device_without_a_reading_is_not_measured(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.read("r1", up=True)
        assert headline(made)[0] == "not_measured"


def test_a_fault_is_named_until_mended(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        assert headline(made)[0] == "risk", "no answer of the service is expected: measured, with a risk"
        for up, expected in ((False, "fail"), (True, "risk")):
            made.read("r1", up=up)
            made.read("r1", up=up)
            assert headline(made)[0] == expected


def test_silence_is_never_green(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        made.silent()
        assert headline(made)[0] == "not_measured"


def test_an_old_snapshot_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        monkeypatch.setattr(read_model, "GONE_S", -1.0)
        state, sentence = headline(made)
        assert state == "gone"
        assert sentence.startswith("No data since ")


def test_a_lost_database_is_red(tmp_path: Path) -> None:
    with scene(tmp_path) as made:
        made.all_up()
        assert headline(made)[0] != "gone"
        made.store.close()
        (tmp_path / "night.db").unlink()
        (tmp_path / "night.db").mkdir()
        assert headline(made) == ("gone", text("web:wall.broken", "en"))
        assert client(made).get("/healthz").status_code == 503
