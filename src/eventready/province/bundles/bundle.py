"""A bundle: a zip archive with four JSON parts and a signed manifest of their hashes.

Files: manifest.json, signature (64 bytes over the manifest), run.json, duties.json, roster.json, incidents.json.
Nothing of an archive is used before its signature is verified.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from eventready import __version__
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.core.messages import Message, message
from eventready.core.records import Shape, ShapeError
from eventready.core.timezone import local_time
from eventready.delivery.checkpoint_files import LARGEST_MANIFEST, MANIFEST
from eventready.province.bundles.parts import (
    DUTIES,
    INCIDENT_LIST,
    PARTS,
    ROSTER,
    RUN,
    BundlePart,
    DutiesPart,
    IncidentsPart,
    Manifest,
    PartDigest,
    PartName,
    RosterPart,
    RunPart,
)
from eventready.province.bundles.parts import MANIFEST as DOCUMENT
from eventready.store.integrity import Checkpoint
from eventready.workspace.keys.signing_keys import PrivateKey, PublicKey

SIGNATURE = "signature"
NAMES = frozenset({MANIFEST, SIGNATURE, *(f"{name}.json" for name in PARTS)})

#: Bytes of a bundle, of a part and of the manifest when unpacked.
LARGEST, LARGEST_PART = 5_000_000, 8_000_000

P = TypeVar("P")

#: Tolerated difference of two clocks.
_AHEAD = timedelta(minutes=10)
_TIMELESS = (2000, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Position:
    """Place of a bundle in the chain of its operator: number from 1, and digest of the bundle before."""

    number: int = 1
    previous: str = ""


@dataclass(frozen=True)
class Bundle:
    """Verified bundle; `digest` is the hash of its manifest and its name."""

    manifest: Manifest
    operator: str
    run: RunPart
    duties: DutiesPart
    roster: RosterPart
    incidents: IncidentsPart
    digest: str


@dataclass(frozen=True)
class BundlePolicy:
    """Accepted bundles: their event, the known keys, and the greatest age at `moment`, the event's time."""

    event: str
    keys: Mapping[str, PublicKey]
    moment: datetime
    oldest: timedelta
    rehearsal: bool


def pack(
    parts: Mapping[PartName, BundlePart],
    event: str,
    key: PrivateKey,
    clock: Clock,
    *,
    position: Position = Position(),
    checkpoint: Checkpoint | None = None,
    earlier: Mapping[int, str] | None = None,
) -> bytes:
    """Return a signed bundle. `earlier`: hashes of the runs signed by earlier bundles, by position."""
    files = {name: Shape(type(part)).encode(part) for name, part in parts.items()}
    manifest = DOCUMENT.encode(
        Manifest(
            event=event,
            operator=key.public.operator,
            key=key.public.id,
            number=position.number,
            made=clock.now().replace(microsecond=0),
            made_real=clock.real().replace(microsecond=0),
            rehearsal=clock.rehearsal,
            parts={name: PartDigest(_sha(data), len(data)) for name, data in files.items()},
            previous=position.previous,
            tool=f"eventready {__version__}",
            checkpoint=checkpoint,
            earlier={str(run): sha256 for run, sha256 in (earlier or {}).items()},
        )
    )
    held = {MANIFEST: manifest, SIGNATURE: key.sign(manifest), **{f"{name}.json": d for name, d in files.items()}}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in held.items():
            archive.writestr(zipfile.ZipInfo(name, _TIMELESS), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def digest_of(data: bytes) -> str:
    """Digest of a bundle made by `pack`."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _sha(archive.read(MANIFEST))


def unpack(data: bytes, policy: BundlePolicy) -> Bundle:
    """Verify a bundle. Raises UsageError for damaged data and RefusedError for a bundle against the policy."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_names(archive)
            raw = _read(archive, MANIFEST, LARGEST_MANIFEST)
            manifest = _manifest(raw)
            operator = _signer(manifest, _read(archive, SIGNATURE, 64), raw, policy.keys)
            _check_policy(manifest, policy)
            return Bundle(
                manifest=manifest,
                operator=operator,
                run=_part(archive, "run", RUN, manifest),
                duties=_part(archive, "duties", DUTIES, manifest),
                roster=_part(archive, "roster", ROSTER, manifest),
                incidents=_part(archive, "incidents", INCIDENT_LIST, manifest),
                digest=_sha(raw),
            )
    # zipfile raises NotImplementedError for an unknown compression, and RuntimeError for an encrypted member
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise UsageError(message("delivery:bundle.damaged", reason=str(error)[:160])) from None


def _check_names(archive: zipfile.ZipFile) -> None:
    """Exactly the files of a bundle, each once. Nothing is written to disk under their names."""
    if len(archive.infolist()) > 2 * len(NAMES):
        raise _foreign(message("delivery:bundle.many"))
    names = [info.filename for info in archive.infolist()]
    foreign = next((name for name in names if name not in NAMES), None)
    if foreign is not None:
        raise _foreign(message("delivery:bundle.unknown_file", file=foreign[:80]))
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in archive.infolist()):
        raise _foreign(message("delivery:bundle.compression"))
    if len(names) != len(set(names)):
        raise _foreign(message("delivery:bundle.twice"))
    missing = sorted(NAMES - set(names))
    if missing:
        raise UsageError(message("delivery:bundle.missing", missing=missing))


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Unpack at most `most` bytes, whatever size the archive states. Raises RefusedError for more."""
    with archive.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise _foreign(message("delivery:bundle.unpacked", name=name, most=most / 1e6))
    return data


def _manifest(raw: bytes) -> Manifest:
    try:
        manifest = DOCUMENT.read(raw)
    except ShapeError as error:
        raise _malformed(MANIFEST, error) from None
    if set(manifest.parts) != set(PARTS):
        raise UsageError(message("delivery:bundle.manifest", manifest=MANIFEST))
    return manifest


def _signer(manifest: Manifest, signature: bytes, raw: bytes, keys: Mapping[str, PublicKey]) -> str:
    """Operator of the signature, by the name in its published key. Raises RefusedError."""
    key = keys.get(manifest.key)
    if key is None:
        raise RefusedError(message("delivery:bundle.unknown_key", key=manifest.key[:60]))
    if not key.verifies(signature, raw):
        raise RefusedError(message("delivery:bundle.signature", operator=key.operator))
    if manifest.operator != key.operator:
        raise RefusedError(message("delivery:bundle.other_signer", operator=manifest.operator, owner=key.operator))
    return key.operator


def _check_policy(manifest: Manifest, policy: BundlePolicy) -> None:
    if manifest.event != policy.event:
        raise RefusedError(message("delivery:bundle.event", event=manifest.event, expected=policy.event))
    made = manifest.made
    shown = f"{local_time(made):%d/%m/%Y %H:%M}"
    if made < policy.moment - policy.oldest:
        raise RefusedError(message("delivery:bundle.old", made=shown, days=policy.oldest.days))
    if made > policy.moment + _AHEAD:
        raise RefusedError(message("delivery:bundle.future", made=shown))
    if manifest.rehearsal and not policy.rehearsal:
        raise RefusedError(message("delivery:bundle.rehearsal"))


def _part(archive: zipfile.ZipFile, name: PartName, shape: Shape[P], manifest: Manifest) -> P:
    file = f"{name}.json"
    data = _read(archive, file, LARGEST_PART)
    if _sha(data) != manifest.parts[name].sha256:
        raise RefusedError(message("delivery:bundle.hash", file=file))
    try:
        return shape.read(data)
    except ShapeError as error:
        raise _malformed(file, error) from None


def _malformed(name: str, error: ShapeError) -> EventreadyError:
    return UsageError(message("delivery:bundle.invalid", name=name, reason=error.sentence))


def _foreign(what: Message) -> EventreadyError:
    return RefusedError(what, do=message("delivery:bundle.foreign"))


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
