"""Performance files: figures of each layout, and nothing of a file that is cut, damaged or of another format."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventready.core.errors import WorkspaceError
from eventready.core.messages import in_english
from eventready.facts.performance import content
from eventready.facts.performance.figures import overlapping
from eventready.facts.performance.gathering import Gathered, gather
from eventready.facts.performance.layout import PERIOD, layout_names, load_layout
from tests.facts.performance.samples import CSV, LISTS, OMES, PLACES
from tests.facts.performance.test_cell_records import text_of

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGIN = datetime(2022, 4, 24, 23, 0, tzinfo=UTC)
SAMPLES = {
    "places": ("3gpp", PLACES),
    "lists": ("3gpp", LISTS),
    "omes": ("nokia_omes", OMES),
    "csv": ("huawei_csv", CSV),
}
FIGURES = {
    "places": {"A": {"rrc_success": 96.0, "prb_down": 85.0}, "B": {}},
    "lists": {"A": {"rrc_success": 96.0, "prb_down": 85.0, "user_rate_down": 20.0005}, "B": {}},
    "omes": {"PLMN-PLMN/MRBTS-1/LNBTS-1/LNCEL-A": {"users_mean": 40.0, "prb_down": 85.3}},
    "csv": {"A": {"rrc_success": 96.0, "users_mean": 40.0}, "B": {}},
}


def read(folder: Path, text: str | bytes, layout: str, name: str = "file", *, zone: ZoneInfo | None = ZONE) -> Gathered:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return gather(sorted(folder.iterdir()), load_layout(layout), {}, zone)


def figures(found: Gathered) -> dict[str, dict[str, float]]:
    return {
        one.cell: {name: round(value, 6) for name, value in one.figures.items() if value is not None}
        for one in found.periods
    }


def why(found: Gathered) -> str:
    return " ".join(in_english(reason) for reason in found.refused.values())


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_figures_of_a_file(sample: str, packed: bool, tmp_path: Path) -> None:
    layout, text = SAMPLES[sample]
    found = read(tmp_path, gzip.compress(text.encode()) if packed else text, layout)
    assert not found.refused
    assert figures(found) == FIGURES[sample]
    assert {(one.begin, one.seconds) for one in found.periods} == {(BEGIN, 900)}


def test_what_is_not_used_is_listed(tmp_path: Path) -> None:
    found = read(tmp_path, PLACES, "3gpp")
    assert found.names.unknown == ("XYZ.Unknown",)
    assert read(tmp_path, LISTS, "3gpp").names.no_cells == ("DC=example,ManagedElement=g1,GNBDUFunction=1",)


def test_objects_are_cells_of_the_inventory_by_data(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(PLACES)
    whole = "DC=example,ManagedElement=hn,ENodeBFunction=1,EUtranCellFDD=A"
    found = gather([tmp_path / "file"], load_layout("3gpp"), {whole: "hn-1", "B": "hn-2"}, ZONE)
    assert set(found.newest) == {"hn-1", "hn-2"}


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_file_cut_anywhere_is_not_used(sample: str, tmp_path: Path) -> None:
    layout, text = SAMPLES[sample]
    data = text.encode()
    whole = figures(read(tmp_path, data, layout))
    for end in range(0, len(data.rstrip()), 7):
        found = read(tmp_path, data[:end], layout)
        if sample == "csv" and data[:end].endswith(b"\n"):  # each row stands by itself
            assert figures(found).items() <= whole.items()
        else:
            assert not found.periods, data[:end][-40:]
            assert found.refused


@pytest.mark.parametrize("sample", SAMPLES)
def test_compressed_data_cut_or_damaged_is_not_used(sample: str, tmp_path: Path) -> None:
    layout, text = SAMPLES[sample]
    packed = gzip.compress(text.encode())
    for data in (packed[:-4], packed[: len(packed) // 2], packed[:40] + bytes(9) + packed[49:]):
        assert not read(tmp_path, data, layout).periods


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_a_file_that_lost_or_doubled_lines_gives_no_other_figure(data: st.DataObject, tmp_path: Path) -> None:
    sample = data.draw(st.sampled_from(sorted(SAMPLES)))
    layout, text = SAMPLES[sample]
    lines = [f"{line}\n" for line in text.rstrip("\n").split("\n")]
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        lines[place : place + 1] = data.draw(st.sampled_from([[], [lines[place]] * 2]))
    for cell, values in figures(read(tmp_path, "".join(lines), layout)).items():
        assert values.items() <= FIGURES[sample].get(cell, {}).items()


@pytest.mark.parametrize(
    ("layout", "text", "sentence"),
    [
        ("3gpp", "", "the file is empty"),
        ("3gpp", "PK\x03\x04 more", "archive of several files"),
        ("3gpp", OMES, "not of the format 3GPP XML"),
        ("nokia_omes", PLACES, "not of the format OMeS"),
        ("3gpp", '<!DOCTYPE a [<!ENTITY b "c">]><measCollecFile>&b;</measCollecFile>', "document type"),
        ("3gpp", PLACES.replace("+07:00", ""), "no end with a zone"),
        ("3gpp", PLACES.replace("PT900S", "soon"), "no length"),
        ("3gpp", PLACES.replace("</measData>", "", 1), "is not valid XML"),
        ("3gpp", "<a>" * 80, "more than 64 deep"),
        ("3gpp", PLACES.replace("2022-04-25T06:15", "9999-12-31T23:59"), "no end with a zone"),
        ("3gpp", PLACES.replace("2022-04-25T06:15", "0001-01-01T00:00"), "no end with a zone"),
        ("3gpp", PLACES.replace("UTF-8", "GBK"), "not valid XML"),
        ("3gpp", PLACES.replace("UTF-8", "foo"), "not valid XML"),
        ("3gpp", PLACES.replace(">480<", ">48<b/>0<"), "both text and elements"),
        ("3gpp", PLACES.replace(">480<", "><b/>480<"), "both text and elements"),
        ("huawei_csv", CSV.replace(",15,", ",99999,"), "line 3"),
        ("huawei_csv", CSV.replace(",min,,", "25/04/2022 06:45,15,,"), "line 2"),
        ("huawei_csv", CSV.replace("Object Name", "Object"), "no column Object Name"),
        ("huawei_csv", CSV.replace("2022-04-25 06:00", "today"), "line 3: today is no time"),
        ("huawei_csv", CSV.replace(",40,1", ",40", 1), "line 3 has 7 fields in place of 8"),
        ("huawei_csv", CSV.encode().replace(b"Avg,X", b"\xff\xfe\xff"), "not in utf-8-sig, gb18030"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "file",
)
def test_a_file_of_which_nothing_is_used_says_why(layout: str, text: str, sentence: str, tmp_path: Path) -> None:
    found = read(tmp_path, text, layout, zone=None if "zone" in sentence else ZONE)
    assert not found.periods
    assert sentence in why(found)


def test_content_is_bounded_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(gzip.compress(bytes(3_000_000)))
    with pytest.raises(Exception, match="large"):
        list(content.pieces(file, most=1_000_000))


def test_a_value_given_twice_differently_is_none(tmp_path: Path) -> None:
    read(tmp_path, PLACES, "3gpp", "one")
    found = read(tmp_path, PLACES.replace(">480<", ">250<"), "3gpp", "two")
    assert figures(found)["A"] == {"prb_down": 85.0}
    assert {one.cell: one.differing for one in found.periods}["A"] == ("rrc.connestabsucc",)


@pytest.mark.parametrize(("name", "cells"), [("A", {"A": {}}), ("1", 2)], ids=["name", "number"])
def test_a_name_of_two_cells_gives_no_figure(name: str, cells: object, tmp_path: Path) -> None:
    text = PLACES.replace("EUtranCellFDD=A", f"EUtranCellFDD={name}").replace("FDD=B", "FDD=C")
    read(tmp_path, text, "3gpp", "one")
    second = text.replace("ManagedElement=hn", "ManagedElement=vh").replace("FDD=C", "FDD=D")
    found = read(tmp_path, second, "3gpp", "two")
    shown = {cell: values for cell, values in figures(found).items() if cell not in ("C", "D")}
    assert shown == cells or len(shown) == cells


def test_periods_of_two_lengths_never_mix_and_overlaps_are_found(tmp_path: Path) -> None:
    read(tmp_path, PLACES, "3gpp", "one")
    hour = PLACES.replace("PT900S", "PT1H").replace("PT15M", "PT1H").replace(">85<", ">20<")
    found = read(tmp_path, hour, "3gpp", "two")
    assert [(one.seconds, one.figures["prb_down"]) for one in found.periods if one.cell == "A"] == [
        (3600, 20.0),
        (900, 85.0),
    ]
    assert {second.cell for _first, second in overlapping(found.periods)} == {"A", "B"}


def test_a_period_is_late_after_twice_its_length(tmp_path: Path) -> None:
    found, allowed = read(tmp_path, PLACES, "3gpp"), timedelta(minutes=10)
    quarter = timedelta(minutes=15)
    assert found.late(BEGIN + timedelta(minutes=40), quarter, allowed) == ()
    assert found.late(BEGIN + timedelta(minutes=41), quarter, allowed) == ("A", "B")


@pytest.mark.parametrize("name", layout_names())
def test_a_layout_computes_each_figure_from_counters_of_one(name: str) -> None:
    layout = load_layout(name)
    for figure in layout.figures.values():
        for formula in figure.formulas:
            assert formula.counters
            assert (figure.unit == "%") <= (bool(formula.over) or formula.times in (1.0, 0.1))
            assert PERIOD not in formula.counters


@pytest.mark.parametrize(
    ("text", "figures_of_a"),
    [
        (PLACES.replace(">480<", ">-1<"), {"prb_down": 85.0}),
        (PLACES.replace(">85<", ">950<"), {"rrc_success": 96.0}),
        (PLACES.replace(">480<", ">510<"), {"rrc_success": 100.0, "prb_down": 85.0}),
        (
            PLACES.replace('<r p="1">480</r>', '<r p="1">480</r><r p="1">481</r>'),
            {"prb_down": 85.0},
        ),
        (
            PLACES.replace("FDD=B", "FDD=A,Beam=9"),
            {"rrc_success": 96.0, "prb_down": 85.0},
        ),
    ],
    ids=["negative", "share above 100", "more successes than attempts", "a counter twice", "an object below a cell"],
)
def test_a_figure_is_never_better_than_its_counters(text: str, figures_of_a: dict[str, float], tmp_path: Path) -> None:
    assert figures(read(tmp_path, text, "3gpp"))["A"] == figures_of_a


def test_an_empty_mark_is_suspect(tmp_path: Path) -> None:
    found = read(tmp_path, PLACES.replace("<suspect>true</suspect>", "<suspect/>"), "3gpp")
    assert {one.cell for one in found.periods if one.suspect} == {"B"}


def test_columns_of_one_counter_with_other_values_are_no_value(tmp_path: Path) -> None:
    text = CSV.replace("L.Traffic.User.Avg,X", "L.Traffic.User.Avg,L.RRC.ConnReq.Succ")
    assert figures(read(tmp_path, text, "huawei_csv"))["A"] == {"users_mean": 40.0}


def test_names_of_others_are_cells_as_a_whole(tmp_path: Path) -> None:
    slash = read(tmp_path, CSV.replace("Name=A", "Name=c/d"), "huawei_csv")
    assert set(slash.newest) == {"c/d", "b"}
    hostile = read(tmp_path, PLACES.replace("FDD=A", "FDD=x&#10;all is well"), "3gpp")
    assert set(hostile.newest) == {"b"}
    assert any("x\nall" in name for name in hostile.names.no_cells)
    spelled = read(tmp_path, PLACES.replace("FDD=B", "FDD=a"), "3gpp")
    assert spelled.names.doubled == {"A"}
    below = read(tmp_path, OMES.replace("LNCEL-A", "LNCEL-A/LNREL-7"), "nokia_omes")
    assert not below.periods


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("times: .nan", "times"), ("times: .inf", "times"), ("over_less: [C]", "`over_less` needs `over`"),
        ("columns: {time: a, period: b, name: c, separator: ';;'}", "single character"),
        ("columns: {time: a, period: b, name: c, encodings: [rot13]}", "rot13 is no encoding"),
        ("columns: {time: a, period: b, name: c, encodings: [utf-16]}", "utf-16 is no encoding"),
    ],
)  # fmt: skip
def test_a_layout_that_would_mislead_is_refused(change: str, sentence: str, tmp_path: Path) -> None:
    formula, top = ("", change) if change.startswith("columns") else (f", {change}", "")
    text = f"format: 3gpp\ncells: [C]\n{top}\nfigures:\n  f:\n    formulas: [{{of: [A]{formula}}}]\n"
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(WorkspaceError, match=sentence):
        load_layout("own", (tmp_path,))


def test_a_fifo_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file")
    found = gather([tmp_path / "file"], load_layout("3gpp"), {}, ZONE)
    assert "no file" in why(found)


@pytest.mark.parametrize("opened", ["<a><b ", "<a><!-- ", "<a><?b "], ids=["tag", "comment", "instruction"])
def test_an_endless_tag_is_refused_at_its_first_megabytes(opened: str, tmp_path: Path) -> None:
    """Expat would scan it anew with each piece: minutes of CPU for a file of some hundred kilobytes, packed."""
    found = read(tmp_path, gzip.compress(opened.encode() + b" " * 3 * 1024**2), "3gpp")
    assert "a tag of more than 1 MB" in why(found)


@pytest.mark.parametrize(
    ("attempts", "successes", "share"),
    [(1000, 1000, 100.0), (1000, 1100, 100.0), (1000, 1101, None), (5, 15, 100.0), (5, 16, None), (1000, 5000, None)],
)
def test_successes_beyond_the_border_of_a_period_are_no_share(
    attempts: int, successes: int, share: float | None, tmp_path: Path
) -> None:
    """Ten more, or a tenth of the attempts, may have begun before the period; further ones are a wrong counter."""
    counters = {"RRC.ConnEstabAtt.sum": attempts, "RRC.ConnEstabSucc.sum": successes}
    found = read(tmp_path, text_of({"A": counters}), "3gpp")
    assert found.periods[0].figures["rrc_success"] == share
