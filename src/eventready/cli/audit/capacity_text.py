"""Calculation of capacity for terminals, JSON and workbooks: a line per figure, with its formula and source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from eventready.cli.console import Listing, styled
from eventready.cli.context import Shown
from eventready.cli.folding import fold
from eventready.core.messages import Lang, message, number, percentage, term, text
from eventready.network.capacity.amount import Amount, written
from eventready.network.capacity.balance import Addition, Balance, Status
from eventready.workspace.sheets.workbook import new_workbook, write_head

#: Balances with their devices.
Found = Sequence[tuple[str, Balance]]

#: Unknown supplies or places named one by one.
SHOWN = 5
_STYLE: Mapping[Status, str] = {"enough": "green", "crowd": "yellow", "short": "red", "unknown": "magenta"}
_CALLS = {"erlang_b": "Erlang B({})", "up": "⌈{}⌉", "down": "⌊{}⌋", "max": "max({})"}
_SIGNS = {"*": " × ", "/": " / ", "+": " + ", "-": " − "}


def gaps(found: Found, lang: Lang) -> Listing | tuple[()]:
    """Balances without enough supply, the worst first; nothing where all are enough."""
    ordered = _short(found)
    cells = (
        (
            subject_name(one, lang), one.window, _compared(one, lang),
            styled(_status(one, lang), _STYLE[one.status]),
        )
        for one in ordered
    )  # fmt: skip
    return Listing("cli:capacity_column", ("subject", "window", "figure", "status"), cells) if ordered else ()


def _short(found: Found) -> list[Balance]:
    short = (balance for _device, balance in found if balance.status != "enough")
    return sorted(short, key=lambda one: (("unknown", "crowd", "short").index(one.status), one.use), reverse=True)


def _status(balance: Balance, lang: Lang) -> str:
    status = term("cli:capacity_status", balance.status, lang)
    return text("cli:capacity.unread", lang, status=status, devices=balance.unread) if balance.unread else status


def _compared(balance: Balance, lang: Lang) -> str:
    """Demand above its limit, of the busy hour or of a crowd; empty for an unknown supply."""
    short = balance.status == "short"
    demand, limit = (balance.busy, balance.limit) if short else (balance.crowd, balance.crowd_limit)
    kind = term("terms:capacity", balance.kind, lang)
    return kind if balance.unknown else f"{_number(demand, lang)} > {_number(limit, lang)} {kind}"


def calculation(found: Found, lang: Lang) -> Iterator[Shown]:
    """Each balance with the lines of its calculation, a shared line once, then the defaults in use."""
    shown: set[int] = set()
    for device, balance in found:
        head = f"{subject_name(balance, lang)}  {device}, {balance.window}: {_status(balance, lang)}"
        yield from (click.style(line, fg=_STYLE[balance.status]) for line in fold([head]))
        for line in _lines(balance):
            if id(line) not in shown and not line.hidden:
                shown.add(id(line))
                yield fold([f"  {_shown(line, lang)}"])
    yield ""
    yield fold(text("cli:capacity.default", lang, figure=_shown(line, lang)) for line in _defaults(found))


def totals(found: Found, unplaced: Sequence[str], lang: Lang, *, run: str, verbose: bool) -> Iterator[Shown]:
    """The number of balances in each state, the defaults, the places without a supply, and last the worst balance."""
    counts = Counter(balance.status for _device, balance in found)
    states = ", ".join(f"{counts[status]} {term('cli:capacity_status', status, lang)}" for status in _STYLE)
    lines = [text("cli:capacity.total", lang, run=run, states=states)]
    if not verbose and (defaults := _defaults(found)):
        lines.append(text("cli:capacity.defaults", lang, n=len(defaults)))
    lines += _first("cli:capacity.unplaced", unplaced, lang)
    for worst in _short(found)[:1]:
        what = {"subject": subject_name(worst, lang), "window": worst.window, "figure": _compared(worst, lang)}
        msgid = "cli:capacity.not_known" if worst.unknown else "cli:capacity.worst"
        lines.append(text(msgid, lang, **what))
    yield fold(lines)


def _first(msgid: str, names: Sequence[str], lang: Lang) -> Iterator[str]:
    if names:
        each = list(dict.fromkeys(names))  # a subject has a balance for each window
        more = "…" if len(each) > SHOWN else ""
        yield text(msgid, lang, count=len(names), names=each[:SHOWN], more=more)


def solution(
    gaps: Sequence[tuple[str, Balance, Sequence[Addition]]], unknown: Found, unplaced: Sequence[str], lang: Lang
) -> Iterator[Shown]:
    """The ways to close each gap, and the first of the unknown supplies and places."""
    cells = (
        (subject_name(balance, lang), balance.window,
         f"{_number(balance.crowd, lang)} > {_number(balance.crowd_limit, lang)} "
         f"{term('terms:capacity', balance.kind, lang)}", _ways(ways, lang))
        for _device, balance, ways in gaps
    )  # fmt: skip
    if gaps:
        yield Listing("cli:capacity_column", ("subject", "window", "figure", "ways"), cells)
    yield fold(_first("cli:capacity.unknown", [subject_name(balance, lang) for _device, balance in unknown], lang))
    yield fold(_first("cli:capacity.unplaced", unplaced, lang))
    if not (gaps or unknown or unplaced):
        yield message("cli:capacity.no_gap")


def _ways(ways: Sequence[Addition], lang: Lang) -> str:
    named = [
        f"+{one.number} {term('cli:capacity_way', one.way, lang)} ({_number(one.proof.crowd, lang)} ≤ "
        f"{_number(one.proof.crowd_limit, lang)})"
        for one in ways
    ]
    return text("cli:capacity.or", lang).join(named) or text("cli:capacity.no_way", lang)


def as_json(found: Found, unplaced: Sequence[str], *, run: str) -> dict[str, Any]:
    """Return the balances with the lines of their calculation, and the defaults in use."""
    return {
        "run": run,
        "balances": [
            {
                "device": device, "subject": balance.subject, "kind": balance.kind, "venues": list(balance.venues),
                "window": balance.window, "status": balance.status, "unit": balance.unit,
                "unread": list(balance.unread),
                "busy": balance.busy.value, "limit": balance.limit.value, "crowd": balance.crowd.value,
                "crowd_limit": balance.crowd_limit.value,
                "lines": [_line(line) for line in _lines(balance) if not line.hidden],
            }
            for device, balance in found
        ],
        "unknown_places": list(unplaced),
        "defaults": [_line(line) for line in _defaults(found)],
    }  # fmt: skip


def _line(line: Amount) -> dict[str, Any]:
    return {
        "name": line.name, "value": line.value, "unit": line.unit, "formula": formula_text(line, "en", by_key=True),
        "source": line_source(line, "en"), "default": line.default,
    }  # fmt: skip


def _lines(balance: Balance) -> Iterator[Amount]:
    seen: set[int] = set()
    for figure in (balance.busy, balance.crowd, balance.limit, balance.crowd_limit):
        for line in figure.lines():
            if id(line) not in seen:
                seen.add(id(line))
                yield line


def _defaults(found: Found) -> list[Amount]:
    """Defaults in use, each once."""
    lines = (line for _device, balance in found for line in _lines(balance) if line.default)
    return list({(line.name, line.value): line for line in lines}.values())


def formula_text(line: Amount, lang: Lang, *, by_key: bool = False) -> str:
    """Formula of a line by the names of its figures; empty for a given figure."""

    def name(figure: Amount) -> str:
        return figure.name if by_key else line_name(figure, lang)

    return written(
        line.formula,
        name,
        lambda call, inner: _CALLS[call].format("; ".join(inner)),
        lambda sign: _SIGNS.get(sign, sign),
    )


def line_name(line: Amount, lang: Lang) -> str:
    """Name of a figure in words; a port by its own name."""
    return term("cli:capacity_line", line.name, lang)


def line_source(line: Amount, lang: Lang) -> str:
    """Source of a figure; of a default by the catalogue."""
    return term("cli:capacity_source", line.name, lang) if line.default else line.source


def subject_name(balance: Balance, lang: Lang) -> str:
    """Subject in words: kinds of supply, and the quantity after the name of a cell or an access point."""
    name, blank, last = balance.subject.rpartition(" ")
    if blank and last == balance.kind:
        return f"{name} {term('terms:subject', last, lang)}"
    return term("terms:subject", balance.subject, lang)


def _shown(line: Amount, lang: Lang) -> str:
    formula = formula_text(line, lang)
    value = f"{_number(line, lang)} {line.unit}".strip()
    source = f"  [{line_source(line, lang)}]" if line.source or line.default else ""
    return f"{line_name(line, lang)} = {formula} = {value}" if formula else f"{line_name(line, lang)} = {value}{source}"


def _number(line: Amount, lang: Lang) -> str:
    if line.unit == "%":
        return percentage(line.value, lang)
    value = round(line.value, 4)
    return number(int(value) if value == int(value) else value, lang)


# --- workbook with live formulas ------------------------------------------------------------------------------------

#: Functions of the formulas. Erlang B by the Poisson distribution: the probability of N over that of at most N; where
#: both are too small for a spreadsheet, all channels are busy.
_SHEET_CALLS = {
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
        return _SHEET_CALLS[name].format(*inner) if name in _SHEET_CALLS else f"{name.upper()}({','.join(inner)})"

    formula = written(line.formula, lambda figure: places[id(figure)], call)
    return f"=IFERROR({formula},0)" if "/" in formula else f"={formula}"
