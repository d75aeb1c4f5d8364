"""Country of an event: its holidays, letterhead, language and telephone numbers; nothing of another country."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.clauses.calendar import Calendar
from eventready.core.country import use_country
from eventready.core.errors import WorkspaceError
from eventready.core.messages import Lang, in_english
from eventready.core.redaction.masking import mask_text
from eventready.papers.document.profile import load_profile
from eventready.roster.reading.text import is_mobile, normal_number
from eventready.workspace.settings.alerts import load_alerts
from eventready.workspace.settings.country import countries, country_of_zone, language_of, zones_of_country
from eventready.workspace.settings.event import DaysOff, load_event
from eventready.workspace.workspace import load_workspace
from tests.shared import called

from .conftest import EVENT, Make

#: Letters of Vietnamese alone.
VIETNAMESE = re.compile("[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
ALERTS = "route: {receiver: desk}\nreceivers: [{name: desk, mail: [desk@example.org]}]\n"


@pytest.mark.parametrize(
    ("zone", "country", "lang"),
    [
        ("", "VN", "vi"),
        ("zone: Asia/Ho_Chi_Minh", "VN", "vi"),
        ("zone: Europe/Berlin", "DE", "en"),
        ("zone: America/New_York", "US", "en"),
        ("zone: Pacific/Apia", "WS", "en"),
        ("zone: UTC", "", "en"),
        ("country: DE-HE", "DE-HE", "en"),
        ("{zone: Europe/Berlin, country: VN}", "VN", "vi"),
    ],
)
def test_the_country_is_as_written_or_that_of_the_zone(make: Make, zone: str, country: str, lang: str) -> None:
    """An event without a country has that of its zone; papers and messages have the language of the country."""
    own = "\n".join(zone.strip("{}").split(", "))
    folder = make(event=f"{own}\n{EVENT}", alerts=ALERTS)
    event = load_workspace(folder).event
    assert (event.country, event.lang, language_of(event.country)) == (country, lang, lang)
    alerts = load_alerts(folder)
    assert alerts is not None
    assert alerts.lang == lang


@pytest.mark.parametrize(
    ("country", "sentence"),
    [
        ("de", "Did you mean 'DE'?"),
        ("Germany", "Did you mean 'DE'?"),
        ("Viet Nam", "Write a code of ISO 3166"),
        ("ZZ", "Write a code of ISO 3166"),
        ("../x", "Write a code of ISO 3166"),
        ("'" + "D" * 9000 + "'", "Write a code of ISO 3166"),
        ("49", "must be text"),
    ],
)
def test_a_mistake_in_the_country_is_named_with_its_line(make: Make, country: str, sentence: str) -> None:
    """An unknown country has a sentence with its line and a similar code."""
    with pytest.raises(WorkspaceError) as refused:
        load_workspace(make(event=f"country: {country}\n{EVENT}"))
    assert sentence in str(refused.value) or "Did you mean 'VN'?" in str(refused.value)
    assert "event.yaml:1" in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("country", "off", "works"),
    [
        ("VN", date(2033, 9, 2), date(2033, 7, 4)),
        ("US", date(2033, 7, 4), date(2033, 9, 2)),
        ("DE", date(2033, 10, 3), date(2033, 6, 16)),
        ("DE-HE", date(2033, 6, 16), date(2033, 9, 2)),  # Corpus Christi, a holiday of Hesse
        ("IL", date(2033, 7, 1), date(2033, 7, 3)),  # the weekend is Friday and Saturday
    ],
)
def test_days_off_are_those_of_the_country(country: str, off: date, works: date) -> None:
    """Public holidays and the weekend are the country's; the workspace adds and removes days."""
    calendar = Calendar(country=country)
    assert calendar.off(off) is not None
    assert calendar.off(works) is None
    assert calendar.gap is None
    own = Calendar(DaysOff(add=(works,), remove=(off,)), country)
    assert own.off(off) is None
    assert own.off(works) is not None


def test_a_country_without_data_has_weekends_alone_and_says_so(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    """No holiday is assumed for a country that the library does not know, and `duties deadlines` says so."""
    for country in ("", "DE-ZZ", "QQ"):
        calendar = Calendar(country=country)
        assert in_english(calendar.gap or "").startswith("No public holidays of country")
        assert [calendar.off(date(2033, 1, day)) is not None for day in (1, 2, 3)] == [True, True, False]
    code, _out, err = called(capsys, "-w", make(event=f"country: DE-ZZ\n{EVENT}"), "duties", "deadlines")
    assert code == 0
    assert "No public holidays of country DE-ZZ are known" in " ".join(err.split())


@given(st.sampled_from(sorted(countries())))
def test_every_country_has_a_calendar(country: str) -> None:
    """Each country of ISO 3166 has working days in each month."""
    calendar = Calendar(country=country)
    assert all(any(calendar.off(date(2033, month, day)) is None for day in range(1, 29)) for month in range(1, 13))


def test_zones_without_a_country_have_none() -> None:
    """Zones of no single country have none: UTC, times of several countries, and names that nobody knows."""
    assert not any(country_of_zone(name) for name in ("UTC", "Etc/GMT-7", "Nowhere", "CET", "EST", "EST5EDT", "GMT"))


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Asia/Saigon", "VN"), ("Asia/Calcutta", "IN"), ("Europe/Kiev", "UA"), ("US/Pacific", "US"), ("Iceland", "IS"),
        ("Singapore", "SG"), ("Africa/Asmera", "ER"), ("Atlantic/Jan_Mayen", "SJ"), ("America/Virgin", "VI"),
    ],
)  # fmt: skip
def test_a_zone_by_its_name_of_old_has_the_country_of_its_place(zone: str, country: str) -> None:
    """The name of old has the country of the place, not of a larger place with the same time."""
    assert country_of_zone(zone) == country


def test_every_zone_of_a_country_has_the_country() -> None:
    """The zones of each country have it as theirs; one zone is written without a choice."""
    for country in countries():
        assert {country_of_zone(zone) for zone in zones_of_country(country)} <= {country}
    assert zones_of_country("DE-HE") == zones_of_country("DE")
    assert zones_of_country("VN") == ("Asia/Ho_Chi_Minh",)


NEW = ("--event", "Fair", "--province", "P", "--opening", "2033-07-05 19:00", "--venue", "hall=Hall: internet")


@pytest.mark.parametrize(
    ("options", "zone", "country"),
    [
        (("--country", "NO"), "Europe/Oslo", "NO"),
        (("--country", "VN"), "Asia/Ho_Chi_Minh", "VN"),
        (("--country", "FR-ARA"), "Europe/Paris", "FR-ARA"),
        (("--country", "US", "--zone", "America/Denver"), "America/Denver", "US"),
        (("--country", "DE-HE", "--zone", "Europe/Berlin"), "Europe/Berlin", "DE-HE"),
        (("--zone", "Asia/Saigon"), "Asia/Saigon", "VN"),
        ((), "Asia/Ho_Chi_Minh", "VN"),
    ],
)
def test_init_takes_the_zone_of_the_country(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], zone: str, country: str
) -> None:
    """`init --country` writes the country, and the zone of a country with a single one."""
    code, _out, err = called(capsys, "init", tmp_path / "n", *NEW, *options)
    assert code == 0, err
    event = load_event(tmp_path / "n" / "inventory" / "event.yaml")
    assert (event.zone, event.country) == (zone, country)


@pytest.mark.parametrize(
    ("country", "sentence"),
    [
        ("US", "US has no single time zone. Give --zone: America/Adak, America/Anchorage,"),
        ("DE", "DE has no single time zone. Give --zone: Europe/Berlin, Europe/Busingen."),
        ("BV", "BV has no single time zone. Give --zone: UTC."),
        ("Norway", "Did you mean 'NO'?"),
        ("no", "Did you mean 'NO'?"),
        ("QQ", "QQ is no country"),
        ("", "is no country"),
    ],
)
def test_init_names_the_zones_of_a_country_with_several(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], country: str, sentence: str
) -> None:
    """A country with several zones or none, and an unknown country, are refused before a file is written."""
    code, _out, err = called(capsys, "init", tmp_path / "n", *NEW, "--country", country)
    assert code == 2
    assert sentence in " ".join(err.split())
    assert not (tmp_path / "n").exists()


def test_init_names_a_country_without_holidays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A country without data about its holidays is named at once, in the words of `duties deadlines`."""
    words = ("init", tmp_path / "n", *NEW, "--zone", "Europe/Berlin", "--country", "DE-ZZ")
    code, out, err = called(capsys, *words)
    assert code == 0
    assert "No public holidays of country DE-ZZ are known" in " ".join(f"{out} {err}".split())


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_letterhead_names_the_country_of_viet_nam_only_there(tmp_path: Path, lang: Lang) -> None:
    """Decree 30/2020 is the profile of Viet Nam: elsewhere an office has its own layout and letterhead, or none."""
    folder = tmp_path / "templates" / "reports"
    folder.mkdir(parents=True)
    home = load_profile(tmp_path, lang, "VN")
    assert "VI" in home.office.country
    assert (home.page.left, home.page.right) == (30, 15)
    abroad = load_profile(tmp_path, lang, "DE-HE")
    assert (abroad.office.country, abroad.office.motto) == ("", "")
    own = folder / f"{lang}.yaml"
    own.write_text("page: {left: 12}\noffice: {country: Hessen, motto: ''}\n", encoding="utf-8")
    assert load_profile(tmp_path, lang, "DE").office.country == "Hessen"
    with pytest.raises(WorkspaceError, match="'left' must be at least 30"):
        load_profile(tmp_path, lang, "VN")


def test_a_new_event_abroad_has_nothing_of_viet_nam(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the files of `init` nor the papers of the event have a Vietnamese letter, name or form."""
    folder = tmp_path / "n"
    words = ("--event", "Fair", "--province", "Hessen", "--zone", "Europe/Berlin", "--opening", "2033-10-29 20:00")
    code, _out, err = called(capsys, "init", folder, *words, "--venue", "hall=Hall: internet, wifi")
    assert code == 0, err
    written = {path.name: path.read_text(encoding="utf-8") for path in (folder / "inventory").rglob("*.yaml")}
    assert load_event(folder / "inventory" / "event.yaml").country == "DE"
    now = ("--now", "2033-11-03 09:00")
    for kind in ("weekly", "plan", "final"):
        code, out, err = called(capsys, "-w", folder, *now, "report", kind, "--rehearsal", "--format", "md,html")
        assert code in (0, 3, 4), (kind, err)
        written[f"report {kind}"] = out + err
    written |= {path.name: path.read_text(encoding="utf-8") for path in (folder / "reports").rglob("*.md")}
    assert any(name.endswith(".md") for name in written)
    for name, text in written.items():
        assert not VIETNAMESE.search(text), (name, VIETNAMESE.search(text))
        assert not re.search(r"viet ?nam|independence - |asia/ho_chi|\+07:00|\.vn\b", text, re.IGNORECASE), name


@pytest.mark.parametrize(
    ("country", "typed", "number"),
    [
        ("VN", "+84 912 345 678", "0912345678"),
        ("VN", "+49 (0)69 123456-7", "+49691234567"),
        ("VN", "069 1234567", None),
        ("VN", "+12", None),
        ("DE", "069 / 1234567", None),
        ("DE", "069 123-4567", "0691234567"),
        ("DE", "0049 69 1234567", "+49691234567"),
        ("DE", "+84 912 345 678", "+84912345678"),
        ("US", "(212) 555-0100", "2125550100"),
        ("US", "+1 212 555 0100", "+12125550100"),
        ("US", "1234", None),
        ("US", "ext. 12345", None),
    ],
)
def test_telephone_numbers_are_those_of_the_country(country: str, typed: str, number: str | None) -> None:
    """A number of another country has its country code; abroad the digits are as people write them."""
    use_country(country)
    assert normal_number(typed) == number
    assert number is None or is_mobile(number)
    assert number is None or normal_number(number) == number


@pytest.mark.parametrize(
    ("country", "text", "masked"),
    [
        ("VN", "call 0912345678", "call 0912***678"),
        ("VN", "call +49 69 1234567 now", "call 4969***567 now"),
        ("VN", "call +84 912 345 678", "call 0912***678"),
        ("DE", "call 069 1234567, or (069) 123-4567", "call 0691***567, or 0691***567"),
        ("US", "call (212) 555-0100 or 212-555-0100", "call 2125***100 or 2125***100"),
        ("US", "call +1 (212) 555-0100", "call 1212***100"),
    ],
)
def test_telephone_numbers_of_every_country_are_masked(country: str, text: str, masked: str) -> None:
    """A number in a text shows its beginning and its end."""
    use_country(country)
    assert mask_text(text) == masked


@pytest.mark.parametrize("country", ["VN", "DE", "US"])
@pytest.mark.parametrize(
    "text",
    [
        "07:00 05/07/2033", "05.07.2033 12:30", "2033-07-05 07:00", "192.0.2.111", "00-11-22-33-44-55", "10.0.0.1:8080",
        "+07:00", "2033-10-30T02:30:00+02:00", "00:1a:2b:3c:4d:5e", "MHz 3600", "65000:100", "100%",
        "GigabitEthernet0/0/0/1", "0000-1111-2222", "0011.2233.4455",
    ],
)  # fmt: skip
def test_times_and_addresses_are_no_numbers(country: str, text: str) -> None:
    """Dates, times, addresses and names of ports stay as they are."""
    use_country(country)
    assert mask_text(text) == text
