"""`eventready init` for an event: computed windows and deadlines, invalid answers, hostile names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.intents.playbook import playbook_path
from eventready.clauses.attestations.forms import forms_of
from eventready.cli.context import App
from eventready.cli.declare.workspace import init
from eventready.core.errors import UsageError
from eventready.core.strings.texts import tidy
from eventready.papers.document.profile import load_profile
from eventready.workspace.examples.new_workspace import NewEvent, NewVenue, slug, write_workspace
from eventready.workspace.settings.duties import resolve_deadline
from eventready.workspace.workspace import load_workspace
from tests.zones import TZ

OPENING = datetime(2027, 4, 29, 19, 30, tzinfo=TZ)
VENUES = (NewVenue("hall", "Nhà thi đấu"), NewVenue("park", "Công viên", ("mobile", "wifi")))


BULL_RACE = NewEvent(
    name="Lễ hội Đua bò",
    province="An Giang",
    opening=OPENING,
    ending=OPENING + timedelta(hours=4),
    venues=VENUES,
    prepared=datetime(2027, 3, 3, 9, 0, tzinfo=TZ),
)


#: Names with at least one printable character.
NAMES = st.text(min_size=1, max_size=60).filter(lambda text: tidy(text, "name"))


def test_playbooks_forms_and_outline_are_as_shipped_until_the_workspace_has_its_own(tmp_path: Path) -> None:
    write_workspace(tmp_path, BULL_RACE)
    assert playbook_path(tmp_path, "prepare").is_file()
    assert "papers" in type(load_profile(tmp_path, "vi")).model_fields
    duties = tmp_path / "inventory" / "duties.yaml"
    assert "stock-list" not in forms_of(load_workspace(tmp_path))
    duties.write_text(duties.read_text(encoding="utf-8").replace("weekly-report", "stock-list"), encoding="utf-8")
    assert "fuel" in forms_of(load_workspace(tmp_path))["stock-list"].spec.fields["kind"].choices
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "prepare.yml").write_text("[]\n", encoding="utf-8")
    assert playbook_path(tmp_path, "prepare").read_text(encoding="utf-8") == "[]\n"
    assert playbook_path(tmp_path, "audit").is_file()
    own = tmp_path / "inventory" / "forms" / "stock-list.yaml"
    own.parent.mkdir()
    own.write_text("title: {vi: Kho, en: Stock}\nkey: [n]\nfields: {n: {vi: N, en: N}}\n", encoding="utf-8")
    assert [*forms_of(load_workspace(tmp_path))["stock-list"].spec.fields] == ["n"]


def test_windows_and_deadlines_follow_the_opening(tmp_path: Path) -> None:
    write_workspace(tmp_path, replace(BULL_RACE, enterprise="Viễn thông An Giang"))
    workspace = load_workspace(tmp_path)
    kinds = {window.kind: (window.start, window.end) for window in workspace.event.windows}
    assert kinds["event"] == (OPENING, OPENING + timedelta(hours=4))
    assert kinds["freeze"][0] == datetime(2027, 4, 26, tzinfo=TZ)
    assert workspace.event.weekly_report is not None
    assert workspace.event.weekly_report.first == date(2027, 3, 8)
    due = {duty.id: duty.due for duty in workspace.duties}
    assert due == {
        "1": datetime(2027, 4, 22, 23, 59, tzinfo=TZ), "2": kinds["freeze"][0], "3": None,
        "4": datetime(2027, 4, 28, tzinfo=TZ),
    }  # fmt: skip
    assert (workspace.event.place, workspace.event.abbreviation) == ("An Giang", "VTAG")
    assert [venue.services for venue in workspace.event.venues] == [VENUES[0].services, ("mobile", "wifi")]


@given(name=NAMES, province=NAMES)
def test_any_name_gives_a_workspace(tmp_path_factory: pytest.TempPathFactory, name: str, province: str) -> None:
    folder = tmp_path_factory.mktemp("w") / "mine"
    write_workspace(folder, replace(BULL_RACE, name=name, province=province))
    assert load_workspace(folder).event.name == tidy(name, "name")


def test_two_venues_of_one_identifier_write_nothing(tmp_path: Path) -> None:
    (first, *_others) = BULL_RACE.venues
    with pytest.raises(UsageError, match="two venues are called"):
        write_workspace(tmp_path / "x", replace(BULL_RACE, venues=(first, first)))
    assert not (tmp_path / "x").exists()


def test_an_end_before_the_opening_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ends before its opening"):
        write_workspace(tmp_path / "mine", replace(BULL_RACE, ending=OPENING))
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Hall", "'Hall' is not a venue. Write it like"),
        ("Hall=Hall", "'Hall=Hall' is not a venue"),
        ("hall=Hall:wfi", "'wfi' is not a service. Did you mean 'wifi'?"),
    ],
)
def test_venues_that_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        NewVenue.parse(text)
    assert sentence in str(raised.value)


def test_the_command_names_what_is_missing(tmp_path: Path) -> None:
    result = CliRunner().invoke(init, [str(tmp_path / "mine"), "--event", "X"], obj=App())
    assert str(result.exception) == (
        "the event is not described. Give --province, --opening, --venue, or --example."
    )  # fmt: skip
    assert not (tmp_path / "mine").exists()


def test_the_command_takes_a_date_with_the_day_first(tmp_path: Path) -> None:
    words = [str(tmp_path / "mine"), "--event", "X", "--province", "P", "--opening", "29/04/2027 19:30"]
    result = CliRunner().invoke(init, [*words, "--venue", "a=A: internet, wifi"], obj=App())
    assert result.exit_code == 0, result.output
    loaded = load_workspace(tmp_path / "mine").event
    assert loaded.windows[0].start == OPENING
    assert loaded.venues[0].services == ("internet", "wifi")


def test_an_unknown_example_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(init, [str(tmp_path / "mine"), "--example", "nowhere"], obj=App())
    assert isinstance(result.exception, UsageError)
    assert "there is no example 'nowhere'" in str(result.exception)


def test_slugs() -> None:
    assert slug("Lễ hội Đua bò 2027!") == "le-hoi-dua-bo-2027"
    assert slug("№§") == "no" or slug("§") == "event"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("T-14", "2027-04-15 23:59"),
        ("T", "2027-04-29 23:59"),
        ("T+1 08:00", "2027-04-30 08:00"),
        ("before freeze", "2027-04-26 00:00"),
        ("before: freeze", "2027-04-26 00:00"),
        ("29/03/2027 17:00", "2027-03-29 17:00"),
        ("every monday 12:00", None),
    ],
)
def test_relative_deadlines(tmp_path: Path, text: str, moment: str | None) -> None:
    write_workspace(tmp_path, BULL_RACE)
    windows = load_workspace(tmp_path).event.windows
    expected = datetime.fromisoformat(moment).replace(tzinfo=TZ) if moment else None
    assert resolve_deadline(text, windows) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("before frieze", "'frieze' is no kind of window. Did you mean 'freeze'?"),
        ("every mnday", "'mnday' is no weekday. Did you mean 'monday'?"),
        ("T-x", "'T-x' is not a date and time"),
        ("T-1 25:00", "'25:00' is not a time of day"),
    ],
)
def test_relative_deadlines_that_are_refused(tmp_path: Path, text: str, sentence: str) -> None:
    write_workspace(tmp_path, BULL_RACE)
    with pytest.raises(ValueError) as raised:
        resolve_deadline(text, load_workspace(tmp_path).event.windows)
    assert sentence in str(raised.value)


def test_a_venue_that_a_duty_invents_is_an_error_with_its_line(tmp_path: Path) -> None:
    write_workspace(tmp_path, BULL_RACE)
    path = tmp_path / "inventory" / "duties.yaml"
    path.write_text(path.read_text().replace('{checks: ["*"]}', '{checks: ["*"], venues: [hal]}'))
    with pytest.raises(
        Exception, match=r"duties\.yaml:11: the venue 'hal' is not in event\.yaml\. Did you mean 'hall'\?"
    ):
        load_workspace(tmp_path)


def test_a_terminal_asks_again_after_an_invalid_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    answers = (
        "Lễ hội", "Huế", "tomorrow", "31/13/2027 19:30", "29/04/2027 19:30", "Hall", "hall=Hội trường:internt",
        "hall=Hội trường", "Viễn thông Huế", "", "office", "office@example.vn", "noc@", "noc@bastion.example.net:2222",
    )  # fmt: skip
    done = CliRunner().invoke(init, [str(tmp_path / "w")], obj=App(), input="\n".join((*answers, "")))
    assert done.exit_code == 0, done.exception
    assert "'Hall' is not a venue. Write it like" in done.stderr
    assert "'internt' is not a service. Did you mean 'internet'?" in done.stderr
    assert "'office' is not an e-mail address." in done.stderr
    assert "'noc@' is not a bastion." in done.stderr
    assert "eventready inventory learn" in done.stderr
    workspace = load_workspace(tmp_path / "w")
    event = workspace.event
    assert (event.enterprise, event.recipient.email) == ("Viễn thông Huế", "office@example.vn")
    assert event.windows[0].start == datetime(2027, 4, 29, 19, 30, tzinfo=TZ)
    bastion = workspace.jump_hosts["bastion"]
    assert (bastion.hostname, bastion.port, bastion.username) == ("bastion.example.net", 2222, "noc")
    (tmp_path / "w" / "inventory" / "hosts.yaml").write_text(
        "r-1: {hostname: 192.0.2.1, platform: frr, groups: [router]}"
    )
    assert load_workspace(tmp_path / "w").devices[0].access.jump_host == "bastion"
