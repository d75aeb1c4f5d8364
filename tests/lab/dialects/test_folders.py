"""A dialect is a folder: Python in dialect.py, answers and grammar as data that load completely."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment

import eventready_lab.dialects
from eventready_lab.device.dialect import load_dialect
from eventready_lab.device.state import DeviceState
from eventready_lab.dialects._shared.templated import Templates

FOLDERS = sorted(path.parent for path in Path(eventready_lab.dialects.__file__).parent.glob("*/dialect.py"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_dialect_loads_with_its_data(folder: Path) -> None:
    dialect = load_dialect(folder.name)
    assert dialect.platform == folder.name
    answers = folder / "answers.yaml"
    for source in yaml.safe_load(answers.read_text(encoding="utf-8")).values() if answers.exists() else ():
        Environment().parse(source)
    if dialect.config:
        assert not re.findall(r"<[A-Z][A-Z_]+>", repr(dialect.config.grammar))


@pytest.mark.parametrize(
    ("source", "text"),
    [("one\n", "one"), ("{% for n in (1, 2) %}\n{{ n }}\n\n{% endfor %}\n", "1\n\n2"), ("one\n\n", "one\n"), ("", "")],
)
def test_an_answer_ends_with_the_blank_lines_behind_its_block(source: str, text: str) -> None:
    assert Templates("", {}).text(source, DeviceState("r", "cisco_xe", "router")) == text


def test_macros_and_names_are_known_in_a_template() -> None:
    templates = Templates(
        "{% set unit = 'C' %}{% macro warm(value) %}{{ value }} {{ name }}{% endmacro %}", {"name": "in"}
    )
    state = DeviceState("r", "cisco_xe", "router", temperature_c=30)
    assert templates.text("{{ warm(state.temperature_c) }} {{ unit }}", state) == "30 in C"
