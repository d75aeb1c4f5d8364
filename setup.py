"""The one thing that pyproject.toml cannot say: the wheel carries the example workspace.

The example is the repository's own `inventory/`, `templates/` and `playbooks/`, where engineers look for it. A build
copies them into the package as `eventready/example/`; an editable install reads them where they are.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
FOLDERS = ("inventory", "templates", "playbooks")


class BuildWithExample(build_py):
    """build_py, and the example beside the modules."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "eventready" / "example"
        shutil.rmtree(target, ignore_errors=True)
        for folder in FOLDERS:
            if any((HERE / folder).rglob("*.*")):
                shutil.copytree(
                    HERE / folder, target / folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "vault.yml")
                )


setup(cmdclass={"build_py": BuildWithExample})
