"""A kind of paper is one entry: its command, its mail and its place in the profile follow from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import eventready
from eventready.clauses.attestations.forms import document_name
from eventready.cli.declare import papers
from eventready.core.errors import WorkspaceError
from eventready.core.messages import LANGS, Lang, known
from eventready.papers.document import registry
from eventready.papers.document.profile import base_profile, load_profile
from eventready.papers.document.registry import KINDS, PAPERS, PaperKind, PaperOption
from eventready.submission.jobs import PaperOptions, write_paper
from tests.papers.papers import material

SOURCE = Path(eventready.__file__).parent


@pytest.mark.parametrize("kind", PAPERS.values(), ids=PAPERS)
def test_a_kind_has_its_texts_and_names(kind: PaperKind) -> None:
    assert callable(kind.write)
    assert known(f"papers:file.{kind.name}")
    assert document_name(kind.document, {}).render("vi") != kind.document
    for lang in LANGS:
        assert kind.name in yaml.safe_load(base_profile(lang).read_text(encoding="utf-8"))["papers"]


def comparisons() -> Iterator[str]:
    """Comparisons with the name of a kind of paper."""
    for room in ("papers", "submission", "province", "cli/papers", "cli/department"):
        for path in sorted((SOURCE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Compare) and {"kind", "name"} & {
                    part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "")
                    for part in (node.left, *node.comparators)
                }:
                    values = [part.value for part in (node.left, *node.comparators) if isinstance(part, ast.Constant)]
                    if KINDS.keys() & {*map(str, values)}:
                        yield f"{path.relative_to(SOURCE)}:{node.lineno}: {ast.unparse(node)}"


@pytest.mark.slow
def test_a_name_of_a_kind_stands_in_the_registry_alone() -> None:
    allowed = [one for one in comparisons() if "window.kind" not in one and "one.kind" not in one]
    assert allowed == []


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGS)
def test_a_new_kind_is_an_entry_and_its_texts(lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = tmp_path / "templates" / "reports" / f"{lang}.yaml"
    texts.parent.mkdir(parents=True)
    own = {"symbol": "B-1", "kind": "Handover", "titles": ["{{ shift }} {{ event }}"], "signers": ["The lead"]}
    texts.write_text(yaml.safe_dump({"papers": {"handover": own}}), encoding="utf-8")
    with pytest.raises(WorkspaceError, match="handover"):
        load_profile(tmp_path, lang)

    option = PaperOption("shift", "Shift that ends.")
    entry = replace(
        KINDS["plan"], name="handover", document="shift-book", options=(option,), variables=frozenset({"shift"})
    )
    monkeypatch.setitem(registry.KINDS, "handover", entry)
    assert load_profile(tmp_path, lang).papers["handover"].titles == ("{{ shift }} {{ event }}",)
    command = papers._command(entry)
    assert {"--shift", "--format", "--out", "--eml", "--check"} <= {name for one in command.params for name in one.opts}

    made = replace(KINDS["plan"].write(material(), load_profile(tmp_path, lang), lang), kind="handover")
    files = write_paper(made, material(), PaperOptions(lang, ("docx",), eml=True), tmp_path / "out")
    assert [file.form for file in files] == ["docx", "eml"]
    assert "shift-book" in files[-1].path.read_text()
