"""An intent of a workspace, written from the guide (docs/howto/intent.md): one folder, and no file of eventready."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from jinja2 import Environment, meta, nodes

from eventready.change.intents.participants import Participant, participants
from eventready.change.safety.writable import addition_risks
from eventready.core.errors import EventreadyError, WorkspaceError
from eventready.core.messages import in_english
from eventready.facts.equipment import Equipment
from eventready.platforms.loader import platform_names
from eventready.workspace.devices.intents import INTENTS
from eventready.workspace.examples.example import example_home
from eventready.workspace.settings.intent_folders import load_intent_folders
from eventready.workspace.workspace import load_workspace
from tests.change.fake_fleet import EVENT

GUIDE = Path(__file__).parents[3] / "docs" / "howto" / "intent.md"
BLOCK = re.compile(r"```(?:jinja|yaml)\n(?:\{# (?P<jinja>\S+) #\}|# (?P<yaml>\S+))\n(?P<text>.*?)```", re.S)
FOLDER = "templates/rate_window"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A workspace with the files of the guide."""
    for block in BLOCK.finditer(GUIDE.read_text(encoding="utf-8")):
        file = tmp_path / (block["jinja"] or block["yaml"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block["text"], encoding="utf-8")
    (tmp_path / "inventory" / "event.yaml").write_text(EVENT, encoding="utf-8")
    return tmp_path


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def refusal(folder: Path, *intents: str) -> str:
    with pytest.raises(EventreadyError) as error:
        fragments(folder, intents or ("rate_window",))
    return error.value.render("en")


def fragments(folder: Path, intents: Sequence[str]) -> tuple[Participant, ...]:
    workspace = load_workspace(folder)
    return participants(workspace, Equipment.of(workspace), intents)[0]


def test_an_intent_is_one_folder(own: Path) -> None:
    workspace = load_workspace(own)
    assert [*workspace.intents] == [*INTENTS, "rate_window"]
    (one,) = fragments(own, ("rate_window",))
    assert one.fragment.tree == {"interface GigabitEthernet0/0/0": {"load-interval 30": {}}}
    assert one.writable is not None
    used = one.writable.refuse_commands(["interface GigabitEthernet0/0/0", "load-interval 30"], "edge-1")
    assert "Nguyễn Văn An" in "".join(map(in_english, addition_risks(used)))


def test_a_line_that_only_the_intent_of_the_workspace_may_write(own: Path) -> None:
    (own / FOLDER / "cisco_xe.j2").rename(own / "templates" / "backup.j2")
    (own / "templates" / "backup").mkdir()
    (own / "templates" / "backup.j2").rename(own / "templates" / "backup" / "cisco_xe.j2")
    replace(own / "inventory" / "hosts.yaml", "{rate_window: {}}", "{backup: {seconds: 30}}")
    assert "load-interval" in refusal(own, "backup")


def test_an_intent_without_a_folder_is_named_with_its_line(own: Path) -> None:
    replace(own / "inventory" / "hosts.yaml", "rate_window", "rate_windo")
    assert "hosts.yaml:8" in refusal(own)
    assert "'rate_windo' is no intent of this workspace" in refusal(own)
    assert "Did you mean 'rate_window'?" in refusal(own)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("default: 30", "default: 20", "must be at least 30"),
        ("default: 30", "default: .nan", "'default' must be a number"),
        ("least: 30", "least: 601", "`least` is 601, above `most`, which is 600"),
        ("least: 30", "least: .nan", "values.yaml:"),
        ("  seconds:", "  device:", "'device' is reserved"),
        ("  seconds:", "  'a; {{ b }}':", "invalid variable name"),
        ("type: number", "type: counter", "cannot be 'counter'"),
        ("  vi: Tốc độ cổng bám sát lưu lượng của sự kiện\n", "", "'vi' is missing"),
    ],
)
def test_a_values_file_that_does_not_hold(own: Path, old: str, new: str, says: str) -> None:
    replace(own / FOLDER / "values.yaml", old, new)
    with pytest.raises(WorkspaceError) as error:
        load_workspace(own)
    assert says in error.value.render("en")
    assert "values.yaml:" in error.value.render("en")


def test_a_pipe_is_no_values_file(own: Path) -> None:
    (own / FOLDER / "values.yaml").unlink()
    os.mkfifo(own / FOLDER / "values.yaml")
    with pytest.raises(WorkspaceError, match="a pipe"):
        load_workspace(own)


@pytest.mark.parametrize("name", ["rate_window/parts/lines.j2", "rate_window/lines.txt", "lines.j2"])
def test_a_template_includes_files_of_the_review_only(own: Path, name: str) -> None:
    (own / "templates" / name).parent.mkdir(exist_ok=True)
    (own / "templates" / name).write_text("load-interval 30\n", encoding="utf-8")
    (own / FOLDER / "cisco_xe.j2").write_text(f"{{% include '{name}' %}}", encoding="utf-8")
    assert f"'{name}' is no template of a folder" in refusal(own)


def test_a_value_out_of_its_bounds_comes_with_its_meaning(own: Path) -> None:
    replace(own / "inventory" / "hosts.yaml", "rate_window: {}", "rate_window: {seconds: 5}")
    sentence = refusal(own)
    assert "'seconds' is 5 and must be at least 30" in sentence
    assert "Seconds of the mean, for example 60" in sentence


def test_all_missing_values_are_named_at_once(own: Path) -> None:
    replace(own / FOLDER / "values.yaml", "    default: 30\n", "")
    template = own / FOLDER / "cisco_xe.j2"
    template.write_text(
        "{% for one in ports %}\ninterface {{ one }}\n{% endfor %}\n{{ 2 * seconds }} {{ limits.high }}\n"
        "{% if limits.low > 3 %}x{% endif %}\n{{ (limits.high | int) + other }}\n",
        encoding="utf-8",
    )
    sentence = refusal(own)
    for line, name in enumerate(("ports", "seconds", "limits"), 1):
        assert f"needs '{name}'" in sentence, line
    assert "cisco_xe.j2:4: the template needs 'seconds'" in sentence
    assert "for example `seconds: 60`" in sentence
    assert sentence.count("the template needs") == 4


def test_the_values_of_every_shipped_template_are_described() -> None:
    home = example_home() / "templates"
    known = load_intent_folders(home)
    environment = Environment()
    for intent in INTENTS:
        used: set[str] = set()
        for template in (home / intent).glob("*.j2"):
            tree = environment.parse(template.read_text(encoding="utf-8"))
            assigned = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
            used |= meta.find_undeclared_variables(tree) - assigned
        assert used - {"device", "expect", "event"} == set(known[intent].values), intent
        for name, spec in known[intent].values.items():
            assert spec.example is not None, name
            assert set(spec.platforms) <= set(platform_names()), name
