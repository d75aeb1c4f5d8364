"""All pages of the application, in a single list."""

from __future__ import annotations

from eventready.watch.web import api
from eventready.watch.web.access.choices import choose
from eventready.watch.web.access.login import form, login, logout
from eventready.watch.web.access.oidc import back, leave
from eventready.watch.web.metrics import healthz, metrics
from eventready.watch.web.page import WebPage
from eventready.watch.web.pages.deeds import (
    act,
    end_silence,
    give_notice,
    incident,
    new_incident,
    new_incident_again,
    open_new,
    posted,
)
from eventready.watch.web.pages.details import check, device, finding, venue
from eventready.watch.web.pages.duty import number
from eventready.watch.web.pages.handover import handover
from eventready.watch.web.pages.network import network
from eventready.watch.web.pages.timeline import timeline
from eventready.watch.web.pages.wall import stream, wall

PAGES: tuple[WebPage, ...] = (
    WebPage("/", wall),
    WebPage("/wall/stream", stream),
    WebPage("/venue/{name:path}", venue),
    WebPage("/device/{name:path}", device),
    WebPage("/check/{name:path}", check),
    WebPage("/finding", finding),
    WebPage("/finding", posted(act), "operator", ("POST",)),
    WebPage("/silence/end", posted(end_silence), "operator", ("POST",)),
    WebPage("/incident/new", new_incident, "operator"),
    WebPage("/incident", posted(open_new, new_incident_again), "operator", ("POST",)),
    WebPage("/incident/{name}", incident),
    WebPage("/incident/{name}/notice", posted(give_notice), "operator", ("POST",)),
    WebPage("/map", network),
    WebPage("/timeline", timeline),
    WebPage("/handover", handover),
    WebPage("/choices", choose, "open", ("POST",)),
    WebPage("/duty/number", number, "viewer", ("POST",)),
    WebPage("/login", form, "open"),
    WebPage("/login", login, "open", ("POST",)),
    WebPage("/logout", logout, "open", ("POST",)),
    WebPage("/oidc", leave, "open"),
    WebPage("/oidc/back", back, "open"),
    WebPage("/healthz", healthz, "open"),
    WebPage("/metrics", metrics),
    WebPage("/api/v1/night", api.night),
    WebPage("/api/v1/findings", api.findings),
    WebPage("/api/v1/runbooks/{name:path}", api.steps),
    WebPage("/api/v1/timeline", api.history),
    WebPage("/api/v1/openapi.json", api.openapi),
)
