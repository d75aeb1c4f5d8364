"""Figures with their formulas, printed line by line, and written as live cells of a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias


@dataclass(frozen=True)
class Call:
    """A function in a formula: `erlang_b`, `up`, `max`."""

    function: str
    arguments: tuple[Formula, ...]


@dataclass(frozen=True, eq=False)
class Amount:
    """A figure: given, or the result of a formula.

    `name`: key of `capacity:line`, empty for an intermediate result. `source`: origin of a given figure; `default`: the
    product's own, its source in `cli:capacity_source`. `hidden`: a step of an iteration, left out of printed
    calculations.
    """

    value: float
    formula: Formula = field(default=(), repr=False)  # each step of an iteration has the ones before it several times
    name: str = ""
    unit: str = ""
    source: str = ""
    default: bool = False
    hidden: bool = False

    def __add__(self, other: Amount | float) -> Amount:
        return _joined(self, "+", other, self.value + _value(other))

    def __sub__(self, other: Amount | float) -> Amount:
        return _joined(self, "-", other, self.value - _value(other))

    def __mul__(self, other: Amount | float) -> Amount:
        return _joined(self, "*", other, self.value * _value(other))

    def __truediv__(self, other: Amount | float) -> Amount:
        """Quotient; 0 for a divisor of 0."""
        divisor = _value(other)
        return _joined(self, "/", other, self.value / divisor if divisor else 0.0)

    def named(self, name: str, unit: str = "") -> Amount:
        """Copy with a name: a line of the calculation."""
        return replace(self, name=name, unit=unit)

    def lines(self) -> tuple[Amount, ...]:
        """Named figures of the calculation in order, the last for the figure itself."""
        seen: dict[int, Amount] = {}
        _collect((self,) if self.name else self.formula, seen)
        return tuple(seen.values())


Piece: TypeAlias = str | Amount | Call
Formula: TypeAlias = tuple[Piece, ...]


def given(value: float, name: str = "", unit: str = "", source: str = "", *, default: bool = False) -> Amount:
    """Return a figure without a formula, in `unit`."""
    return Amount(value, (), name, unit, source, default)


def called(function: str, value: float, *arguments: Amount | float) -> Amount:
    """Return the result of a function of figures, in the unit of the function."""
    return Amount(value, (Call(function, tuple(_operand(one) for one in arguments)),))


def up(figure: Amount) -> Amount:
    """Return the next whole number, apart from the error of floating point."""
    return called("up", float(-(-round(figure.value, 9) // 1)), figure)


def most(*figures: Amount) -> Amount:
    """Return the largest figure."""
    return called("max", max(one.value for one in figures), *figures)


def written(
    formula: Sequence[Piece],
    figure: Callable[[Amount], str],
    call: Callable[[str, list[str]], str],
    sign: Callable[[str], str] = str,
) -> str:
    """Return a formula as text, with each figure, function and sign as written by the caller."""
    parts = []
    for piece in formula:
        match piece:
            case Amount():
                parts.append(figure(piece))
            case Call():
                parts.append(call(piece.function, [written(one, figure, call, sign) for one in piece.arguments]))
            case _:
                parts.append(sign(piece))
    return "".join(parts)


def _value(one: Amount | float) -> float:
    return one.value if isinstance(one, Amount) else float(one)


def _operand(one: Amount | float) -> Formula:
    if not isinstance(one, Amount):
        return (f"{one:.12g}",)
    if one.name:
        return (one,)
    return one.formula or (f"{one.value:.12g}",)


def _joined(one: Amount, sign: str, other: Amount | float, value: float) -> Amount:
    left, right = _operand(one), _operand(other)
    if sign in "*/" and {"+", "-"} & {piece for piece in left if isinstance(piece, str)}:
        left = ("(", *left, ")")
    if sign != "+" and len(right) > 1:
        right = ("(", *right, ")")
    return Amount(value, (*left, sign, *right))


def _collect(formula: Formula, seen: dict[int, Amount]) -> None:
    for piece in formula:
        if isinstance(piece, Amount) and id(piece) not in seen:
            _collect(piece.formula, seen)
            seen[id(piece)] = piece
        elif isinstance(piece, Call):
            for argument in piece.arguments:
                _collect(argument, seen)
