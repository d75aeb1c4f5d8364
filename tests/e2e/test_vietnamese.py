"""A day of commands in Vietnamese on the simulated province: no English word beside names and identifiers."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from eventready.checks.registry import all_checks
from eventready.cli.main import main
from eventready.core.messages import LANGS
from eventready.facts.catalogue import CATALOGUE
from eventready.platforms.loader import platform_names
from eventready.workspace.devices.device import SERVICES
from eventready.workspace.devices.intents import INTENTS
from tests.e2e.conftest import NOW, Province

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("province")]

LOCALES = Path(__file__).parents[2] / "src" / "eventready" / "locales"
_WORD = re.compile(r"[^\W\d_]+")
#: Quoted words, options, metavariables, paths, identifiers with a figure, a hyphen or an underscore, addresses.
_NAMES = re.compile(
    r"`[^`]*`|'[^']*'|--[\w-]+|eventready -w \S+ [a-z]+(?: [a-z]+)?|\S*[/_.@]\S+|\S*\d\S*|\w+(?:-\w+)+|\b[A-Z]{2,}\b"
)
_WORDS_OF_NAMES = ("systemd", "telecom", "embedded", "notify", "pip", "install", "lab", "old", "new", "backup", "key")

#: Commands with their exit codes; `{}` is the folder of the test.
COMMANDS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("doctor", (0,)),
    ("doctor matrix -l edge-dt-1", (0,)),
    ("audit -l edge-dt-1,bsc-1 --interval 0", (0, 3, 4)),
    ("runs show latest", (0,)),
    ("runs list", (0,)),
    ("plan backup -l edge-dt-1,svc-1 --out {}/a.plan", (0,)),
    ("department keygen --out {}/approver.pem --operator Bình", (0,)),
    ("approve {}/a.plan --key {}/approver.pem", (0, 7)),
    ("apply {}/a.plan --soak 0 --by An", (0,)),
    ("changes show latest", (0,)),
    ("changes list", (0,)),
    ("rollback latest --soak 0 --by An", (0,)),
    ("changes show latest", (0,)),
    ("drill list", (0,)),
    ("drill plan access-point-loss", (0,)),
    ("drill run access-point-loss --by An", (0,)),
    ("drill show", (0,)),
    ("drill show latest", (0,)),
    ("duties deadlines", (0, 8)),
    ("duties", (0, 3, 8)),
    ("roster check", (0, 3)),
    ("roster export --rehearsal --out {}/truc", (0,)),
    ("incident new --by An --summary Nghẽn --venue hoi-nghi --service mobile", (0,)),
    ("incident list", (0,)),
    ("incident show latest", (0,)),
    ("department keygen --out {}/key.pem --operator VNPT", (0,)),
    ("department bundle --out {}/a.evr --key {}/key.pem --operator VNPT --rehearsal", (0,)),
    ("department consolidate {}/a.evr --keys {} --out {}/province --format md --rehearsal", (0,)),
    ("watch schedule --once --interval 0", (0, 4)),
    ("lab status", (0,)),
    ("report send --list", (0,)),
    ("runs verify", (0,)),
)


@cache
def english() -> frozenset[str]:
    """Words of the English catalogue that no Vietnamese sentence has."""
    words: dict[str, set[str]] = {lang: set() for lang in LANGS}
    for path in LOCALES.glob("*.po"):
        for entry, lang in product(read_po(path.open("rb")), LANGS):
            shown = entry.string if lang == "vi" else entry.id if entry.context else ""
            for form in [shown] if isinstance(shown, str) else shown or ():
                bare = re.sub(r"\{[^}]*\}", " ", form)
                words[lang] |= set(_WORD.findall((re.sub(r"`[^`]*`", " ", bare) if lang == "en" else bare).lower()))
    names = {*(check.name for check in all_checks()), *CATALOGUE, *platform_names(), *SERVICES, *INTENTS}
    found = words["en"] - words["vi"] - names - set(_WORDS_OF_NAMES)
    return frozenset(word for word in found if word.isascii() and len(word) > 2)


def english_lines(output: str) -> list[str]:
    return [line for line in output.splitlines() if english() & set(_WORD.findall(_NAMES.sub(" ", line).lower()))]


def test_english_is_found() -> None:
    assert english_lines("run 1 measured\nlượt 1: đo được 3 trên 4 (uplink, `the --out`)\nwithout") == [
        "run 1 measured",
        "without",
    ]


def test_a_day_of_commands_has_no_english(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(province.copy)
    found, device_lines = {}, set[str]()
    for line, codes in COMMANDS:
        words = [word.format(tmp_path, tmp_path) for word in line.split()]
        with pytest.raises(SystemExit) as ended:
            main(["-w", str(province.copy), "--now", NOW, "--lang", "vi", *words])
        output = "".join(capsys.readouterr())
        assert ended.value.code in codes, f"{line}: {output}"
        if line.startswith("plan "):
            plan = json.loads((tmp_path / "a.plan").read_text(encoding="utf-8"))["plan"]
            device_lines = {text for one in plan["devices"] for key in ("diff", "forward") for text in one[key]}
        shown = [text for text in output.splitlines() if text.strip().removeprefix("> ") not in device_lines]
        if bad := english_lines("\n".join(text for text in shown if text not in device_lines)):
            found[line] = bad
    assert not found
