"""Kit of a department: event, clauses and forms in a signed file, from which operators make their workspaces."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.core.files import read_bounded
from eventready.core.messages import message
from eventready.core.strings.json_text import parse_json
from eventready.core.strings.terminal_text import visible
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.keys.signing_keys import PrivateKey, PublicKey, published_key
from eventready.workspace.settings.duties import load_duties
from eventready.workspace.settings.event import ADDRESS, load_event
from eventready.workspace.settings.forms import load_forms

SCHEMA = "eventready.kit/1"

#: Bytes of a kit.
LARGEST = 5_000_000

#: Keys of event.yaml that all operators of an event share.
_SHARED = (
    "id", "name", "name_vi", "organiser", "organiser_vi", "province", "topic", "basis", "weekly_report",
    "duty_list_before", "notice_limits", "tests", "days_off",
)  # fmt: skip
_VENUE = ("id", "name", "name_vi", "services", "police")
_WINDOWS = ("event", "protected", "freeze")
_FORM = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Kit:
    """Content of a verified kit: keys of event.yaml, duties.yaml and the forms by name, and the department's key."""

    event: Mapping[str, Any]
    duties: Mapping[str, Any]
    forms: Mapping[str, Any]
    key: PublicKey


@dataclass(frozen=True)
class ReportAddress:
    """Department as the recipient of the operators' reports."""

    name: str
    email: str
    phone: str = ""


def make_kit(workspace: Path, recipient: ReportAddress, key: PrivateKey, clock: Clock) -> tuple[bytes, tuple[str, ...]]:
    """Return the signed kit of a workspace, and the clauses of which proofs by drills stay out.

    Drills name devices of an operator. Raises WorkspaceError for an invalid workspace, UsageError for an event without
    a window of kind `event`, for a clause that drills alone prove, for an invalid address and for hidden characters.
    """
    if not re.fullmatch(ADDRESS, recipient.email):
        raise UsageError(message("cli:init.email", text=recipient.email))
    inventory = workspace / "inventory"
    event = load_event(inventory / "event.yaml")
    load_duties(inventory / "duties.yaml", windows=event.windows, venues=event.venue_ids)
    load_forms(inventory / "forms")
    if not any(window.kind == "event" for window in event.windows):
        raise UsageError(message("workspace:kit.no_event"), where=str(inventory / "event.yaml"))
    plain = load_yaml(inventory / "event.yaml").mapping()
    clauses = inventory / "duties.yaml"
    duties = load_yaml(clauses).mapping() if clauses.exists() else {}
    content = {
        "schema": SCHEMA,
        "made": clock.now().isoformat(timespec="seconds"),
        "event": {
            **{name: plain[name] for name in _SHARED if name in plain},
            "recipient": {"name": recipient.name, "name_vi": recipient.name, "email": recipient.email}
            | ({"phone": recipient.phone} if recipient.phone else {}),
            "venues": [{name: venue[name] for name in _VENUE if name in venue} for venue in plain["venues"]],
            "windows": [window for window in plain["windows"] if window["kind"] in _WINDOWS],
        },
        "duties": {**duties, "duties": [_shared_duty(duty) for duty in duties.get("duties", ())]},
        "forms": {path.stem: load_yaml(path).mapping() for path in sorted((inventory / "forms").glob("*.yaml"))},
        "key": key.public.to_dict(),
    }
    _refuse_hidden(content, inventory, UsageError)
    signature = base64.b64encode(key.sign(_signed(content))).decode()
    drilled = tuple(str(duty["id"]) for duty in duties.get("duties", ()) if duty["proof"].get("drills"))
    return (json.dumps({**content, "signature": signature}, ensure_ascii=False, indent=1) + "\n").encode(), drilled


def open_kit(path: Path, fingerprint: str) -> Kit:
    """Verify and return a kit. `fingerprint`: the department's, by telephone; blanks, colons and case are free.

    Raises UsageError for another file and without a fingerprint, RefusedError for another key and an altered kit.
    """
    plain = _read(path)
    try:
        key = _key(plain["key"], path)
        signature = base64.b64decode(plain.pop("signature"), validate=True)
        clauses = [dict(duty) for duty in plain["duties"].get("duties", ())]
        kit = Kit(dict(plain["event"]), {**plain["duties"], "duties": clauses}, dict(plain["forms"]), key)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _no_kit(path) from None
    if not fingerprint.strip():
        do = message("workspace:kit.compare.do", operator=key.operator, key=key.id)
        raise UsageError(message("workspace:kit.compare"), where=str(path), do=do)
    if (given := len(_digits(fingerprint))) < (whole := len(_digits(key.id))):
        raise UsageError(message("workspace:kit.short", given=given, whole=whole), where=str(path))
    if _digits(fingerprint) != _digits(key.id):
        raise RefusedError(message("workspace:kit.key", key=key.id), where=str(path))
    if not key.verifies(signature, _signed(plain)):
        raise RefusedError(message("workspace:kit.altered", operator=key.operator), where=str(path))
    if foreign := next((name for name in kit.forms if not _FORM.fullmatch(name)), None):
        raise RefusedError(message("workspace:kit.form", name=foreign[:80]), where=str(path))
    _refuse_hidden(plain, path, RefusedError)
    return kit


def _refuse_hidden(content: Any, where: Path, error: type[EventreadyError]) -> None:
    """Raise an error for a text with control or bidirectional characters."""
    if hidden := next((text for text in _texts(content) if visible(text) != text), None):
        raise error(message("workspace:kit.hidden", text=visible(hidden)[:80]), where=str(where))


def _texts(content: Any) -> Iterator[str]:
    """Yield the keys and texts of JSON data."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping | list):
        for part in content.items() if isinstance(content, Mapping) else content:
            yield from _texts(list(part) if isinstance(part, tuple) else part)


def _key(published: Any, path: Path) -> PublicKey:
    try:
        return published_key(published, str(path))
    except UsageError:
        raise UsageError(message("workspace:kit.damaged"), where=str(path)) from None


def _shared_duty(duty: Mapping[str, Any]) -> dict[str, Any]:
    """Clause for all operators, without the owner (but the department's) and without proofs by drills."""
    proof = {name: value for name, value in duty["proof"].items() if name != "drills"}
    if not any(value for name, value in proof.items() if name != "venues"):
        raise UsageError(message("workspace:kit.drills", clause=str(duty["id"])))
    own = {"not_applicable"} if duty["applies_to"] == "department" else {"not_applicable", "owner"}
    return {name: value for name, value in duty.items() if name not in own} | {"proof": proof}


def _read(path: Path) -> dict[str, Any]:
    try:
        plain = parse_json(read_bounded(path, LARGEST, "kit"))
    except ValueError:
        plain = None
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        raise _no_kit(path)
    return plain


def _no_kit(path: Path) -> UsageError:
    return UsageError(message("workspace:kit.none", schema=SCHEMA), where=str(path))


def _signed(content: Mapping[str, Any]) -> bytes:
    """Bytes under the signature."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _digits(fingerprint: str) -> str:
    return re.sub(r"[\s:]", "", fingerprint).lower()
