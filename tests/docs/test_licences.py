"""Licences of the packages in the lock, and of what the process imports."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from docsite.licences import LOCK, PROGRAMS, licence, licences_page, required

SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.slow
def test_the_page_has_every_package_of_the_lock() -> None:
    page = licences_page()
    pinned = re.findall(r"(?m)^([\w.-]+)==", LOCK.read_text(encoding="utf-8"))
    assert [name for name in pinned if f"| {name} |" not in page] == []
    assert "(not stated)" not in page


@pytest.mark.slow
def test_no_package_under_the_gpl_is_needed_but_as_a_program() -> None:
    strict = {name for name in required() if re.search(r"(?<!Lesser )(?<!L)\bA?GPL|GNU General", licence(name))}
    assert {name for name in strict if " OR " not in licence(name)} - PROGRAMS == set()


@pytest.mark.slow
def test_no_module_of_a_program_is_imported() -> None:
    forbidden = re.compile(r"(ansible|ansible_vault|ansiblelint|yamllint)(\.[\w.]+)?")
    found = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found += [f"{path.name}: {name}" for name in names if forbidden.fullmatch(name)]
    assert found == []
