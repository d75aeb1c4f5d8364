"""MML reports in their layouts, and every way in which one can be incomplete."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.strings.texts import lines_of
from eventready.facts.observation import Status
from eventready.facts.parsing.mml import MmlParser
from eventready.facts.parsing.parsed import ParsedText

HEAD = "+++    BSC-1        2022-04-25 07:00:00\nO&M    #12\n%%/*1*/DSP X:;%%\n"
END = "\n---    END\n"
OK = HEAD + "RETCODE = 0  Operation succeeded\n\n"


def rows(text: str, *wanted: str) -> list[dict[str, object]]:
    parsed = MmlParser(wanted).parse(text)
    assert parsed.status is None, parsed.reason
    assert parsed.unmatched_total == 0, parsed.unmatched
    return [
        {
            name: value
            for name, value in zip(parsed.columns, row, strict=True)
            if value is not None and name != "_element"
        }
        for row in parsed.rows
    ]


TABLE = (
    OK + "DSP CELLSTAT Result\n-------------------\n"
    "Cell Index  Cell Name  Cell Initialized\n\n"
    "0           hub bts    Yes\n"
    "1           tdm1       No\n"
    "2                      Yes\n"
    "(Number of results = 3)\n" + END
)


def test_columns_stand_at_the_offsets_of_their_headings() -> None:
    assert rows(TABLE) == [
        {"Cell Index": "0", "Cell Name": "hub bts", "Cell Initialized": "Yes"},
        {"Cell Index": "1", "Cell Name": "tdm1", "Cell Initialized": "No"},
        {"Cell Index": "2", "Cell Name": "", "Cell Initialized": "Yes"},
    ]


def test_the_element_stands_beside_every_row() -> None:
    parsed = MmlParser().parse(TABLE)
    assert {row[parsed.columns.index("_element")] for row in parsed.rows} == {"BSC-1"}


def padded(cells: list[str], widths: list[int], measure: str) -> str:
    def width(text: str) -> int:
        return len(text.encode({"gbk": "gbk", "utf-8": "utf-8"}[measure])) if measure != "characters" else len(text)

    return "".join(cell + " " * (to - width(cell)) for cell, to in zip(cells, widths, strict=True)).rstrip()


@pytest.mark.parametrize(
    ("measure", "names"),
    [
        ("characters", ["Chợ Trà Vinh 1", "Đền thờ Bác"]),
        ("utf-8", ["Chợ Trà Vinh 1", "Đền thờ Bác"]),
        ("gbk", ["文化中心 1", "会议中心"]),
        ("utf-8", ["文化中心 1", "会议中心"]),
    ],
)
def test_names_of_any_width(measure: str, names: list[str]) -> None:
    widths = [12, 40, 10]
    table = [["Cell Index", "Cell Name", "State"], *([str(n), name, "Normal"] for n, name in enumerate(names))]
    body = "\n".join(padded(line, widths, measure) for line in table)
    text = f"{OK}Result\n------\n{body}\n(Number of results = {len(names)})\n{END}"
    assert [row["Cell Name"] for row in rows(text)] == names
    assert {row["State"] for row in rows(text)} == {"Normal"}


def test_chinese_report() -> None:
    text = (
        HEAD + "RETCODE = 0  执行成功\n\n"
        "查询小区状态\n------------\n小区编号  小区名称    状态\n\n0         会议中心 1  正常\n"
        "(结果个数 = 1)\n仍有后续报告输出\n"
        + END
        + OK.replace("Operation succeeded", "执行成功")
        + "查询小区状态\n------------\n"
        "小区编号  小区名称  状态\n\n1         文化中心  正常\n(结果个数 = 1)\n共有2个报告\n" + END
    )
    assert [row["小区名称"] for row in rows(text)] == ["会议中心 1", "文化中心"]


def test_a_single_object() -> None:
    text = (
        OK + "Cell\n----\n     Local Cell ID  =  1\n         Cell Name  =  a = b (c)\n    Cell State No.  =  Normal\n"
        "             Empty  =\n(Number of results = 1)\n" + END
    )
    assert rows(text) == [{"Local Cell ID": "1", "Cell Name": "a = b (c)", "Cell State No.": "Normal", "Empty": ""}]


def test_objects_follow_each_other() -> None:
    text = OK + "T\n---\n  A  =  1\n  B  =  x\n\n  A  =  2\n  B  =  y\n(Number of results = 2)\n" + END
    assert rows(text) == [{"A": "1", "B": "x"}, {"A": "2", "B": "y"}]


ALARMS = (
    OK + "ALARM  2           Fault     Critical        BSC6000   21551      Communication\n"
    "     Sync serial No.  =  3\n          Alarm name  =  Ater OML Broken Alarm\n"
    "       Location info  =  Index No.=10,Subrack No.=12,Slot No.=25,\n"
    "                         Port No.=29\n\n"
    "ALARM  9           Fault     Major           BSC6000   21801      Running\n"
    "     Sync serial No.  =  4\n          Alarm name  =  No alarm box\n       Location info  =  Cell Index=3\n"
    "(Number of results = 2)\n" + END
)


def test_alarms_with_wrapped_location() -> None:
    first, second = rows(ALARMS)
    assert first["Severity"] == "Critical"
    assert first["Alarm ID"] == "21551"
    assert first["Location info"] == "Index No.=10,Subrack No.=12,Slot No.=25, Port No.=29"
    assert second["Alarm name"] == "No alarm box"


def test_a_table_that_was_not_requested_for_is_left_out() -> None:
    other = "Units\n-----\neNodeB ID  Unit\n\n4501       0-60-0\n(Number of results = 1)\n\n"
    text = TABLE.replace(END, "\n" + other + END)
    assert len(rows(text, "Cell Name")) == 3
    assert rows(text, "Unit") == [{"eNodeB ID": "4501", "Unit": "0-60-0"}]


def packet(number: int, more: str) -> str:
    return f"{OK}T\n---\nId  Name\n\n{number}   n{number}\n(Number of results = 1)\n{more}\n{END}"


def test_several_packets() -> None:
    text = packet(1, "To be continued...") + packet(2, "To be continued...") + packet(3, "3 reports in total")
    assert [row["Id"] for row in rows(text)] == ["1", "2", "3"]


def test_an_unsolicited_alarm_report_between_packets_is_none_of_the_answer() -> None:
    alarm = "+++    BSC-1        2022-04-25 07:00:01\nALARM  #77\n  ALARM  5  Fault  Major  BSC6000  1  Running\n" + END
    assert [row["Id"] for row in rows(packet(1, "To be continued...") + alarm + packet(2, ""))] == ["1", "2"]


@pytest.mark.parametrize(
    "text",
    [
        OK + "No matching result is found\n" + END,
        HEAD + "RETCODE = 20111  There is no data in the table\n" + END,
        OK + "没有查到相应的结果\n" + END,
        OK + "T\n---\nId  Name\n\n(Number of results = 0)\n" + END,
        OK + "T\n---\nId  Name\n" + END,
    ],
)
def test_honestly_empty(text: str) -> None:
    parsed = MmlParser(["Id"]).parse(text)
    assert (parsed.status, parsed.unmatched_total, list(parsed.rows), parsed.none) == (None, 0, [], True)


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        (HEAD + "RETCODE = 1  Failed to query NE information\n" + END, Status.UNPARSED, "RETCODE = 1 Failed"),
        (HEAD + "RETCODE = 9  No right to execute the command\n" + END, Status.DENIED, "No right"),
        (HEAD + "RETCODE = -4  Invalid command\n" + END, Status.UNSUPPORTED, "Invalid command"),
        (HEAD + "RETCODE = 5  Ne is not connected.\n" + END, Status.UNREACHABLE, "not connected"),
        (HEAD + "RETCODE = 3  权限不足\n" + END, Status.DENIED, "权限不足"),
        (TABLE.replace("---    END", ""), Status.UNPARSED, "truncated"),
        (TABLE.replace("results = 3", "results = 4"), Status.UNPARSED, "counts 4 results, 3 came"),
        (TABLE.replace("(Number of results = 3)\n", ""), Status.UNPARSED, "before it has counted"),
        (packet(1, "To be continued..."), Status.UNPARSED, "to be continued"),
        (packet(1, "To be continued...") + packet(2, "3 reports in total"), Status.UNPARSED, "3 packets in total, 2"),
        (TABLE.split("\n", 1)[1], Status.UNPARSED, "first line is missing"),
        ("R1#show x\n% Invalid input", Status.UNPARSED, "not an MML report"),
        (OK + TABLE, Status.UNPARSED, "before the end"),
    ],
)
def test_what_is_no_answer(text: str, status: Status, reason: str) -> None:
    parsed = MmlParser().parse(text)
    assert parsed.status is status
    assert reason in parsed.reason
    assert not parsed.rows


@pytest.mark.parametrize("line", ["foreign", "x  y  z", "  deep  =  9", "%% odd"])
def test_a_line_that_keeps_no_layout_is_never_dropped(line: str) -> None:
    lines = lines_of(TABLE)
    for place in range(len(lines) + 1):
        parsed = MmlParser(["Cell Name"]).parse("\n".join([*lines[:place], line, *lines[place:]]))
        broken = parsed.status is not None or parsed.unmatched_total or reading_differs(parsed)
        assert broken, f"before line {place + 1}"


def reading_differs(parsed: ParsedText) -> bool:
    """True when the records would be rejected: a row misses the columns that were asked for."""
    return "Cell Name" not in parsed.columns or any(
        row[parsed.columns.index("Cell Name")] is None for row in parsed.rows
    )


@pytest.mark.parametrize("line", ["Cell Name", "Cell Name  =  x", "3           tdm3       No"])
def test_nothing_may_follow_the_count(line: str) -> None:
    parsed = MmlParser(["Cell Name"]).parse(TABLE.replace("= 3)\n", f"= 3)\n{line}\n"))
    assert parsed.unmatched == (line,)


WHOLE = [TABLE, ALARMS, packet(1, "To be continued...") + packet(2, "2 reports in total")]


@pytest.mark.parametrize("text", WHOLE)
def test_cut_anywhere_it_gives_no_rows(text: str) -> None:
    for cut in range(len(text.rstrip())):
        assert not MmlParser().parse(text[:cut]).rows


@pytest.mark.parametrize("text", WHOLE)
def test_without_any_one_line_it_never_gives_fewer_rows_in_silence(text: str) -> None:
    lines = lines_of(text)
    whole = len(MmlParser().parse(text).rows)
    for place in range(len(lines)):
        parsed = MmlParser().parse("\n".join([*lines[:place], *lines[place + 1 :]]))
        assert parsed.status is not None or parsed.unmatched_total or len(parsed.rows) >= whole


def test_a_line_of_a_megabyte_is_refused_without_a_look() -> None:
    parsed = MmlParser(["Cell Name"]).parse(TABLE.replace("1           tdm1", "+++" + " " * 1_000_000))
    assert parsed.unmatched_total == 1
    assert parsed.status is Status.UNPARSED


PIECES = st.sampled_from(
    [
        "+++    A        2022-04-25 07:00:00",
        "O&M    #1",
        "%%DSP X:;%%",
        "RETCODE = 0  ok",
        "RETCODE = 99999999999  x",
        "---    END",
        "(Number of results = 2)",
        "To be continued...",
        "2 reports in total",
        "T",
        "-----",
        "A  B",
        "1  2",
        "  A  =  1",
        "ALARM  1  a",
        "",
        "会议  b",
        "\x00",
        "x" * 200,
        "No matching result is found",
    ]
)


@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=25).map("\n".join)))
def test_any_text_is_read_or_refused_but_never_raises(text: str) -> None:
    parsed = MmlParser(["A"]).parse(text)
    assert parsed.status is None or parsed.reason
    assert all(len(row) == len(parsed.columns) for row in parsed.rows)
