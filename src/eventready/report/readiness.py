"""`report readiness`: one run in, a document out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Literal

from eventready.duty.carried import ChangeOnRecord
from eventready.report.html import to_html
from eventready.report.language import Language
from eventready.report.markdown import to_markdown
from eventready.report.view import view
from eventready.report.words import Lang
from eventready.run import Run, Summary

Format = Literal["html", "md", "json"]

SCHEMA = "eventready.readiness/1"


def render(
    run: Run,
    earlier: Sequence[Summary] = (),
    lang: Lang = "vi",
    form: Format = "html",
    *,
    previous: Run | None = None,
    texts: Mapping[str, str] | None = None,
    changes: Sequence[ChangeOnRecord] = (),
) -> str:
    """The report as text: a pure function of what it is given.

    `earlier` are the runs before, oldest first; `previous` is the last of them in full, for what is new and what is
    fixed; `texts` are raw outputs by evidence hash; `changes` those made to the network, oldest first.
    """
    language = Language(lang)
    report = view(run, language, previous=previous, earlier=earlier, texts=texts, changes=changes)
    if form == "json":
        return json.dumps({"schema": SCHEMA, "lang": lang, **asdict(report)}, ensure_ascii=False, indent=1) + "\n"
    return to_html(report, language) if form == "html" else to_markdown(report, language)


def evidence_shown(run: Run) -> frozenset[str]:
    """The hashes of the raw texts that a report may show: those under findings that did not pass."""
    findings = run.document.get("findings", ())
    return frozenset(str(name) for f in findings if f["status"] != "pass" for name in f.get("evidence", ()))
