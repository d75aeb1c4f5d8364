"""Why a file is not YAML, in a sentence: the parser's problem, its place, and what to do.

The parser's own message is not shown: an unquoted password may look like an alias or a tag, and would stand in it.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from eventready.errors import WorkspaceError

MAX_DEPTH = 100

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

#: The parser's words, ours, and what to do; the first that fits.
_PROBLEMS = (
    ("mapping values are not allowed", "a `: ` stands where none may be", "Put text that holds `: ` in quotes."),
    (
        "undefined alias",
        "an unquoted * refers to something that is not there",
        "Put text that begins with * in quotes.",
    ),
    ("alias", "an unquoted * is not followed by a name", "Put text that begins with * in quotes."),
    ("anchor", "an unquoted & is not followed by a new name", "Put text that begins with & in quotes."),
    ("tag", "an unquoted ! begins a tag that is not known", "Put text that begins with ! in quotes."),
    ("directive", "an unquoted % begins a directive", "Put text that begins with % in quotes."),
    ("mapping keys", "a `? ` stands where none may be", "Put text that begins with ? in quotes."),
    ("block scalar", "text stands behind an unquoted | or >", "Put it on the next line, or in quotes."),
    ("hexdecimal", "a backslash in double quotes is not a known escape", "Use single quotes, or double it."),
    ("document indicator", "a quoted text is not closed", "Add the missing quotation mark."),
    ("document start", "something follows that belongs to nothing above", "Check the indentation and the quotes."),
    ("sequence entries", "a `- ` stands where none may be", "Put each entry on a line of its own."),
    ("did not find expected ',' or ']'", "a list in [ ] is not closed", "Add the missing , or ]."),
    ("did not find expected ',' or '}'", "a mapping in { } is not closed", "Add the missing , or }."),
    ("did not find expected node content", "a value is missing", "Complete the line; look for a bracket left open."),
    ("expected key", "the line does not fit under the one above", "Check its indentation."),
    ("expected '-' indicator", "the line does not fit in the list above", "Check its indentation."),
    ("block end", "the line does not fit under the one above", "Check its indentation."),
    ("could not find expected ':'", "a key is not followed by `: `", "Write `key: value`."),
    ("unexpected end of stream", "a quoted text is not closed", "Add the missing quotation mark."),
    ("another document", "the file holds more than one document", "Remove the line `---`."),
    ("unknown escape", "a backslash in double quotes is not a known escape", "Use single quotes, or double it."),
    ("cannot start any token", "a character stands where a value begins", "Put the text in quotes."),
    ("nesting depth", "the file is nested too deep", "Look for brackets that are not closed."),
    ("not allowed", "the file holds a control character", "Remove it."),
)


def syntax_error(path: Path, text: str, error: yaml.YAMLError) -> WorkspaceError:
    """The parser's error as ours."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = f"{getattr(error, 'context', None)} {getattr(error, 'problem', None) or getattr(error, 'reason', None)}"
    if isinstance(error, yaml.composer.ComposerError) and "expected a single document" in str(error.context):
        problem = "another document"
    line = mark.line + 1 if mark is not None else _line_of_control(text)
    lines = text.split("\n")
    for number in (line, line - 1):
        if 0 < number <= len(lines) and re.match(r"[ -]*\t", lines[number - 1]):
            return WorkspaceError("a tab stands where only spaces may", where=f"{path}:{number}", do="Use spaces.")
    for words, what, do in _PROBLEMS:
        if words in problem:
            return WorkspaceError(what, where=f"{path}:{line}", do=do)
    return WorkspaceError("this is not YAML", where=f"{path}:{line}", do="Check the indentation and the quotes.")


def _line_of_control(text: str) -> int:
    found = _CONTROL.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def bound_depth(path: Path, text: str) -> None:
    """The parsers recurse: refuse what is nested deeper than anybody means before they start."""
    depth = deepest = 0
    if text.count("[") + text.count("{") > MAX_DEPTH:
        for character in re.findall(r"[\[\]{}]", text):
            depth = depth + 1 if character in "[{" else max(depth - 1, 0)
            deepest = max(deepest, depth)
    if deepest > MAX_DEPTH or re.search(r"^(?:[ ]|- |\? ){400}", text, re.M):
        raise too_deep(path)


def too_deep(path: Path) -> WorkspaceError:
    """The error for a file that is nested deeper than anybody means."""
    return WorkspaceError(
        f"the file is nested more than {MAX_DEPTH} levels deep",
        where=str(path),
        do="Look for brackets that are not closed.",
    )
