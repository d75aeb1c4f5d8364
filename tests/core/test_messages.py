"""Rendering of messages: parameters, numbers, times, words of a family, plurals, and catalogues of other packages."""

from __future__ import annotations

import gettext
import json
import os
import pickle
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.errors import combine_errors
from eventready.core import messages
from eventready.core.errors import UsageError
from eventready.core.messages import (
    Bilingual,
    Message,
    Param,
    as_data,
    as_record,
    from_json,
    from_record,
    from_stored,
    in_language,
    joined,
    known,
    message,
    number,
    render,
    term,
    text,
    to_json,
    to_stored,
)

PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgctxt "people"
msgid "{n} person"
msgid_plural "{n} people"
msgstr[0] "{n} người"

msgctxt "named"
msgid "VLAN {vlan:id}, {seconds} s: `command --keep {n}`"
msgstr "VLAN {vlan:id}, {seconds} s: `lệnh --keep {n}`"

msgctxt "report"
msgid "{who:probe:people} at {at:%H:%M}: {what}, {share:.1f}%, {state:terms:state}"
msgstr "{what}: {who:probe:people} lúc {at:%H:%M}, {share:.1f}%, {state:terms:state}"

msgctxt "new"
msgid "not translated"
msgstr ""
"""


@pytest.fixture
def locales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A further folder of catalogues with the namespace `probe`."""
    (tmp_path / "probe.po").write_text(PO, encoding="utf-8")
    monkeypatch.setattr(messages, "_FOLDERS", (*messages._FOLDERS, tmp_path))
    caches = (messages._catalogue, messages._sentence, messages._pieces)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    for cache in caches:
        cache.cache_clear()


REPORT: dict[str, Param] = {
    "who": 2,
    "what": Bilingual("bàn giao", "handover"),
    "share": 12.345,
    "state": "down",
    "at": datetime(2022, 4, 29, 12, 5, tzinfo=UTC),
}


def test_a_message_is_rendered_in_both_languages(locales: Path) -> None:
    assert text("probe:report", "en", **REPORT) == "2 people at 19:05: handover, 12.3%, down"
    assert Message("probe:report", REPORT).render("vi") == "bàn giao: 2 người lúc 19:05, 12,3%, không hoạt động"


@pytest.mark.parametrize(
    ("value", "limit", "en", "vi"),
    [
        (64.4837, 80, "64% used", "64%"), (79.6, 80, "79.6% used", "79,6%"), (80.4, 80, "80.4% used", "80,4%"),
        (4.69, 2, "4.69% used", "4,69%"), (99.97, 80, "99.9% used", "99,9%"), ("-", 80, "-% used", "-%"),
    ],
    ids=["whole", "below the limit", "beyond it", "small", "nearly all", "none"],
)  # fmt: skip
def test_a_percentage_of_a_finding_is_whole_and_on_its_side_of_the_limit(
    value: Param, limit: float, en: str, vi: str
) -> None:
    given = {"subject": "eth0", "value": value, "limit": limit}
    assert en in text("checks:utilisation.load", "en", **given)
    assert vi in text("checks:utilisation.load", "vi", **given)
    assert to_json(message("checks:utilisation.load", **given))["params"]["value"] == value


@pytest.mark.parametrize(("count", "shown"), [(0, "0 people"), (1, "1 person"), (2, "2 people")])
def test_a_message_follows_its_number(locales: Path, count: int, shown: str) -> None:
    assert text("probe:people", "en", n=count) == shown
    assert text("probe:people", "vi", n=count) == f"{count} người"


def test_a_language_without_the_message_uses_english(locales: Path) -> None:
    assert text("probe:new", "vi") == "not translated"


def test_a_changed_catalogue_is_compiled_again(locales: Path) -> None:
    po_file = locales / "probe.po"
    assert text("probe:people", "en", n=2) == "2 people"
    compiled = locales / "probe.en.mo"
    assert gettext.GNUTranslations(compiled.open("rb")).ngettext("people", "people", 2) == "{n} people"
    po_file.write_text(po_file.read_text(encoding="utf-8").replace("{n} people", "{n} persons"), encoding="utf-8")
    os.utime(po_file, ns=(compiled.stat().st_mtime_ns + 1,) * 2)
    messages._catalogue.cache_clear()
    messages._sentence.cache_clear()
    assert text("probe:people", "en", n=2) == "2 persons"


def test_an_installed_package_needs_the_compiled_file_only(locales: Path) -> None:
    assert text("probe:people", "en", n=2) == "2 people"
    (locales / "probe.po").unlink()
    messages._catalogue.cache_clear()
    messages._sentence.cache_clear()
    assert text("probe:people", "en", n=2) == "2 people"


def test_a_folder_that_cannot_be_written_does(locales: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(Path, "replace", refuse)
    assert text("probe:people", "en", n=2) == "2 people"
    assert [file.name for file in locales.iterdir()] == ["probe.po"], "no draft is left"


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize(
    "msgid", ["probe:absent", "absent:people", "people", "", "probe:", "../../etc:passwd", "a b:c"]
)
def test_an_unknown_id_is_an_error(locales: Path, msgid: str, lang: str) -> None:
    assert not known(msgid)
    with pytest.raises(KeyError):
        render(msgid, {}, lang)


def test_a_missing_parameter_is_an_error(locales: Path) -> None:
    with pytest.raises(KeyError, match="what"):
        render("probe:report", {key: value for key, value in REPORT.items() if key != "what"}, "vi")


def test_words_of_a_family() -> None:
    assert term("terms:verdict", "READY", "vi") == "Sẵn sàng"
    assert term("terms:verdict", "BETTER", "vi") == "BETTER"
    assert term("terms:subject", "core links", "vi") == "liên kết mạng lõi"
    assert term("terms:subject", "memory Processor", "vi") == "bộ nhớ Processor"
    assert term("terms:subject", "core-1 uplink", "vi") == "core-1 uplink"


def test_a_sentence_that_begins_with_a_word_begins_with_a_capital() -> None:
    assert text("checks:subject.down", "vi", subject="clock").startswith("Đồng hồ")
    assert text("checks:subject.down", "vi", subject="eth0").startswith("eth0 ")


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (73.5, "73,5", "73.5"),
        (2880, "2.880", "2,880"),
        (2e7, "20.000.000", "20,000,000"),
        (-1234.5, "-1.234,5", "-1,234.5"),
        (float("inf"), "inf", "inf"),
    ],
)
def test_numbers(value: float, vi: str, en: str) -> None:
    assert (number(value, "vi"), number(value, "en")) == (vi, en)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False, width=32), st.sampled_from(["", ".1f", ".0f"]))
def test_a_number_keeps_its_digits_and_is_grouped_by_three(value: float, spec: str) -> None:
    spec = spec if isinstance(value, float) else ""
    vi, en = number(value, "vi", spec), number(value, "en", spec)
    assert en == vi.translate(str.maketrans(".,", ",."))
    plain = format(value, spec or (".10g" if isinstance(value, float) else ""))
    assert en.replace(",", "") == plain
    whole, _, fraction = en.lstrip("-").partition(".")
    assert "e" in plain or ("," not in fraction and re.fullmatch(r"\d{1,3}(,\d{3})*", whole))


def test_a_number_that_identifies_is_not_grouped(locales: Path) -> None:
    assert number(65001, "vi", "id") == "65001"
    assert text("probe:named", "vi", vlan=4094, seconds=3600, n=12000) == "VLAN 4094, 3.600 s: `lệnh --keep 12000`"


def test_dates_lists_and_what_is_absent(locales: Path) -> None:
    shown = messages._shown
    assert shown(date(2022, 4, 29), "", "vi") == "29/04/2022"
    assert shown(datetime(2022, 4, 28, 20, 0, tzinfo=UTC), "", "en") == "29/04/2022 03:00"
    assert shown(None, "", "vi") == "-"
    people = message("probe:people", n=3)
    assert shown(["A", people], "", "vi") == "A và 3 người"
    assert joined(["A", "B", Bilingual("ai đó", "")], "en") == "A, B and ai đó"
    assert joined([], "vi") == ""


def test_parameters_survive_a_document() -> None:
    reason = message("session:at", where="r1", what=Bilingual("a", "b"))
    stored = json.loads(json.dumps(to_json(reason)))
    assert from_json(stored) == reason
    assert from_json(to_json(["x", Bilingual("a", "b")])) == ["x", Bilingual("a", "b")]
    assert [from_json(to_json(value)) for value in ("x", 1, 1.5, None)] == ["x", 1, 1.5, None]
    assert to_json(date(2022, 4, 29)) == "2022-04-29"


@pytest.mark.parametrize("odd", [{}, {"id": 1, "params": {}}, {"id": "a:b"}, {"vi": "x"}, [{"x": 1}]])
def test_a_document_with_an_odd_parameter_is_refused(odd: object) -> None:
    with pytest.raises(TypeError):
        from_json(odd)


def test_a_message_is_a_text_in_no_language() -> None:
    lost = message("session:no_answer", where="r1", seconds=10.0)
    shown = [f"{lost}", str(lost), repr(lost)]  # type: ignore[message-text]  # as a program without mypy would
    assert shown == ["Message(id='session:no_answer', params={'where': 'r1', 'seconds': 10.0})"] * 3
    with pytest.raises(TypeError):
        json.dumps({"why": lost})


def test_a_message_on_record_keeps_its_english_text() -> None:
    unknown = {"text": "Once known.", "id": "session:lost", "params": {"line": "x"}}
    changed = {"text": "r1 was silent", "id": "session:no_answer", "params": {"where": "r1", "seconds": 10}}
    lost, found = from_stored(unknown), from_stored(changed)
    assert [in_language(lost, lang) for lang in ("vi", "en")] == ["Once known."] * 2
    assert in_language(found, "en") == "r1 does not answer within 10 s"
    assert as_data({"why": (lost, found), "more": [Bilingual("a", "b")]}) == {
        "why": ["Once known.", "r1 was silent"],
        "more": [{"vi": "a", "en": "b"}],
    }
    assert [to_stored(lost), to_stored(found)] == [unknown, changed]
    assert from_record({**as_record("why", lost)}, "why") == lost


def test_an_error_keeps_its_message() -> None:
    error = UsageError(message("session:no_answer", where="r1", seconds=10.0), do="Wait.")
    assert str(error) == "r1 does not answer within 10 s. Wait."
    assert error.render("vi") == "r1 không trả lời trong 10 giây. Wait."
    assert pickle.loads(pickle.dumps(error)).render("vi") == error.render("vi")
    assert UsageError("plain", where="a.yaml:1").render("vi") == "a.yaml:1: plain."


def test_an_error_has_the_remedy_of_its_message() -> None:
    error = UsageError(message("cli:failure.not_installed", package="typst", extra="documents"), where="x.pdf")
    assert str(error) == "x.pdf: the package typst is not installed. Install it: pip install 'eventready[documents]'"
    assert error.do == "Install it: pip install 'eventready[documents]'"
    assert error.render("vi") == "x.pdf: chưa cài gói typst. Hãy cài: pip install 'eventready[documents]'"


@pytest.mark.parametrize("where", ["", "a.yaml:1"])
@pytest.mark.parametrize("do", ["", message("cli:failure.not_installed.do", package="x", extra="y")])
@pytest.mark.parametrize("what", ["plain", "A sentence.", message("session:no_answer", where="r1", seconds=10)])
def test_the_whole_of_an_error_is_a_message(what: str | Message, where: str, do: str | Message) -> None:
    error = UsageError(what, where=where, do=do)
    stored = json.loads(json.dumps(to_json(error.whole)))
    assert [from_json(stored).render(lang) for lang in ("vi", "en")] == [error.render("vi"), error.render("en")]
    several = combine_errors([error, UsageError("another")])
    assert [several.whole.render(lang) for lang in ("vi", "en")] == [several.render("vi"), several.render("en")]


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, "0"), (-0.0, "-0"), (1, "1"), (1.0, "1"), (True, "True"), (12.5, "12,5")]
)
def test_equal_numbers_of_other_kinds_keep_their_own_text(value: float, shown: str) -> None:
    assert [messages.number(value, "vi"), messages.number(value, "vi")] == [shown] * 2
