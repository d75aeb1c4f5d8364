"""`eventready docs`: documentation pages in the terminal."""

from __future__ import annotations

import subprocess
import sys
from difflib import get_close_matches
from pathlib import Path

import click

from eventready.cli.console import VisibleConsole
from eventready.cli.context import App
from eventready.core.errors import UsageError
from eventready.core.messages import message

_PACKAGE = Path(__file__).parents[2]
_CHECKOUT = _PACKAGE.parent.parent
_SOURCES = _CHECKOUT / "docs"
#: Pages of a checkout with those that are made from the code: checks, platforms, commands, licences.
_BUILT = _CHECKOUT / "build" / "docs" / "pages"


def pages_folder() -> Path:
    """Folder of the Markdown pages: in the package, or the sources of the checkout. Raises UsageError."""
    for folder in (_PACKAGE / "docs", _SOURCES):
        if (folder / "index.md").is_file():
            return folder
    raise UsageError(message("cli:docs.missing"))


def pages(folder: Path) -> dict[str, Path]:
    """Pages of a folder by their path without suffix."""
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*.md"))}


def find_page(folder: Path, name: str) -> Path:
    """Page by its path without suffix, or by its last part. Raises UsageError with a suggestion."""
    known = pages(folder)
    wanted = name.removesuffix(".md").strip("/")
    for key in (wanted, f"{wanted}/index"):
        if key in known:
            return known[key]
    matches = [key for key in known if key.rsplit("/", 1)[-1] == wanted]
    if len(matches) == 1:
        return known[matches[0]]
    if matches:
        raise UsageError(message("cli:docs.several", name=name, pages=matches))
    close = get_close_matches(wanted, [*known, *(key.rsplit("/", 1)[-1] for key in known)], n=1)
    raise UsageError(
        message("cli:docs.no_page", name=name),
        do=message("cli:main.did_you_mean", name=close[0]) if close else message("cli:docs.list"),
    )


def command(app: App, *, page: str, listing: bool) -> None:
    """Show a page of the documentation, `index` by default."""
    folder = pages_folder()
    if listing:
        names = list(pages(folder))
        app.show(names, names)
        return
    try:
        text = find_page(folder, page).read_text(encoding="utf-8")
    except UsageError:
        if folder != _SOURCES:
            raise
        app.notify("cli:docs.building")
        text = find_page(_built(), page).read_text(encoding="utf-8")
    if sys.stdout.isatty():
        _render(text)
    else:
        click.echo(text, nl=False)


def _built() -> Path:
    """Folder of all pages of the checkout, made from its present code (about 5 s)."""
    subprocess.run([sys.executable, "-m", "docsite"], cwd=_CHECKOUT, check=True, stdout=subprocess.DEVNULL)
    return _BUILT


def _render(text: str) -> None:
    from rich.markdown import Markdown  # noqa: PLC0415  slow to import

    VisibleConsole().print(Markdown(text))
