"""Versions: written once, compared, and none the worse for a process that is killed."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eventready.core.errors import StoreError, UsageError
from eventready.roster.changes import changes
from eventready.roster.roster import Leave, Person, Roster
from eventready.roster.versions import Shelf
from tests.roster.books import at, roster, shift

pytestmark = pytest.mark.slow

AN, BINH = Person("An", "An", phones=("0912345678",)), Person("Bình", "Bình", phones=("0987654321",))
FIRST = roster(shift("An", "CA", "29 6", "29 14", code="C1"), people=(AN, BINH))
SECOND = roster(shift("Bình", "CA", "29 6", "29 14", code="C1"), people=(AN, BINH))


def test_the_same_roster_keeps_its_version(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.latest() is None
    one = shelf.keep(FIRST, at("20"))
    again = shelf.keep(Roster.of(FIRST.people[::-1], FIRST.shifts, source="elsewhere.xlsx"), at("21"))
    assert (one.number, again.number, again.kept) == (1, 1, at("20"))
    assert one.roster.version == "1"
    two = shelf.keep(SECOND, at("22"))
    assert two.number == 2
    assert shelf.keep(FIRST, at("23")).number == 3
    assert [v.roster for v in shelf.versions()] == [FIRST, SECOND, FIRST]


def test_only_the_owner_reads_the_numbers(tmp_path: Path) -> None:
    Shelf(tmp_path).keep(FIRST, at("20"))
    path = tmp_path / ".eventready" / "rosters" / "0001.json"
    assert "0912345678" in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_changed_since_it_was_sent(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.changes(FIRST) is None
    assert shelf.submission(FIRST).first is None
    shelf.keep(FIRST, at("20"))
    shelf.mark_sent(1, at("26"), ("bchieu@travinh.gov.vn",), "<1@x>")
    shelf.keep(SECOND, at("27"))
    reported = shelf.changes(SECOND)
    assert reported is not None
    assert [change.message.render("vi") for change in reported] == [
        "Bình trực thay An: trực ca 06:00–14:00 29/04/2022."
    ]
    known = shelf.submission(SECOND)
    assert (known.first, known.same) == (at("26"), False)
    shelf.mark_sent(2, at("28"), ("bchieu@travinh.gov.vn",))
    known = shelf.submission(SECOND)
    assert (known.first, known.last, known.same) == (at("26"), at("28"), True)
    assert [(s.number, s.to, s.message_id) for s in shelf.sendings()] == [
        (1, ("bchieu@travinh.gov.vn",), "<1@x>"), (2, ("bchieu@travinh.gov.vn",), ""),
    ]  # fmt: skip


def test_names(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with pytest.raises(UsageError, match="there is no version of the roster yet"):
        shelf.get("latest")
    shelf.keep(FIRST, at("20"))
    shelf.keep(SECOND, at("21"))
    shelf.mark_sent(1, at("22"), ("x@example.org",))
    assert [shelf.get(name).number for name in ("1", "2", "latest", "sent")] == [1, 2, 2, 1]
    for name in ("3", "0", "next", "-1", ""):
        with pytest.raises(UsageError, match="There are: 1, 2"):
            shelf.get(name)
    with pytest.raises(UsageError):
        shelf.mark_sent(7, at("22"), ())


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("0912345678", "0912345679"),
        lambda text: text.replace('"CA"', '"XX"'),
        lambda text: json.dumps([]),
        lambda text: json.dumps({**json.loads(text), "schema": "other/1"}),
        lambda text: json.dumps({**json.loads(text), "number": 2}),
        lambda text: json.dumps({**json.loads(text), "kept": "yesterday"}),
    ],
)
def test_damage_is_named(tmp_path: Path, damage: object) -> None:
    shelf = Shelf(tmp_path)
    shelf.keep(FIRST, at("20"))
    path = tmp_path / ".eventready" / "rosters" / "0001.json"
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")  # type: ignore[operator]  # one of these
    with pytest.raises(StoreError, match=r"0001\.json: this version of the roster was altered or damaged"):
        shelf.versions()


def test_many_at_once_get_numbers_of_their_own(tmp_path: Path) -> None:
    rosters = [roster(shift("An", "CA", f"29 {hour}", "29 23"), people=(AN,)) for hour in range(12)]
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda found: Shelf(tmp_path).keep(found, at("20")).number, rosters))
    assert sorted(numbers) == list(range(1, 13))
    assert len(Shelf(tmp_path).versions()) == 12


_KEEP = """
import sys
from pathlib import Path
from tests.roster.books import at, roster, shift
from eventready.roster.versions import Shelf
print("go", flush=True)
for minute in range(1, 1440):
    Shelf(Path(sys.argv[1])).keep(roster(shift("An", "CA", "29", f"30 0:{minute}")), at("20"))
"""


def test_killed_while_keeping(tmp_path: Path) -> None:
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", _KEEP, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        assert process.stdout is not None
        process.stdout.readline()
        before = len(Shelf(tmp_path).versions())
        while len(list(tmp_path.glob(".eventready/rosters/[0-9]*.json"))) < before + 5 and process.poll() is None:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        versions = Shelf(tmp_path).versions()
        assert [version.number for version in versions] == list(range(1, len(versions) + 1))
        assert len(versions) >= before + 5
    assert Shelf(tmp_path).keep(FIRST, at("21")).number == len(versions) + 1


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / ".eventready").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be"):
        Shelf(tmp_path).keep(FIRST, at("20"))


# In words


def reported(old: Roster, new: Roster, lang: str = "en") -> list[str]:
    return [change.message.render(lang) for change in changes(old, new)]


def test_shifts_in_words() -> None:
    old = roster(
        shift("An", "CA", "29 6", "29 14"),
        shift("An", "CA", "30 6", "30 14"),
        shift("Bình", "UC", "29", "30", place="hall"),
        people=(AN, BINH),
    )
    new = roster(
        shift("Bình", "CA", "29 6", "29 14"),
        shift("An", "CA", "30 7", "30 15"),
        shift("An", "VH", "29", "30", branch="VT"),
        people=(AN, BINH),
    )
    assert reported(old, new) == [
        "An has a new shift: operations duty (telecommunications) 00:00–24:00 29/04/2022.",
        "Bình no longer has: emergency response (hall) 00:00–24:00 29/04/2022.",
        "Bình takes over from An: shift duty 06:00–14:00 29/04/2022.",
        "An changes shift: shift duty 06:00–14:00 30/04/2022 → shift duty 07:00–15:00 30/04/2022.",
    ]
    assert "An đổi ca: trực ca 06:00–14:00 30/04/2022 → trực ca 07:00–15:00 30/04/2022." in reported(old, new, "vi")


def test_details_in_words() -> None:
    old = roster(shift("An", "CA", "29 6", "29 14", code="C1"), people=(AN,))
    new = roster(shift("An", "CA", "29 6", "29 14", code="S", on_call=True), people=(AN,))
    assert reported(old, new) == ["An, shift duty 06:00–14:00 29/04/2022: C1 → S; - → on call."]


def test_people_in_words() -> None:
    new = Roster.of((Person("An", "An", title="Ca trưởng", phones=("0333444555",), may_authorise=True),), ())
    assert reported(Roster.of((AN, BINH), ()), new) == [
        "An: position (none) → Ca trưởng.",
        "An: telephone 0912***678 → 0333***555.",
        "An may approve emergency changes.",
        "Bình leaves the list.",
    ]
    assert reported(new, Roster.of((AN, BINH), ()), "vi")[-1] == "Thêm Bình vào danh sách."


def test_leave_in_words() -> None:
    away = Roster.of((AN,), (), (Leave("An", at("29"), at("30"), "ốm"),))
    assert reported(Roster.of((AN,), ()), away) == ["An is on leave 00:00–24:00 29/04/2022 (ốm)."]
    assert reported(away, Roster.of((AN,), ())) == ["An is no longer on leave 00:00–24:00 29/04/2022."]
