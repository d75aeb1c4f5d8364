"""Calculation of capacity as a workbook with live formulas."""

from __future__ import annotations

from eventready.cli.render.capacity import Found, formula_text, line_name, line_source, subject_name
from eventready.core.messages import Lang, term, text
from eventready.network.capacity.amount import Amount, written
from eventready.workspace.sheets.workbook import new_workbook, write_head

#: Functions of the formulas. Erlang B by the Poisson distribution: the probability of N over that of at most N; where
#: both are too small for a spreadsheet, all channels are busy.
_CALLS = {
    "erlang_b": "IF({0}=0,1,IF({1}=0,0,IFERROR(POISSON({0},{1},FALSE)/POISSON({0},{1},TRUE),1-{0}/{1})))",
    "up": "ROUNDUP(ROUND({0},9),0)",
    "down": "MAX(0,ROUNDDOWN({0},0))",
}
_COLUMNS = ("subject", "window", "figure", "value", "unit", "formula", "source")
_WIDTHS = (34, 24, 30, 14, 10, 60, 60)


def capacity_sheet(found: Found, lang: Lang) -> bytes:
    """Return the workbook: a row per figure, and a row per balance with demand, limit and the verdict."""
    workbook, stream = new_workbook(text("cli:capacity.title", lang))
    sheet = workbook.add_worksheet(text("cli:capacity.title", lang)[:31])
    bold, default = workbook.add_format({"bold": True}), workbook.add_format({"bg_color": "#FFF2CC"})
    titles = (text(f"cli:capacity_column.{name}", lang) for name in _COLUMNS)
    write_head(sheet, ((title, width, bold) for title, width in zip(titles, _WIDTHS, strict=True)))
    places: dict[int, str] = {}
    row = 1
    for _device, balance in found:
        subject = subject_name(balance, lang)
        for figure in (balance.busy, balance.crowd, balance.limit, balance.crowd_limit):
            for line in figure.lines():
                if id(line) in places:
                    continue
                sheet.set_row(row, None, None, {"hidden": line.hidden})
                for column, content in ((0, subject), (1, balance.window), (2, line_name(line, lang))):
                    sheet.write_string(row, column, content)
                if line.formula:
                    sheet.write_formula(row, 3, _formula(line, places), None, line.value)
                else:
                    sheet.write_number(row, 3, line.value, default if line.default else None)
                for column, content in ((4, line.unit), (5, formula_text(line, lang)), (6, line_source(line, lang))):
                    sheet.write_string(row, column, content)
                row += 1
                places[id(line)] = f"$D${row}"
        busy, crowd, limit, most = (
            places[id(one)] for one in (balance.busy, balance.crowd, balance.limit, balance.crowd_limit)
        )
        words = {
            status: term("cli:capacity_status", status, lang) for status in ("short", "crowd", "enough", "unknown")
        }
        verdict = (
            f'IF({busy}>{limit}+1E-9,"{words["short"]}",IF({crowd}>{most}+1E-9,"{words["crowd"]}","{words["enough"]}"))'
        )
        sheet.write_string(row, 0, subject, bold)
        sheet.write_string(row, 1, balance.window, bold)
        sheet.write_string(row, 2, term("terms:capacity", balance.kind, lang), bold)
        if balance.unknown:
            sheet.write_string(row, 3, words["unknown"], bold)
        else:
            sheet.write_formula(row, 3, f"={verdict}", bold, words[balance.status])
        row += 1
    workbook.close()
    return stream.getvalue()


def _formula(line: Amount, places: dict[int, str]) -> str:
    def call(name: str, inner: list[str]) -> str:
        return _CALLS[name].format(*inner) if name in _CALLS else f"{name.upper()}({','.join(inner)})"

    formula = written(line.formula, lambda figure: places[id(figure)], call)
    return f"=IFERROR({formula},0)" if "/" in formula else f"={formula}"
