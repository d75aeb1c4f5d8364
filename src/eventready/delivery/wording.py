"""The words of the province's papers: the package's, and over them those of the office, line by line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eventready.errors import WorkspaceError
from eventready.report.dates import HARD, bound
from eventready.report.document.profile import FOLDER, filled
from eventready.report.language import clean
from eventready.report.words import Lang
from eventready.workspace.complaints import suggest
from eventready.workspace.yaml import load_yaml, several

_HERE = Path(__file__).parent / "templates"
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True)
class Wording:
    """Texts by key."""

    texts: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """A text with its variables filled in; what comes from outside is cleaned. Raises KeyError."""
        return bound(filled(self.texts[key], {name: clean(value, keep=HARD) for name, value in values.items()}))


def load_wording(workspace: Path, lang: Lang) -> Wording:
    """The wording of a language. Raises WorkspaceError that names every wrong line of the office's file."""
    name = f"province.{lang}.yaml"
    texts: dict[str, str] = load_yaml(_HERE / name).mapping()
    own = workspace / FOLDER / name
    if not own.is_file():
        return Wording(texts)
    document = load_yaml(own)
    problems: list[WorkspaceError] = []
    for key, text in document.mapping().items():
        if key not in texts:
            problems.append(document.error(f"no paper says {key!r}", key, do=suggest(str(key), texts)))
        elif not isinstance(text, str):
            problems.append(document.error(f"{key!r} must be text", key, do="Put it in quotes."))
        else:
            known = set(_VARIABLE.findall(texts[key]))
            unknown = [variable for variable in _VARIABLE.findall(text) if variable not in known]
            problems += [
                document.error(f"the variable {variable!r} is unknown here", key, do=suggest(variable, known))
                for variable in unknown
            ]
    if problems:
        raise several(problems)
    return Wording({**texts, **document.mapping()})
