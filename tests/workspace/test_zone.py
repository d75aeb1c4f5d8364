"""Zone of an event: windows over a change of the clock, commands in the zone of their workspace, mistakes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from eventready.core.country import country
from eventready.core.errors import WorkspaceError
from eventready.core.timezone import DEFAULT, use_zone, zone
from eventready.workspace.settings.event import load_event
from eventready.workspace.workspace import load_workspace
from tests.shared import called

from .conftest import EVENT, Make

BERLIN = EVENT.replace("id: ", "zone: Europe/Berlin\nid: ", 1)


def _event(*windows: str, zone: str = "Europe/Berlin") -> str:
    """The event with these windows of its own."""
    return f"zone: {zone}\n{EVENT}windows:\n" + "".join(f"  - {{kind: event, {window}}}\n" for window in windows)


def test_an_event_without_a_zone_has_the_default(make: Make) -> None:
    """Loading a workspace decides the zone of the process, also after one with another zone."""
    use_zone("Europe/Berlin")
    event = load_workspace(make(event=EVENT)).event
    assert (event.zone, zone().key) == (DEFAULT, DEFAULT)
    assert all(window.start.utcoffset() == timedelta(hours=7) for window in event.windows)


@pytest.mark.parametrize(
    ("name", "window", "lasts"),
    [
        ("Europe/Berlin", "from: 2033-10-29 22:00, to: 2033-10-30 06:00", 9),
        ("Europe/Berlin", "from: 2033-03-26 22:00, to: 2033-03-27 06:00", 7),
        ("America/New_York", "from: 2033-11-05 22:00, to: 2033-11-06 06:00", 9),
        ("Australia/Lord_Howe", "from: 2033-10-01 22:00, to: 2033-10-02 06:00", 7.5),
        ("Pacific/Apia", "from: 2011-12-29 22:00, to: 2011-12-31 06:00", 8),
        ("Europe/Berlin", "from: 2033-10-30 02:30+02:00, to: 2033-10-30 02:30+01:00", 1),
    ],
)
def test_a_window_over_a_change_lasts_the_hours_that_pass(make: Make, name: str, window: str, lasts: float) -> None:
    """The length of a window is elapsed time, and it is open from its start until its end."""
    (found,) = load_workspace(make(event=_event(window, zone=name))).event.windows
    assert found.end - found.start == timedelta(hours=lasts)
    minutes = int(lasts * 60)
    assert (
        sum(found.contains(found.start + timedelta(minutes=minute)) for minute in range(-90, minutes + 90)) == minutes
    )


@pytest.mark.parametrize(
    ("zone", "sentence"),
    [
        ("europe/berlin", "Did you mean 'Europe/Berlin'?"),
        ("Berlin", "Did you mean 'Europe/Berlin'?"),
        ("New York", "Did you mean 'America/New_York'?"),
        ("Asia", "Write a name of the IANA database"),
        ("../../etc/localtime", "Write a name of the IANA database"),
        ("'" + "x" * 9000 + "'", "Write a name of the IANA database"),
        ("[]", "must be text"),
        ("", "must be text"),
    ],
)
def test_a_mistake_in_the_zone_is_named_with_its_line(make: Make, zone: str, sentence: str) -> None:
    """An unknown zone has a sentence with its line and a similar name."""
    with pytest.raises(WorkspaceError) as refused:
        load_workspace(make(event=EVENT.replace("id: ", f"zone: {zone}\nid: ", 1)))
    text = str(refused.value)
    assert sentence in text
    assert "event.yaml:" in text
    assert len(text) < 500


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        ("from: 2033-10-30 02:30, to: 2033-10-30 06:00", "'2033-10-30 02:30' occurs twice"),
        ("from: 2033-03-27 02:30, to: 2033-03-27 06:00", "'2033-03-27 02:30' does not exist"),
    ],
)
def test_a_window_at_no_certain_time_is_refused(make: Make, window: str, sentence: str) -> None:
    """A start that the clock leaves out, or shows twice, is a mistake with its line."""
    with pytest.raises(WorkspaceError, match=sentence) as refused:
        load_workspace(make(event=_event(window)))
    assert "event.yaml:" in str(refused.value)


@pytest.mark.parametrize("order", ["before", "after"])
def test_now_is_a_time_of_the_workspace_in_any_order(
    make: Make, capsys: pytest.CaptureFixture[str], order: str
) -> None:
    """`--now` and `-w` may stand before or after the command: the time is of the workspace's zone."""
    folder, now = make(event=BERLIN), ("--now", "2033-07-01 12:00")
    command, where = ("duties", "deadlines"), ("-w", folder)
    words = (*now, *command, *where) if order == "before" else (*where, *command, *now)
    code, out, err = called(capsys, *words, "-o", "json")
    assert code in (0, 8), err
    assert zone().key == "Europe/Berlin"
    assert all(entry["due"].endswith(("+01:00", "+02:00")) for entry in json.loads(out))


def test_commands_without_the_workspace_show_its_times(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that reads the store alone has the zone of event.yaml; with a wrong zone the default."""
    folder = make(event=BERLIN)
    called(capsys, "-w", folder, "runs", "list")
    assert zone().key == "Europe/Berlin"
    (folder / "inventory" / "event.yaml").write_text(BERLIN.replace("Berlin", "Nowhere"), encoding="utf-8")
    code, _out, err = called(capsys, "-w", folder, "runs", "list")
    assert (code, zone().key) != (1, "Europe/Berlin"), err
    assert zone().key == DEFAULT


def test_a_time_of_an_option_is_of_the_workspace(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    """`--began` before `-w` is a local time of that workspace."""
    folder = make(event=BERLIN)
    facts = ("--by", "An", "--summary", "x", "--place", "y", "--service", "internet")
    words = ("incident", "new", "--began", "2033-07-01 12:00", *facts, "-w", folder)
    code, out, err = called(capsys, *words, "--now", "2033-07-01 12:30", "-o", "json")
    assert code in (0, 8), err
    assert "2033-07-01T12:00+02:00" in out


def test_init_writes_the_zone_and_times_that_are_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A window that ends in the repeated hour is written with its offset."""
    words = ("init", tmp_path / "n", "--event", "Fair", "--province", "NY", "--zone", "America/New_York")
    more = ("--opening", "2033-11-05 22:00", "--venue", "hall=Hall: internet")
    code, _out, err = called(capsys, *words, *more)
    assert code == 0, err
    event = load_event(tmp_path / "n" / "inventory" / "event.yaml")
    assert event.zone == "America/New_York"
    assert next(window.end - window.start for window in event.windows) == timedelta(hours=4)
    code, _out, err = called(capsys, *words[:-1], "America/New York", *more)
    assert code == 2
    assert "Did you mean 'America/New_York'?" in err


def test_a_broken_file_leaves_the_zone_of_a_running_process(make: Make) -> None:
    """A watch goes on with the event that it knows, and with its zone, when event.yaml is edited into a mistake."""
    folder = make(event=BERLIN)
    load_workspace(folder)
    for broken in (BERLIN.replace("Berlin", "Nowhere"), EVENT + "nonsense: 1\n", "zone: UTC\n"):
        (folder / "inventory" / "event.yaml").write_text(broken, encoding="utf-8")
        with pytest.raises(WorkspaceError):
            load_workspace(folder)
        assert zone().key == "Europe/Berlin"


def test_a_broken_file_beside_a_valid_event_leaves_zone_and_country(make: Make) -> None:
    """A reload takes a changed zone only with the whole workspace."""
    folder = make(event=BERLIN)
    load_workspace(folder)
    changed = BERLIN.replace("Europe/Berlin", "America/New_York")
    (folder / "inventory" / "event.yaml").write_text(changed, encoding="utf-8")
    for name in ("hosts.yaml", "limits.yaml", "duties.yaml"):
        file = folder / "inventory" / name
        before = file.read_text(encoding="utf-8") if file.exists() else None
        file.write_text("- nonsense: [\n", encoding="utf-8")
        with pytest.raises(WorkspaceError):
            load_workspace(folder)
        assert (zone().key, country()) == ("Europe/Berlin", "DE"), name
        file.unlink() if before is None else file.write_text(before, encoding="utf-8")
    load_workspace(folder)
    assert (zone().key, country()) == ("America/New_York", "US")
