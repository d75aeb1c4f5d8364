"""All pages of the application, in a single list."""

from __future__ import annotations

from eventready.watch.web.choices import choose
from eventready.watch.web.duty import number
from eventready.watch.web.health import healthz
from eventready.watch.web.login import form, login, logout
from eventready.watch.web.metrics import metrics
from eventready.watch.web.page import WebPage
from eventready.watch.web.wall import stream, wall

PAGES: tuple[WebPage, ...] = (
    WebPage("/", wall),
    WebPage("/wall/stream", stream),
    WebPage("/choices", choose, "open", ("POST",)),
    WebPage("/duty/number", number, "viewer", ("POST",)),
    WebPage("/login", form, "open"),
    WebPage("/login", login, "open", ("POST",)),
    WebPage("/logout", logout, "open", ("POST",)),
    WebPage("/healthz", healthz, "open"),
    WebPage("/metrics", metrics),
)
