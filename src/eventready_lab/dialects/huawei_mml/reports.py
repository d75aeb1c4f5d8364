"""MML reports of Huawei's elements (BSC6000 MML reference, V900R008C15), and their unsolicited alarm report."""

from __future__ import annotations

from collections.abc import Sequence

from eventready_lab.device.dialect import Errors, MmlReport, Render
from eventready_lab.device.state import AlarmState
from eventready_lab.device.view import View

#: Rows per packet of a long report.
ROWS_PER_PACKET = 64

_NONE = MmlReport(0, "No matching result is found")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str | MmlReport:
    """A report: a table with columns two blanks apart, an object as `Name  =  value`, or the text for no result.

    Many rows are spread over packets, each with its own title and count.
    """
    if not rows:
        return _NONE
    head = f"{title}\n{'-' * len(title)}\n"
    if len(rows) == 1:
        return head + _single(columns, rows[0])
    widths = [max(len(column), *(len(row[at]) for row in rows)) for at, column in enumerate(columns)]
    packets = []
    for start in range(0, len(rows), ROWS_PER_PACKET):
        part = rows[start : start + ROWS_PER_PACKET]
        lines = [_line(columns, widths), "", *(_line(row, widths) for row in part)]
        packets.append(head + "\n".join([*lines, f"(Number of results = {len(part)})\n"]))
    return "\f".join(packets)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))


def _single(columns: Sequence[str], row: Sequence[str]) -> str:
    margin = max(map(len, columns))
    lines = [f"{column:>{margin}}  =  {cell}" for column, cell in zip(columns, row, strict=True)]
    return "\n".join([*lines, "(Number of results = 1)\n"])


def yes(value: object) -> str:
    """`Yes` or `No`."""
    return "Yes" if value else "No"


def alarms(source: str) -> Render:
    """`LST ALMAF` of an element of the kind `source` (BSC6900, eNodeB)."""

    def render(view: View) -> str | MmlReport:
        active = view.state.alarms
        if not active:
            return _NONE
        raised = f"{view.now:%Y-%m-%d} 05:12:41"
        body = [_alarm(number, alarm, source, raised) for number, alarm in enumerate(active, 1)]
        return "\n".join([*body, f"(Number of results = {len(active)})"])

    return render


def _alarm(number: int, alarm: AlarmState, source: str, raised: str) -> str:
    return (
        f"ALARM  {number:<12}Fault     {alarm.severity:<14}{source:<10}{alarm.number:<11}Running\n"
        f"     Sync serial No.  =  {number + 1}\n"
        f"          Alarm name  =  {alarm.name}\n"
        f"   Alarm raised time  =  {raised}\n"
        f"       Location info  =  {alarm.location or 'Subrack No.=0'}\n"
    )


UNKNOWN = Errors(unknown="RETCODE = 20  Invalid command")

#: An unsolicited alarm report between two answers.
UNSOLICITED = (
    "ALARM  8801        Fault     Minor         {host}   25622      Running\n"
    "     Sync serial No.  =  99120\n"
    "          Alarm name  =  Mains Input Out of Range\n"
    "   Alarm raised time  =  {now:%Y-%m-%d %H:%M:%S}\n"
    "       Location info  =  Subrack No.=0, Slot No.=18"
)
