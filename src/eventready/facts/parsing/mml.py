"""Huawei MML reports: base station controllers, eNodeBs and their element manager.

A report is one or several packets, each from `+++    <element>  <time>` to `---    END`. A packet carries a return
code and, under titles, tables (columns at the offsets of their headings), single objects (`Name  =  value` lines),
or alarms (an `ALARM` line, then `Name  =  value`). Everything a report counts is counted again here: results against
"(Number of results = N)", packets against "N reports in total"; a report that does not add up, or has no end, is
truncated and gives no rows.

Columns are the names as printed. An `ALARM` line gives `Alarm No.`, `Category`, `Severity`, `NE type`, `Alarm ID` and
`Event type`. Every row also has `_element`, the network element's name in the packet's first line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventready.core.strings.texts import lines_of
from eventready.facts.observation import Status
from eventready.facts.parsing.layout import WIDTHS, Columns, Margin
from eventready.facts.parsing.parsed import LONGEST_LINE, ParsedText, UnmatchedLines
from eventready.facts.parsing.parsing_time import in_time, look

_END = re.compile(r"^-{3}\s+END\s*$")
_START = re.compile(r"^\+{3}\s(?P<element>.*\s)?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*(?:\s[A-Za-z+-][\w:+/-]*){0,2}\s*$")
_SERIAL = re.compile(r"^[A-Z&]+\s+#\d+\s*$")
_ECHO = re.compile(r"^%%.*%%\s*$")
_TYPED = re.compile(r"^[A-Z]{2,4} [A-Z0-9_]+:.*;\s*(?:%%)?$")
_RETCODE = re.compile(r"^RETCODE\s*=\s*(?P<code>-?\d{1,10})(?!\d)(?P<text>.*)$")
_COUNT = re.compile(r"^[(（]\s*(?:Number of results|结果个数)\s*=\s*(?P<count>\d{1,10})\s*[)）]\s*$")
_TOTAL = re.compile(r"^\s*(?:(?P<en>\d{1,10}) reports? in total|共有?\s*(?P<zh>\d{1,10})\s*个报告)\s*$", re.I)
_CONTINUED = re.compile(r"^\s*(?:To be continued\.*|仍有后续报告输出\.*)\s*$")
_DASHES = re.compile(r"^\s*-{3,}\s*$")
_PAIR = re.compile(r"^\s*(?P<name>[^\W_][\w .,:;/#&()（）\[\]%*'+-]*?)(?P<sep>\s{1,2}=(?:\s{1,2}|$))(?P<value>.*)$")
_ALARM = re.compile(r"^\s*ALARM\s+(?P<cells>\d+\s+\S.*)$")
_ALARM_COLUMNS = ("Alarm No.", "Category", "Severity", "NE type", "Alarm ID", "Event type")
_NONE = re.compile(
    r"no matching result|no data in the table|no (?:active )?alarm|no record|没有查到|没有符合|没有.*记录"
    r"|无.*数据|表中没有数据",
    re.I,
)
_OFFLINE = re.compile(r"ne is not connected|ne is disconnected|网元.*(?:断开|未连接)", re.I)
_DENIED = re.compile(r"no (?:right|permission|authority)|not authori[sz]ed|permission|insufficient|权限", re.I)
_UNSUPPORTED = re.compile(
    r"(?:invalid|unknown|illegal|unsupported|undefined) command|command.*not (?:exist|defined|found)"
    r"|not support|(?:命令.*(?:不存在|非法|错误)|不支持)",
    re.I,
)

#: A line this wide may have been wrapped at 80 columns.
_WRAPPED = 76


@dataclass
class _Packet:
    """Body of a packet, and its heading."""

    element: str = ""
    code: int | None = None
    text: str = ""
    body: list[str] = field(default_factory=list)
    started: bool = False


class _ReportError(Exception):
    """A report without rows, with the reason."""

    def __init__(self, reason: str, status: Status = Status.UNPARSED) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


class MmlParser:
    """Parser for MML reports, without a template. `wanted`: columns of the fact."""

    columns: tuple[str, ...] | None = None

    def __init__(self, wanted: Sequence[str] = ()) -> None:
        self._wanted = frozenset(wanted)

    def parse(self, text: str) -> ParsedText:
        """Return the rows of all packets."""
        if not text.strip():
            return ParsedText()
        work = _ReportReader(self._wanted)
        try:
            packets = list(_packets(text, work.unmatched))
            work.parse(packets)
        except _ReportError as trouble:
            return ParsedText(
                status=trouble.status,
                reason=trouble.reason,
                **work.unmatched.all_refused(),
            )
        return self._gathered(work)

    def _gathered(self, work: _ReportReader) -> ParsedText:
        """Return the rows of the wanted tables under the union of their columns; other tables are left out."""
        rows = [row for row in in_time(work.rows) if not self._wanted or self._wanted.intersection(row)] or work.rows
        columns = tuple(dict.fromkeys(name for row in in_time(rows) for name in row))
        return ParsedText(
            columns=columns,
            rows=[[row.get(name) for name in columns] for row in in_time(rows, 1)],
            **work.unmatched.all_refused(),
            none=work.none,
            whole=True,
        )


def _packets(text: str, unmatched: UnmatchedLines) -> Iterator[_Packet]:
    """Yield the packets in order, without unsolicited alarm reports. Raises _ReportError for a packet without end."""
    packet = _Packet()
    for line in in_time(lines_of(text)):
        if len(line) > LONGEST_LINE:
            unmatched.add(line)
        elif _END.match(line):
            if packet.code is not None or not packet.started:
                yield packet
            elif not any(_ALARM.match(one) for one in packet.body):
                raise _ReportError("a packet of the report has no return code")
            packet = _Packet()
        elif packet.code is None:
            _head(packet, line, unmatched)
        else:
            if _START.match(line):
                raise _ReportError(
                    'the report is truncated: a packet begins before the end ("---    END") of the one before'
                )
            packet.body.append(line)
    if packet.started or packet.code is not None:
        raise _ReportError('the report is truncated: its end ("---    END") is missing')


def _head(packet: _Packet, line: str, unmatched: UnmatchedLines) -> None:
    start, code = _START.match(line), _RETCODE.match(line)
    if start:
        packet.started, packet.element = True, (start["element"] or "").strip()
    elif code:
        packet.code, packet.text = int(code["code"]), code["text"].strip()
    elif packet.started and not (_SERIAL.match(line) or _ECHO.match(line)):
        packet.body.append(line)  # an unsolicited alarm report, or unknown to every layout
    elif line.strip() and not (_SERIAL.match(line) or _ECHO.match(line) or _TYPED.match(line)):
        unmatched.add(line)


class _ReportReader:
    """The rows of a report under construction."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self._wanted = wanted
        self._closed = False  # the results were counted: only another title or a remark may follow
        self.rows: list[dict[str, Any]] = []
        self.unmatched = UnmatchedLines()
        self.none = False
        self._counted = 0
        self._open = False
        self._total: int | None = None
        self._element = ""
        #: Widths of lines that went on in the next one, and the wide ones that did not, by place of the row and name.
        self._wraps: set[int] = set()
        self._wide: dict[tuple[int, str], int] = {}

    def parse(self, packets: list[_Packet]) -> None:
        """Read all packets. Raises _ReportError."""
        if not packets:
            raise _ReportError("the answer is not an MML report")
        for packet in packets:
            if not packet.started or packet.code is None:
                raise _ReportError("the report is truncated: a packet's first line is missing")
            self._packet(packet)
        if self._open:
            raise _ReportError("the report is truncated: it is to be continued, and nothing follows")
        if self._counted != len(self.rows):
            raise _ReportError("the report is truncated: it ends before it has counted its results")
        if self._total is not None and self._total != len(packets):
            raise _ReportError(f"the report is truncated: {self._total} packets in total, {len(packets)} came")
        for (place, name), width in self._wide.items():
            if width in self._wraps:
                del self.rows[place][name]  # its next line is lost

    def _packet(self, packet: _Packet) -> None:
        self._open, self._closed, self._element = False, False, packet.element
        stated = " ".join([packet.text, *(line.strip() for line in packet.body[:5])])
        if packet.code != 0:
            self._refusal(packet, stated)
            return
        lines = packet.body
        position = 0
        while position < len(lines):
            look()
            position = self._block(lines, position)

    def _refusal(self, packet: _Packet, stated: str) -> None:
        reason = f"the element answered RETCODE = {packet.code} {packet.text}".strip()
        if _NONE.search(stated):
            self.none = True
            return
        for pattern, status in (
            (_OFFLINE, Status.UNREACHABLE),
            (_DENIED, Status.DENIED),
            (_UNSUPPORTED, Status.UNSUPPORTED),
        ):
            if pattern.search(stated):
                raise _ReportError(reason, status)
        raise _ReportError(reason)

    def _block(self, lines: list[str], position: int) -> int:
        """Read the block at a line; returns the position after the block."""
        line = lines[position]
        if not line.strip() or _DASHES.match(line):
            return position + 1
        if self._remark(line):
            return position + 1
        if position + 1 < len(lines) and _DASHES.match(lines[position + 1]):
            self._closed = False
            return position + 2  # a title
        if self._closed and not _ALARM.match(line):
            self.unmatched.add(line)
            return position + 1
        if _ALARM.match(line) or _PAIR.match(line):
            return self._objects(lines, position)
        return self._table(lines, position)

    def _remark(self, line: str) -> bool:
        """Read counts, totals, and words for none."""
        count, total = _COUNT.match(line.strip()), _TOTAL.match(line)
        if count:
            number = int(count["count"])
            came = len(self.rows) - self._counted
            if number != came and not (came and number == len(self.rows)):
                raise _ReportError(f"the report is truncated: it counts {number} results, {came} came")
            self._counted, self._closed = len(self.rows), True
            self.none = self.none or number == 0
        elif total:
            self._total = int(total["en"] or total["zh"])
        elif _CONTINUED.match(line):
            self._open = True
        elif _OFFLINE.search(line):
            raise _ReportError(line.strip(), Status.UNREACHABLE)
        elif _NONE.search(line) and not _PAIR.match(line) and not _ALARM.match(line):
            self.none = True
        else:
            return False
        return True

    def _objects(self, lines: list[str], position: int) -> int:
        """Read `Name  =  value` lines until a blank line.

        A value goes on in lines indented beyond the equals sign, and in a line after one that is as wide as the report.
        """
        row: dict[str, Any] = {}
        alarm = _ALARM.match(lines[position])
        if alarm:
            row.update(zip(_ALARM_COLUMNS, re.split(r"\s{2,}", alarm["cells"].strip()), strict=False))
            position += 1
        name = ""
        margin = Margin()
        while position < len(lines):
            look()
            line = lines[position]
            if _ends_object(line, had_alarm=alarm is not None and not name):
                break
            pair = _PAIR.match(line)
            if pair and margin.keeps(line, pair):
                name = pair["name"]
                if name in row:
                    self._add(row)
                    row = {}
                row[name] = pair["value"].strip()
                self._note_width(line, name)
            elif name and margin.passes(line):
                self._note_width("", name)
                row[name] = f"{row[name]} {line.strip()}".strip()
            elif name and line.strip() and (width := len(lines[position - 1].rstrip())) >= _WRAPPED:
                row[name] += line.rstrip()
                self._wraps.add(width)
                self._note_width(line, name)
            elif line.strip():
                self.unmatched.add(line)
            position += 1
        self._add(row)
        return position

    def _note_width(self, line: str, name: str) -> None:
        """Read the width of the last line of a value, as part of a row to be added."""
        self._wide.pop((len(self.rows), name), None)
        if (width := len(line.rstrip())) >= _WRAPPED:
            self._wide[len(self.rows), name] = width

    def _table(self, lines: list[str], position: int) -> int:
        """Read a heading and its rows, up to the next remark or title. A line outside the columns is unmatched."""
        heading = lines[position]
        position += 1
        rows: list[str] = []
        while position < len(lines) and not self._ends_table(lines, position):
            look()
            if lines[position].strip():
                rows.append(lines[position])
            position += 1
        widths = WIDTHS if not all(map(str.isascii, (heading, *rows))) else WIDTHS[:1]
        tables = [Columns(heading, width) for width in widths]
        counted = _COUNT.match(lines[position].strip()) if position < len(lines) else None
        if not rows and not (counted and int(counted["count"]) == 0):
            self._heading_alone(heading, tables[0])
        fitting = [table for table in tables if all(table.cut(row) is not None for row in in_time(rows, 1))]
        best = next(
            (table for table in fitting if all(map(table.cleanly, in_time(rows, 1)))), fitting[0] if fitting else None
        )
        for row in in_time(rows, 1):
            cells = next((cut for table in ([best] if best else tables) if (cut := table.cut(row)) is not None), None)
            if cells is None:
                self.unmatched.add(row)
            else:
                self._add(cells)
        return position

    @staticmethod
    def _ends_table(lines: list[str], position: int) -> bool:
        line = lines[position]
        titled = position + 1 < len(lines) and bool(line.strip()) and bool(_DASHES.match(lines[position + 1]))
        return titled or bool(
            _COUNT.match(line.strip()) or _TOTAL.match(line) or _CONTINUED.match(line) or _ALARM.match(line)
        )

    def _heading_alone(self, heading: str, table: Columns) -> None:
        """Read a heading without rows as "none"; any other single line is unmatched."""
        if self._wanted and not self._wanted.intersection(table.names):
            self.unmatched.add(heading)
        else:
            self.none = True

    def _add(self, row: dict[str, Any]) -> None:
        if row:
            self.rows.append({**row, "_element": self._element})


def _ends_object(line: str, *, had_alarm: bool) -> bool:
    if not line.strip():
        return not had_alarm  # a blank line may follow the ALARM line
    return bool(_ALARM.match(line) or _COUNT.match(line.strip()) or _TOTAL.match(line) or _CONTINUED.match(line))
