"""Command template of a fact with questions: filled with the arguments of a question.

    ping -c {count}[[size| -s {payload}]][[df| -M do]] {target}

`{name}` is an argument of the question. `[[name|text]]` stands only where the question has the argument. Other
braces, and `%{name}`, are the command's own. The arguments have a strict form (`workspace/devices/answers.py`), and the
whole command must match a read-only pattern of the platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from eventready.workspace.devices.answers import ExpectedAnswer

_PART = re.compile(r"\[\[(?P<name>[a-z]+)\|(?P<text>.*?)\]\]")
_ARGUMENT = re.compile(r"(?<!%)\{([a-z]+)\}")

#: Address of an example of a question about a route.
_TARGET = "192.0.2.90"
#: Questions of each fact, without and with all that is optional: what a platform's command is checked with.
_EXAMPLES: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "answer_http": (
        {"http": "http://192.0.2.90/"},
        {"http": "https://portal.example.vn:8443/a/b.html?x=1&y=%20", "address": "2001:db8::90", "family": 6},
    ),
    "answer_dns": (
        {"dns": "portal.example.vn"},
        {"dns": "portal.example.vn", "server": "192.0.2.53", "addresses": ("2001:db8::90",)},
    ),
    "answer_ping": (
        {"ping": "192.0.2.1"},
        {"ping": "192.0.2.1", "size": 1500, "df": True, "count": 20, "source": "192.0.2.9", "family": 4},
    ),
    "answer_tcp": ({"tcp": "192.0.2.90:443"}, {"tcp": "[2001:db8::90]:443"}),
    "answer_ntp": ({"ntp": "192.0.2.123"}, {"ntp": "ntp.example.vn"}),
    "answer_smtp": ({"smtp": "mail.example.vn"},),
    "answer_dhcp": ({"dhcp": "eth0"},),
}


def fill(template: str, arguments: Mapping[str, str]) -> str:
    """Return the command. Raises KeyError for an unknown argument."""
    text = _PART.sub(lambda part: part["text"] if arguments[part["name"]] else "", template)
    return _ARGUMENT.sub(lambda found: arguments[found[1]], text)


def examples(fact: str, template: str) -> Iterator[str]:
    """Yield the commands of example questions. Raises KeyError for an unknown argument."""
    if fact not in _EXAMPLES:
        yield fill(template, {"target": _TARGET})
    for question in _EXAMPLES.get(fact, ()):
        yield fill(template, ExpectedAnswer.model_validate(question).arguments())
