"""Outputs with the results of genieparser.

The folder of captures holds <os>/<command>/*.txt with the parser's result as .json. genieparser has columns of its own:
a value of ours is compared where the result has a key for it below the keys that name the subject, and the names of a
row have to be somewhere in the result.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventready.facts.observation import Observation
from eventready.facts.platform import CompiledFact, load_platform
from eventready.facts.ports import port_key
from eventready.facts.records import Fact
from eventready.workspace.files.yaml_document import load_yaml
from tests.corpus.captured import HOME, Output
from tests.corpus.ntc import filtered

DATA = load_yaml(Path(__file__).with_name("genieparser.yaml")).data
ANSWERS: dict[str, list[str]] = DATA["answers"]
OTHERS: dict[str, str] = DATA["other_commands"]
#: Field of ours: a key of genieparser's, and the factor between them.
KEYS: dict[str, dict[str, str]] = DATA["keys"]
_PROMPT_OR_ECHO = re.compile(r"^(?:\+\+\+ .*|\s*\S*[>#]\s*(?:show|admin)\b.*|\s*show [a-z].*|\S+[>#]\s*)$")


@dataclass(frozen=True)
class GenieOutput(Output):
    """An output with the result of genieparser; `own`: of a command of the platform itself."""

    own: bool = False

    @property
    def other(self) -> str:
        """The command of `other_commands`."""
        return OTHERS.get(self.name.removeprefix("genieparser/").removesuffix(".txt"), "")

    @property
    def text(self) -> str:
        """The output, as if the device had filtered it."""
        text = super().text
        if self.own:
            lines = (line for line in text.expandtabs().splitlines() if not _PROMPT_OR_ECHO.match(line))
            text = textwrap.dedent("\n".join(lines))
        return filtered(self.compiled.command, text)

    def disagreements(self, observed: Observation) -> list[str]:
        """Return the values and names that the result has otherwise."""
        expected = self.expected()
        wrong = [printed for row in observed.rows for printed in contradictions(self.compiled, row, expected)]
        if self.own:
            wrong += [printed for row in observed.rows for printed in strange_names(row, expected)]
        return wrong

    def expected(self) -> Any:
        """Return genieparser's result."""
        return json.loads(self.file.with_suffix(".json").read_text(encoding="utf-8"))


def outputs() -> Iterator[GenieOutput]:
    """Return every output with every fact that it answers."""
    home = HOME / "genieparser"
    for system, usual in DATA["systems"].items():
        for command, facts in ANSWERS.items():
            for file in sorted(home.glob(f"{system}/{command}/*.txt")):
                for fact in facts:
                    platform = load_platform(DATA["platforms"].get(fact, usual))
                    yield GenieOutput(platform, platform.facts[fact], file)
    for system, name in DATA["own_commands"].items():
        platform = load_platform(name)
        for compiled in (fact for fact in platform.facts.values() if fact.home == name):
            wanted = {_squeezed(compiled.command.split(" | ")[0])}
            wanted.add(_squeezed(DATA["also"].get(name, {}).get(compiled.name, "")))
            for file in sorted(home.glob(f"{system}/*/*.txt")):
                if _squeezed(file.parent.name) in wanted:
                    yield GenieOutput(platform, compiled, file, own=True)


def _squeezed(text: str) -> str:
    return re.sub(r"[^a-z\d]", "", text.lower())


def contradictions(compiled: CompiledFact, row: Fact, expected: Any) -> Iterator[str]:
    """The values of a row that genieparser's result has otherwise."""
    found = [expected]
    key = [field for field in row.key if field not in compiled.spec.constants]
    names = [str(part) for field in key if (part := getattr(row, field)) not in (None, "")]
    for number, name in enumerate(names):
        below = [node for one in found for node in under(one, name)]
        if not below and not number:
            return  # genieparser does not know the subject
        found = below or found
    for field, keys in KEYS.get(compiled.name, {}).items():
        value = getattr(row, field)
        if value in (None, ""):
            continue
        wanted, _, factor = keys.partition(" * ")
        theirs = [leaf for one in found for leaf in leaves(one, wanted) if leaf not in ("not advertised", "-")]
        if theirs and not any(agree(value, leaf, int(factor or 1)) for leaf in theirs):
            yield f"{row.subject}: {field} is {value!r}, and {wanted} {theirs[:3]}"


def strange_names(row: Fact, expected: Any) -> Iterator[str]:
    """The names in the key of a row that are nowhere in genieparser's result."""
    known = set(map(port_key, words(expected)))
    for field in row.key:
        value = getattr(row, field)
        if value is None or field in ("protocol", "family"):
            continue
        forms = ([str(value)], str(value).split(), str(value).rsplit("/", 1))
        if not any(all(port_key(part) in known for part in parts) for parts in forms):
            yield f"{row.subject}: {field} {value!r} is nowhere in the result"


def words(document: Any) -> Iterator[str]:
    """Every key and every scalar of a JSON document, whole and by words."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from (key, *key.split())
            yield from words(value)
    elif isinstance(document, list):
        for value in document:
            yield from words(value)
    else:
        yield from (str(document), *str(document).split())


def under(node: Any, name: str) -> Iterator[Any]:
    """Everything below a key of that name, at any depth; ports by whatever name."""
    for key, value in node.items() if isinstance(node, dict) else ():
        if key.casefold() in (name.casefold(), f"{name}_pool".casefold()) or port_key(key) == port_key(name):
            yield value
        yield from under(value, name)


def leaves(node: Any, wanted: str) -> Iterator[Any]:
    """The values under a key of that name, at any depth."""
    for key, value in node.items() if isinstance(node, dict) else ():
        if key == wanted and not isinstance(value, dict):
            yield value
        yield from leaves(value, wanted)


def agree(ours: Any, theirs: Any, factor: int) -> bool:
    """True for the same number, the same text, or a port by another name."""
    if isinstance(ours, (int, float)) and not isinstance(ours, bool):
        return float(str(theirs).split(maxsplit=1)[0].rstrip("%")) * factor == float(ours)
    left, right = str(ours).casefold(), str(theirs).casefold()
    right = DATA["same"].get(right, right)
    same = (right, right.strip("()*"), *right.split("/"))
    return left in same or right.startswith(f"{left} ") or port_key(left) == port_key(right)
