"""Every paper as pictures, to be looked at: python -m tests.papers.pictures [FOLDER] [--lang en] [-w DIR].

PDF and DOCX stand side by side, page by page. It needs pdftoppm (poppler-utils) and soffice (libreoffice-writer); the
tests do not. With --workspace the papers in its folder `reports` are shown instead of the tests' own.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from eventready.core.messages import Lang
from eventready.papers.document.formats import render
from tests.papers.papers import material, papers

_DOTS = "80"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("build/pictures"))
    parser.add_argument("--lang", choices=["vi", "en"], default="vi")
    parser.add_argument("--workspace", type=Path)
    queries = parser.parse_args()
    missing = [tool for tool in ("pdftoppm", "soffice") if shutil.which(tool) is None]
    if missing:
        sys.exit(f"{', '.join(missing)} not found. Install poppler-utils and libreoffice-writer.")
    queries.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for paper in _written(Path(scratch), queries.lang, queries.workspace):
            _shown(paper, queries.folder, Path(scratch))
    print(queries.folder.resolve())


def _written(scratch: Path, lang: Lang, workspace: Path | None) -> list[Path]:
    if workspace is not None:
        return sorted(p for form in ("pdf", "docx") for p in (workspace / "reports").glob(f"*.{form}"))
    made = []
    for kind, document in papers(material(), lang).items():
        for form in ("pdf", "docx"):
            path = scratch / f"{kind}.{form}"
            path.write_bytes(render(document, "pdf" if form == "pdf" else "docx"))
            made.append(path)
    return made


def _shown(paper: Path, folder: Path, scratch: Path) -> None:
    pages = paper
    if paper.suffix == ".docx":
        turned = scratch / "turned"
        subprocess.run(
            ["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(turned), str(paper)],
            check=True,
            capture_output=True,
        )
        pages = turned / f"{paper.stem}.pdf"
    prefix = folder / f"{paper.stem}-{paper.suffix[1:]}"
    subprocess.run(["pdftoppm", "-r", _DOTS, "-png", str(pages), str(prefix)], check=True)


if __name__ == "__main__":
    main()
