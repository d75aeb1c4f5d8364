"""A bundle: one zip with four JSON parts and a manifest of their hashes, which an operator's key signs.

manifest.json, signature (64 bytes over the manifest's bytes), run.json, duties.json, roster.json, incidents.json.
Reading trusts nothing before the signature holds: no name, no size, no word of it.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from eventready import __version__
from eventready.clock import Clock
from eventready.delivery.parts import (
    PARTS,
    SCHEMA,
    DutiesPart,
    IncidentsPart,
    Manifest,
    Part,
    PartName,
    RosterPart,
    RunPart,
)
from eventready.errors import EventreadyError, RefusedError, UsageError
from eventready.keys import PrivateKey, PublicKey
from eventready.run import canonical

MANIFEST, SIGNATURE = "manifest.json", "signature"
NAMES = frozenset({MANIFEST, SIGNATURE, *(f"{name}.json" for name in PARTS)})

#: Bytes of a bundle, and of each thing in it when unpacked.
LARGEST = 20_000_000
LARGEST_PART = 64_000_000
LARGEST_MANIFEST = 100_000

#: A bundle from tomorrow has a wrong clock, or a forger.
_AHEAD = timedelta(minutes=10)
_TIMELESS = (2000, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Bundle:
    """A bundle that holds; `sha256` names its bytes."""

    manifest: Manifest
    operator: str
    run: RunPart
    duties: DutiesPart
    roster: RosterPart
    incidents: IncidentsPart
    sha256: str


@dataclass(frozen=True)
class Wanted:
    """Which bundles are taken: of which event, signed by whom, how old at most on the event's clock."""

    event: str
    keys: Mapping[str, PublicKey]
    moment: datetime
    oldest: timedelta
    rehearsal: bool


def pack(parts: Mapping[PartName, Part], event: str, key: PrivateKey, clock: Clock) -> bytes:
    """The bytes of a signed bundle."""
    files = {name: canonical(part.model_dump(mode="json")) for name, part in parts.items()}
    manifest = canonical(
        {
            "schema": SCHEMA,
            "event": event,
            "operator": key.public.operator,
            "key": key.public.id,
            "made": clock.now().isoformat(timespec="seconds"),
            "made_real": clock.real().isoformat(timespec="seconds"),
            "rehearsal": clock.rehearsal,
            "tool": f"eventready {__version__}",
            "parts": {name: {"sha256": _sha(data), "size": len(data)} for name, data in files.items()},
        }
    )
    held = {MANIFEST: manifest, SIGNATURE: key.sign(manifest), **{f"{name}.json": d for name, d in files.items()}}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in held.items():
            archive.writestr(zipfile.ZipInfo(name, _TIMELESS), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpack(data: bytes, wanted: Wanted) -> Bundle:
    """The bundle in these bytes. Raises UsageError for what is none, RefusedError for one that must not be taken."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _only_ours(archive)
            raw = _read(archive, MANIFEST, LARGEST_MANIFEST)
            manifest = _manifest(raw)
            operator = _signed(manifest, _read(archive, SIGNATURE, 64), raw, wanted.keys)
            _wanted(manifest, wanted)
            parts = {name: _part(archive, name, manifest) for name in PARTS}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise UsageError(f"this is no bundle, or it is damaged ({error})", do="Ask for it again.") from None
    run, duties, roster, incidents = (parts[name] for name in PARTS)
    if not (
        isinstance(run, RunPart)
        and isinstance(duties, DutiesPart)
        and isinstance(roster, RosterPart)
        and isinstance(incidents, IncidentsPart)
    ):
        raise TypeError("the parts are not in their order")
    return Bundle(manifest, operator, run, duties, roster, incidents, _sha(data))


def _only_ours(archive: zipfile.ZipFile) -> None:
    """Exactly the files of a bundle, each once, none of them huge. Nothing is ever written to disk by its name."""
    names = [info.filename for info in archive.infolist()]
    strange = next((name for name in names if name not in NAMES), None)
    if strange is not None:
        raise _foreign(f"it holds something that no bundle has: {strange[:80]!r}")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in archive.infolist()):
        raise _foreign("it is packed in a way that no bundle is")
    if len(names) != len(set(names)):
        raise _foreign("it holds the same file twice")
    missing = sorted(NAMES - set(names))
    if missing:
        raise UsageError(f"this is no bundle: {', '.join(missing)} is missing", do="Ask for it again.")


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A file, as far as it may go whatever its size is said to be. Raises UsageError."""
    with archive.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise _foreign(f"{name} unpacks to more than {most / 1e6:g} MB")
    return data


def _manifest(raw: bytes) -> Manifest:
    plain = _json(raw, MANIFEST)
    schema = plain.get("schema")
    if schema != SCHEMA:
        raise UsageError(f"it is written as {str(schema)[:60]!r}, and this eventready reads {SCHEMA}", do="Update it.")
    try:
        manifest = Manifest.model_validate(plain)
    except ValidationError as error:
        raise _malformed(MANIFEST, error) from None
    if manifest.made.tzinfo is None or set(manifest.parts) != set(PARTS):
        raise UsageError(f"{MANIFEST} does not name its time or its parts", do="Ask for it again.")
    return manifest


def _signed(manifest: Manifest, signature: bytes, raw: bytes, keys: Mapping[str, PublicKey]) -> str:
    """The operator whose key signed it, by the name under which the key was published. Raises RefusedError."""
    key = keys.get(manifest.key)
    if key is None:
        raise RefusedError(
            f"nobody whose key is known signed it (key {manifest.key[:60]})",
            do="Ask the operator for the published key.",
        )
    if not key.verifies(signature, raw):
        raise RefusedError(f"it was altered: the signature of {key.operator} does not hold", do="Ask for it again.")
    if manifest.operator != key.operator:
        raise RefusedError(
            f"it says that it is of {manifest.operator!r}, and the key is that of {key.operator!r}", do="Ask both."
        )
    return key.operator


def _wanted(manifest: Manifest, wanted: Wanted) -> None:
    if manifest.event != wanted.event:
        raise RefusedError(
            f"it is of another event ({manifest.event}, not {wanted.event})", do="Ask for the right one."
        )
    age = wanted.moment - manifest.made
    made = f"{manifest.made.astimezone(wanted.moment.tzinfo):%d/%m/%Y %H:%M}"
    if age > wanted.oldest:
        raise RefusedError(
            f"it is too old: made {made}, more than {wanted.oldest.days} days ago", do="Ask for a new one."
        )
    if age < -_AHEAD:
        raise RefusedError(f"it was made in the future ({made})", do="Compare the clocks.")
    if manifest.rehearsal and not wanted.rehearsal:
        raise RefusedError("it was made in a rehearsal (--now)", do="Ask for a real one.")


def _part(archive: zipfile.ZipFile, name: PartName, manifest: Manifest) -> Part:
    file = f"{name}.json"
    data = _read(archive, file, LARGEST_PART)
    if _sha(data) != manifest.parts[name].sha256:
        raise RefusedError(f"it was altered: {file} is not what was signed", do="Ask for it again.")
    try:
        return PARTS[name].model_validate(_json(data, file))
    except ValidationError as error:
        raise _malformed(file, error) from None


def _json(data: bytes, name: str) -> dict[str, object]:
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise UsageError(f"{name} is no JSON object", do="Ask for it again.")
    return plain


def _malformed(name: str, error: ValidationError) -> EventreadyError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return UsageError(f"{name} does not hold: {place[:80]}: {first['msg'][:160]}", do="Ask for it again.")


def _foreign(what: str) -> EventreadyError:
    return RefusedError(what, do="Do not open it; ask the operator for a bundle.")


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
