"""Calculation of capacity for terminals and JSON: a line per figure, with its formula and source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from eventready.cli.render.listing import cell, translated
from eventready.cli.render.listing import show as show_table
from eventready.core.messages import Lang, number, term, text
from eventready.network.capacity.amount import Amount, written
from eventready.network.capacity.balance import Addition, Balance, Status

#: Balances with their devices.
Found = Sequence[tuple[str, Balance]]

#: Unknown supplies or places named one by one.
SHOWN = 5
_STYLE: Mapping[Status, str] = {"enough": "green", "crowd": "yellow", "short": "red", "unknown": "magenta"}
_CALLS = {"erlang_b": "Erlang B({})", "up": "⌈{}⌉", "down": "⌊{}⌋", "max": "max({})"}
_SIGNS = {"*": " × ", "/": " / ", "+": " + ", "-": " − "}


def show(found: Found, unplaced: Sequence[str], lang: Lang, *, run: str) -> None:
    """Print each balance with the lines of its calculation, a shared line once, then the defaults in use."""
    shown: set[int] = set()
    for device, balance in found:
        status = term("cli:capacity_status", balance.status, lang)
        if balance.unread:
            status = text("cli:capacity.unread", lang, status=status, devices=balance.unread)
        click.secho(f"{subject_name(balance, lang)}  {device}, {balance.window}: {status}", fg=_STYLE[balance.status])
        for line in _lines(balance):
            if id(line) not in shown and not line.hidden:
                shown.add(id(line))
                click.echo(f"  {_shown(line, lang)}")
    click.echo()
    for line in _defaults(found):
        click.echo(text("cli:capacity.default", lang, figure=_shown(line, lang)))
    counts = Counter(balance.status for _device, balance in found)
    states = ", ".join(f"{counts[status]} {term('cli:capacity_status', status, lang)}" for status in _STYLE)
    click.echo(text("cli:capacity.total", lang, run=run, states=states))
    _show_first("cli:capacity.unplaced", unplaced, lang)


def _show_first(msgid: str, names: Sequence[str], lang: Lang) -> None:
    if names:
        each = list(dict.fromkeys(names))  # a subject has a balance for each window
        more = "…" if len(each) > SHOWN else ""
        click.echo(text(msgid, lang, count=len(names), names=each[:SHOWN], more=more))


def show_additions(
    gaps: Iterable[tuple[str, Balance, Sequence[Addition]]], unknown: Found, unplaced: Sequence[str], lang: Lang
) -> None:
    """Print the ways to close each gap, and the first of the unknown supplies and places."""
    table = translated("cli:capacity_column", ("subject", "window", "figure", "ways"), lang)
    for _device, balance, ways in gaps:
        kind = term("terms:capacity", balance.kind, lang)
        figure = f"{_number(balance.crowd, lang)} > {_number(balance.crowd_limit, lang)} {kind}"
        named = [
            f"+{one.number} {term('cli:capacity_way', one.way, lang)} ({_number(one.proof.crowd, lang)} ≤ "
            f"{_number(one.proof.crowd_limit, lang)})"
            for one in ways
        ]
        separator = text("cli:capacity.or", lang)
        content = separator.join(named) or text("cli:capacity.no_way", lang)
        table.add_row(cell(subject_name(balance, lang)), balance.window, figure, content)
    if table.row_count:
        show_table(table)
    _show_first("cli:capacity.unknown", [subject_name(balance, lang) for _device, balance in unknown], lang)
    _show_first("cli:capacity.unplaced", unplaced, lang)
    if not (table.row_count or unknown or unplaced):
        click.echo(text("cli:capacity.no_gap", lang))


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
    value = round(line.value, 4)
    return number(int(value) if value == int(value) else value, lang)
