"""alerts.yaml: routes, receivers and inhibition of the alerts of a watch, in Alertmanager's words and meanings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from eventready.core.errors import InvalidValue, UsageError
from eventready.core.messages import Lang, message
from eventready.core.strings.matchers import Matcher, matcher
from eventready.core.validation_messages import suggest
from eventready.workspace.files.yaml_document import YamlDocument, load_yaml, raise_errors
from eventready.workspace.keys.secrets import is_reference
from eventready.workspace.model import WorkspaceModel
from eventready.workspace.settings.country import language_of
from eventready.workspace.settings.event import country_of
from eventready.workspace.settings.mail import ReminderSettings

FILE = "alerts.yaml"
#: Labels of an alert.
LABELS = ("device", "check", "subject", "status", "role", "venues")
#: Values of `status`.
STATUSES = ("fail", "warn", "not_measured")
#: Value of group_by for a group per alert.
EACH = "..."
_LONGEST = timedelta(days=31)
_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        raise InvalidValue(message("workspace:alerts.duration", value=repr(value)))
    seconds = sum(int(n or 0) * unit for n, unit in zip(match.groups(), (86400, 3600, 60, 1), strict=True))
    if seconds > _LONGEST.total_seconds():
        raise InvalidValue(message("workspace:alerts.long", value=repr(value)))
    return timedelta(seconds=seconds)


def _some(value: timedelta) -> timedelta:
    if not value:
        raise InvalidValue(message("workspace:alerts.no_time"))
    return value


def _matcher(value: Any) -> Any:
    if isinstance(value, Matcher):
        return value
    try:
        found = matcher(str(value))
        require_status(found)
    except UsageError as error:
        raise InvalidValue(error) from None
    return found


def require_status(condition: Matcher) -> None:
    """Raise UsageError for a condition on a status of no alert: true for none, or for each."""
    positive = condition._replace(operator=condition.operator.replace("!", "=").replace("==", "="))
    if condition.label == "status" and not any(positive.matches({"status": one}) for one in STATUSES):
        what = message("workspace:alerts.status", value=condition.value)
        raise UsageError(what, do=message("workspace:alerts.statuses", statuses=STATUSES))


def _reference(value: str) -> str:
    if not is_reference(value):
        raise InvalidValue(message("workspace:mail.url"))
    return value


#: A time such as `30s`, `5m`, `1h30m`.
Duration = Annotated[
    timedelta, BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", "examples": ["30s", "5m", "4h"]}),
]  # fmt: skip
#: A time above zero.
Period = Annotated[Duration, AfterValidator(_some)]
LabelMatcher = Annotated[
    Matcher, BeforeValidator(_matcher), PlainSerializer(str),
    WithJsonSchema({"type": "string", "examples": ["status=fail", 'check=~"uplink|isis"']}),
]  # fmt: skip
Reference = Annotated[str, BeforeValidator(_reference)]


class Escalation(WorkspaceModel):
    """Receiver of alerts without an acknowledgement in time, and of those with undelivered messages."""

    receiver: str
    after: Duration = timedelta(minutes=15)


class RouteNode(WorkspaceModel):
    """Node of the routing tree: absent values are those of the parent. The first fitting child takes an alert, further
    ones after `continue`; the node itself without any."""

    receiver: str = ""
    matchers: tuple[LabelMatcher, ...] = ()
    group_by: tuple[str, ...] | None = Field(default=None, description="Labels of a group; `...` is all of them")
    group_wait: Duration | None = Field(default=None, description="Before the first message of a group; 30s")
    group_interval: Period | None = Field(default=None, description="Before a message about changes; 5m")
    repeat_interval: Period | None = Field(default=None, description="Before the same message again; 4h")
    go_on: bool = Field(default=False, alias="continue", description="Fitting siblings below take the alert too")
    escalate: Escalation | None = None
    routes: tuple[RouteNode, ...] = ()

    def tree(self) -> Iterator[RouteNode]:
        """Yield the node and all below."""
        yield self
        for child in self.routes:
            yield from child.tree()


class InhibitRule(WorkspaceModel):
    """Alerts with fitting `target_matchers` are muted while another with equal labels fits `source_matchers`."""

    source_matchers: tuple[LabelMatcher, ...] = Field(min_length=1)
    target_matchers: tuple[LabelMatcher, ...] = Field(min_length=1)
    equal: tuple[str, ...] = ()


class Contact(ReminderSettings):
    """Addresses of a person: mail, and Apprise URLs as references."""

    lang: Lang | None = Field(default=None, description="Language of the messages: vi, en")


class Receiver(Contact):
    """Addresses, people by their name or staff number in the roster, or those on duty in a role at the minute."""

    name: str = Field(min_length=1)
    role: Literal["LD", "DH", "CA", "UC", "VH", ""] = ""
    venue: str = Field(default="", description="Only people of the role on duty at this venue")
    people: tuple[str, ...] = ()
    send_resolved: bool = True

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.role or self.people or self.addresses):
            raise InvalidValue(message("workspace:alerts.empty", receiver=self.name))
        return self


class AlertmanagerFile(WorkspaceModel):
    """alerts.yaml with an Alertmanager, which routes, repeats, silences and sends."""

    to: Literal["alertmanager"]
    alertmanager: Reference = Field(description="Reference to the URL of the Alertmanager")
    lang: Lang = Field(default="vi", description="Language of the summaries: vi, en")
    heartbeat: Reference | None = Field(default=None, description="Reference to a URL that is called every minute")

    def addresses(self) -> tuple[str, ...]:
        """Return the references to servers."""
        return tuple(filter(None, (self.alertmanager, self.heartbeat)))


class AlertsFile(WorkspaceModel):
    """alerts.yaml with own routes and receivers."""

    to: Literal["receivers"] = "receivers"
    route: RouteNode
    receivers: tuple[Receiver, ...] = Field(min_length=1)
    people: dict[str, Contact] = Field(default={}, description="Addresses by name or staff number of the roster")
    lang: Lang = Field(default="vi", description="Language of the messages to all without their own: vi, en")
    inhibit_rules: tuple[InhibitRule, ...] = ()
    heartbeat: Reference | None = Field(default=None, description="Reference to a URL that is called every minute")

    @field_validator("route")
    @classmethod
    def _root(cls, route: RouteNode) -> RouteNode:
        if route.matchers or not route.receiver:
            raise InvalidValue(message("workspace:alerts.root"))
        return route

    def matchers(self) -> Iterator[Matcher]:
        """Yield the conditions of routes and rules."""
        for node in self.route.tree():
            yield from node.matchers
        for rule in self.inhibit_rules:
            yield from (*rule.source_matchers, *rule.target_matchers)

    def labels(self) -> Iterator[str]:
        """Yield the labels of routes and rules."""
        yield from (one.label for one in self.matchers())
        for node in self.route.tree():
            yield from set(node.group_by or ()) - {EACH}
        for rule in self.inhibit_rules:
            yield from rule.equal

    def receiver(self, name: str) -> Receiver:
        """Return a receiver. Raises StopIteration for an unknown name."""
        return next(one for one in self.receivers if one.name == name)

    def addresses(self) -> tuple[str, ...]:
        """Return the mail addresses and references of all receivers, people and servers."""
        contacts: list[Contact] = [*self.receivers, *self.people.values()]
        found = [address for one in contacts for address in one.addresses]
        return tuple(dict.fromkeys([*found, *filter(None, [self.heartbeat])]))


#: Content of alerts.yaml: own routes, or an Alertmanager.
AnyAlertsFile: TypeAlias = AlertsFile | AlertmanagerFile
#: Keys of one form that the other one has not.
_OF_ROUTES, _OF_ALERTMANAGER = ("route", "receivers", "people", "inhibit_rules"), ("alertmanager",)


def load_alerts(folder: Path) -> AnyAlertsFile | None:
    """Read alerts.yaml of a workspace; None for an absent file. Raises WorkspaceError."""
    path = folder / "inventory" / FILE
    if not path.exists():
        return None
    document = load_yaml(path)
    content = document.mapping()
    posts = content.get("to") == "alertmanager"
    raise_errors([
        document.error(message("workspace:alerts.not_both" if posts else "workspace:alerts.to", key=key), key)
        for key in (_OF_ROUTES if posts else _OF_ALERTMANAGER)
        if key in content
    ])  # fmt: skip
    found = document.validate(AlertmanagerFile) if posts else _routes(document)
    return found if "lang" in content else found.model_copy(update={"lang": language_of(country_of(folder))})


def _routes(document: YamlDocument) -> AlertsFile:
    found = document.validate(AlertsFile)
    names = [one.name for one in found.receivers]
    nodes = tuple(found.route.tree())
    used = [*(node.receiver for node in nodes), *(node.escalate.receiver for node in nodes if node.escalate)]
    problems = [
        document.error(message("workspace:alerts.receiver", receiver=name), "route", do=suggest(name, names))
        for name in dict.fromkeys(filter(None, used))
        if name not in names
    ]
    problems += [
        document.error(message("workspace:alerts.person", person=name), "receivers", n, do=suggest(name, found.people))
        for n, one in enumerate(found.receivers)
        for name in one.people
        if name not in found.people
    ]
    problems += [
        document.error(message("workspace:alerts.label", label=name), "route", do=suggest(name, LABELS))
        for name in dict.fromkeys(found.labels())
        if name not in LABELS
    ]
    problems += [
        document.error(message("workspace:alerts.twice", receiver=name), "receivers", n)
        for n, name in enumerate(names)
        if name in names[:n]
    ]
    raise_errors(problems)
    return found
