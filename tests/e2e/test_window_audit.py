"""Audit for a window: verdicts and exit code of its venues, in a run that stands for no full audit."""

from __future__ import annotations

import json
from shutil import copytree, ignore_patterns
from typing import Any

import pytest
import yaml

from eventready.store.store import Store
from eventready.workspace.workspace import load_workspace
from tests.e2e.conftest import Province

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]

GALA, FAIR, ALL = "Opening night", "Night of the anniversary ceremony", "Change freeze"
HALL = "hoi-nghi"
#: Venues of two windows; the third is at all.
AT = {GALA: [HALL], FAIR: ["van-hoa", "den-tho"]}
PORT = "port=TenGigabitEthernet0/1/1"


@pytest.fixture(scope="module")
def season(province: Province, tmp_path_factory: pytest.TempPathFactory) -> Province:
    """The province with a window at one venue, another at a second, and a full audit."""
    place = Province(province.workspace, tmp_path_factory.mktemp("season") / "copy")
    copytree(province.copy, place.copy, ignore=ignore_patterns(".eventready", "control.sock"), symlinks=True)
    path = place.copy / "inventory" / "event.yaml"
    event = yaml.safe_load(path.read_text(encoding="utf-8"))
    for window in event["windows"]:
        if at := AT.get(window["name"]):
            window["venues"] = at
    path.write_text(yaml.safe_dump(event, allow_unicode=True), encoding="utf-8")
    place.call("trust", "content", "--yes")
    place.call("audit", "--interval", "0.3")
    return place


def of_window(season: Province, name: str, code: int = 0) -> dict[str, Any]:
    """Run document of an audit for a window."""
    done = season.call("-o", "json", "audit", "--window", name, "--interval", "0.3", expect=(code,))
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def places(run: dict[str, Any]) -> dict[tuple[str, str], str]:
    verdicts = run["verdicts"]
    assert isinstance(verdicts, list)
    return {(one["venue"], one["service"]): one["verdict"] for one in verdicts}


def full_run(season: Province) -> str:
    workspace = load_workspace(season.copy)
    with Store.of_workspace(season.copy, make=False, only_reads=True) as store:
        return store.full_runs(workspace.event.id, len(workspace.devices))[-1]


def test_the_verdicts_of_a_window_are_those_of_the_full_audit_at_its_venues(season: Province) -> None:
    full = json.loads(season.call("-o", "json", "runs", "show", full_run(season)).stdout)
    assert full["window"] == ""
    for name, venues in AT.items():
        run = of_window(season, name)
        assert run["window"] == name
        assert places(run) == {place: word for place, word in places(full).items() if place[0] in venues}
        devices = run["devices"]
        assert isinstance(devices, list)
        assert 0 < len(devices) < len(full["devices"])


@pytest.mark.parametrize("name", [GALA, ALL, "freeze", "event"])
def test_the_run_of_a_window_is_never_the_full_audit(season: Province, name: str) -> None:
    before = full_run(season)
    run = of_window(season, name)
    assert run["id"] != before == full_run(season)
    explained = json.loads(season.call("-o", "json", "audit", "--explain", f"{HALL}/internet").stdout)
    assert explained["run"] == before
    with Store.of_workspace(season.copy, make=False, only_reads=True) as store:
        made = store.get(str(run["id"]))
        assert all(one.window == name for one in store.trend(made))


def test_a_window_at_all_venues_has_the_verdicts_of_a_full_audit(season: Province) -> None:
    full = json.loads(season.call("-o", "json", "runs", "show", full_run(season)).stdout)
    assert places(of_window(season, ALL)) == places(full)


def test_a_failure_counts_for_the_windows_at_its_venue(season: Province, province: Province) -> None:
    with province.fault("ac-1", "auth-refused"):
        assert HALL not in {venue for venue, _service in places(of_window(season, FAIR, 4))}
        gala = of_window(season, GALA)
        assert set(places(gala).values()) <= {"READY", "READY_WITH_RISK"}
        assert "ac-1" not in {one["device"] for one in gala["findings"]}


def test_a_failure_on_the_way_of_both_venues_counts_for_both(season: Province, province: Province) -> None:
    with province.fault("core-1", "link-down", PORT):
        assert [of_window(season, name, 3)["window"] for name in (GALA, FAIR)] == [GALA, FAIR]


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", f"Verdicts for the window {GALA} and its venues alone"), ("vi", f"Kết luận chỉ cho khung giờ {GALA}")],
)
def test_the_run_names_its_window(season: Province, lang: str, words: str) -> None:
    run = of_window(season, GALA)
    for command in (("audit", "--window", GALA, "--interval", "0.3"), ("runs", "show", str(run["id"]))):
        shown = season.call("--lang", lang, *command).stdout
        assert words in " ".join(shown.split())
    assert f"{GALA}:" in season.call("runs", "list").stdout


def test_an_unknown_window_is_a_sentence_with_the_names_of_the_windows(season: Province) -> None:
    done = season.call("audit", "--window", "Gala", expect=(2,))
    assert "no window of event.yaml is called 'Gala'" in " ".join(done.stderr.split())
    assert f"{GALA}, event," in " ".join(done.stderr.split())
    alone = season.call("audit", "--window", GALA, "--explain", f"{HALL}/internet", expect=(2,))
    assert "runs show RUN --explain" in " ".join(alone.stderr.split())
