"""Results of pure functions of a module for the texts of this package, kept beside its compiled form.

The file is as trusted as the compiled module. It is void after a change of the module or of Python, and where it cannot
be written the results are computed each time.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any


def load_results(source: Path) -> dict[str, Any]:
    """Return the results kept for a module, by name of the function and text; empty without a valid file."""
    with suppress(OSError, ValueError, TypeError, EOFError):
        version, results = marshal.loads(_file(source).read_bytes())  # noqa: S302  as trusted as the compiled module
        if version == _version(source) and isinstance(results, dict):
            return results
    return {}


def keep_results(source: Path, results: Mapping[str, Any]) -> None:
    """Keep the results for a module."""
    if sys.dont_write_bytecode:
        return
    file = _file(source)
    draft = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}.part")
    with suppress(OSError):
        try:
            draft.write_bytes(marshal.dumps((_version(source), dict(results))))
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)


def _file(source: Path) -> Path:
    return Path(cache_from_source(str(source))).with_suffix(".results")


def _version(source: Path) -> str:
    return f"{sys.version} {hashlib.sha256(source.read_bytes()).hexdigest()}"
