"""Files of other projects: as in their packages, each with its licence, and no other."""

from __future__ import annotations

from hashlib import sha256

import yaml

from eventready.watch.web.page import STATIC

PACKAGES = yaml.safe_load((STATIC / "vendored.yaml").read_text("utf-8"))


def test_every_file_is_the_one_of_its_package() -> None:
    listed = {name: digest for package in PACKAGES for name, digest in package["files"].items()}
    there = {f"vendor/{path.name}": sha256(path.read_bytes()).hexdigest() for path in (STATIC / "vendor").iterdir()}
    assert there == listed


def test_every_package_has_its_licence() -> None:
    for package in PACKAGES:
        assert package["licence_file"] in package["files"], package["name"]
        assert package["licence"] in ("0BSD", "MIT")
