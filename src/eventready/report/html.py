"""The readiness report as one HTML file: no script, no network, a policy that forbids both."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from eventready.report.charts import HEIGHT, WIDTH, chart_columns
from eventready.report.language import Language
from eventready.report.model import ORDER, Readiness

_TEMPLATES = files("eventready.report") / "templates"


def to_html(report: Readiness, language: Language) -> str:
    """The whole page. Everything from the run is escaped by the template engine; only our style sheet is not."""
    sheet = style()
    return (
        environment("eventready.report")
        .get_template("readiness.html")
        .render(
            r=report,
            t=language.phrase,
            words=language,
            lang=language.code,
            style=Markup(sheet),  # noqa: S704  our own file, and nothing else
            policy=policy(sheet),
            statuses=ORDER,
            chart_columns=chart_columns,
            chart_size=(WIDTH, HEIGHT),
        )
    )


@cache
def environment(package: str) -> Environment:
    """The templates of a package: everything is escaped, and nothing may be missing."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def style() -> str:
    """The style sheet of our pages."""
    return (_TEMPLATES / "readiness.css").read_text(encoding="utf-8")


def policy(sheet: str) -> str:
    """Nothing is allowed but the style sheet with this very hash."""
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
