"""Kit of a department: event, clauses and forms in a signed file, from which operators make their workspaces."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.core.files import read_bounded
from eventready.core.messages import message
from eventready.core.records import Binary, JsonDocument
from eventready.core.strings.terminal_text import visible
from eventready.workspace.files.yaml_document import load_optional, load_yaml
from eventready.workspace.keys.signing_keys import PrivateKey, PublicKey, published_key
from eventready.workspace.settings.duties import Duty, load_duties
from eventready.workspace.settings.event import ADDRESS, load_event
from eventready.workspace.settings.forms import load_forms

SCHEMA = "eventready.kit/1"

#: Bytes of a kit.
LARGEST = 5_000_000

#: Keys of event.yaml that all operators of an event share.
_SHARED = (
    "id", "name", "name_vi", "organiser", "organiser_vi", "province", "zone", "country", "topic", "basis",
    "weekly_report", "duty_list_before", "notice_limits", "tests", "days_off",
)  # fmt: skip
_VENUE = ("id", "name", "name_vi", "services", "police")
_WINDOWS = ("event", "protected", "freeze")
_WINDOW = ("kind", "from", "to", "name", "name_vi", "venues")
_RECIPIENT = ("name", "name_vi", "email", "phone")
#: Keys of a clause that each operator has of its own; the owner of the department's clauses is shared.
_OWN = frozenset({"not_applicable", "owner"})
_FORM = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class KitDuties:
    """Content of duties.yaml."""

    duties: tuple[dict[str, JsonValue], ...] = ()
    documents: dict[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class _KitFile:
    made: str
    event: dict[str, JsonValue]
    duties: KitDuties
    forms: dict[str, dict[str, JsonValue]]
    key: dict[str, JsonValue]
    signature: Binary = b""


_FORMAT = JsonDocument(SCHEMA, _KitFile)


@dataclass(frozen=True)
class Kit:
    """Content of a verified kit: keys of event.yaml, duties.yaml and the forms by name, and the department's key."""

    event: dict[str, JsonValue]
    duties: KitDuties
    forms: dict[str, dict[str, JsonValue]]
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
    duties = load_duties(inventory / "duties.yaml", windows=event.windows, venues=event.venue_ids).duties
    load_forms(inventory / "forms")
    if not any(window.kind == "event" for window in event.windows):
        raise UsageError(message("workspace:kit.no_event"), where=str(inventory / "event.yaml"))
    plain = load_yaml(inventory / "event.yaml").mapping()
    clauses = load_optional(inventory / "duties.yaml").mapping()
    shared = map(_shared_duty, duties, clauses.get("duties", ()))
    address = {"name": recipient.name, "name_vi": recipient.name, "email": recipient.email}
    kit = _KitFile(
        made=clock.now().isoformat(timespec="seconds"),
        event={
            **_only(_SHARED, plain),
            "recipient": {**address, **({"phone": recipient.phone} if recipient.phone else {})},
            "venues": [_only(_VENUE, venue) for venue in plain["venues"]],
            "windows": [_only(_WINDOW, window) for window in plain["windows"] if window["kind"] in _WINDOWS],
        },
        duties=KitDuties(tuple(shared), clauses.get("documents") or {}),
        forms={path.stem: load_yaml(path).mapping() for path in sorted((inventory / "forms").glob("*.yaml"))},
        key=key.public.to_dict(),
    )
    _refuse_hidden(_FORMAT.plain(kit), inventory, UsageError)
    content = _FORMAT.plain(replace(kit, signature=key.sign(_FORMAT.encode(kit))))
    drilled = tuple(duty.id for duty in duties if duty.proof.drills)
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode(), drilled


def open_kit(path: Path, fingerprint: str) -> Kit:
    """Verify and return a kit. `fingerprint`: the department's, by telephone; blanks, colons and case are free.

    Raises UsageError for another file and without a fingerprint, RefusedError for another key and an altered kit.
    """
    try:
        kit = _FORMAT.read(read_bounded(path, LARGEST, "kit"))
    except ValueError:
        raise UsageError(message("workspace:kit.none", schema=SCHEMA), where=str(path)) from None
    key = _key(kit.key, path)
    if not fingerprint.strip():
        do = message("workspace:kit.compare.do", operator=key.operator, key=key.id)
        raise UsageError(message("workspace:kit.compare"), where=str(path), do=do)
    if (given := len(_digits(fingerprint))) < (whole := len(_digits(key.id))):
        raise UsageError(message("workspace:kit.short", given=given, whole=whole), where=str(path))
    if _digits(fingerprint) != _digits(key.id):
        raise RefusedError(message("workspace:kit.key", key=key.id), where=str(path))
    if not key.verifies(kit.signature, _FORMAT.encode(replace(kit, signature=b""))):
        raise RefusedError(message("workspace:kit.altered", operator=key.operator), where=str(path))
    if foreign := next((name for name in kit.forms if not _FORM.fullmatch(name)), None):
        raise RefusedError(message("workspace:kit.form", name=foreign[:80]), where=str(path))
    if unshared := next(_unshared(kit), None):
        raise RefusedError(message("workspace:kit.unshared", key=visible(unshared)[:80]), where=str(path))
    _refuse_hidden(_FORMAT.plain(kit), path, RefusedError)
    return Kit(kit.event, kit.duties, kit.forms, key)


def _unshared(kit: _KitFile) -> Iterator[str]:
    """Yield the keys outside of kits of `make_kit`: settings of an operator's own workspace."""
    yield from _others(kit.event, (*_SHARED, "recipient", "venues", "windows"), "event")
    yield from _others(kit.event.get("recipient"), _RECIPIENT, "event.recipient")
    for name, allowed in (("venues", _VENUE), ("windows", _WINDOW)):
        entries = kit.event.get(name)
        for entry in entries if isinstance(entries, list) else ():
            yield from _others(entry, allowed, f"event.{name}")
            if name == "windows" and isinstance(entry, dict) and entry.get("kind") not in _WINDOWS:
                yield f"event.windows.kind: {entry.get('kind')}"
    for duty in kit.duties.duties:
        yield from (f"duties.{name}" for name in _own_keys(duty.get("applies_to")) if name in duty)
        proof = duty.get("proof")
        yield from ("duties.proof.drills",) if isinstance(proof, dict) and proof.get("drills") else ()


def _only(names: Iterable[str], entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in names if name in entry}


def _others(entry: JsonValue, allowed: Collection[str], place: str) -> Iterator[str]:
    if isinstance(entry, dict):
        yield from (f"{place}.{name}" for name in entry if name not in allowed)


def _own_keys(addressee: JsonValue) -> frozenset[str]:
    return _OWN - {"owner"} if addressee == "department" else _OWN


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


def _key(published: object, path: Path) -> PublicKey:
    try:
        return published_key(published, str(path))
    except UsageError:
        raise UsageError(message("workspace:kit.damaged"), where=str(path)) from None


def _shared_duty(duty: Duty, written: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Clause for all operators, without the owner (but the department's) and without proofs by drills."""
    proof = duty.proof.model_dump(mode="json", exclude_unset=True, exclude={"drills"})
    if not any(value for name, value in proof.items() if name != "venues"):
        raise UsageError(message("workspace:kit.drills", clause=duty.id))
    own = _own_keys(duty.applies_to) | {"proof"}
    return {name: value for name, value in written.items() if name not in own} | {"proof": proof}


def _digits(fingerprint: str) -> str:
    return re.sub(r"[\s:]", "", fingerprint).lower()
