"""One page of HTML with a row per operator: no script, no network, a policy that forbids both."""

from __future__ import annotations

from markupsafe import Markup

from eventready.delivery.bundle import Wanted
from eventready.delivery.overview import row, squares
from eventready.delivery.receive import Received
from eventready.delivery.wording import Wording
from eventready.duty.privacy import mask_text
from eventready.report.html import environment, policy, style
from eventready.report.language import Language, clean
from eventready.report.words import Lang

#: What the province's table needs beside the style of the readiness report.
#: Figures have heads of several words, which break; a name keeps the width that its words need.
_MORE = """
td.state { white-space: nowrap; }
thead th.n { white-space: normal; overflow-wrap: normal; }
tbody th { min-width: 150px; padding: 8px 10px; overflow-wrap: break-word; }
.names li { padding: 3px 0; }
"""


def to_page(received: Received, wanted: Wanted, wording: Wording, lang: Lang = "vi") -> str:
    """The page. Everything from bundles is escaped and its telephone numbers are masked."""
    language = Language(lang)
    sheet = style() + _MORE
    event = received.bundles[0]
    named = event.run.event_vi if lang == "vi" else event.run.event_en
    return (
        environment("eventready.delivery")
        .get_template("province.html")
        .render(
            t=wording.say,
            words=language,
            lang=lang,
            event=clean(named or event.manifest.event),
            moment=language.moment(wanted.moment.isoformat(), weekday=True),
            rehearsal=wanted.rehearsal,
            rows=[row(bundle) for bundle in received.bundles],
            operators=[clean(bundle.operator) for bundle in received.bundles],
            squares=squares(received.bundles, vietnamese=lang == "vi"),
            silent=received.silent,
            refused=[(clean(refused.path.name), mask_text(clean(refused.error.what))) for refused in received.refused],
            clean=clean,
            style=Markup(sheet),  # noqa: S704  our own files, and nothing else
            policy=policy(sheet),
        )
    )
