"""Acceptance of bundles: each file is opened alone, and a refused file leaves the others untouched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from eventready.core.errors import EventreadyError, RefusedError
from eventready.core.files import read_bounded
from eventready.core.messages import Message, message
from eventready.province.bundles.bundle import LARGEST, Bundle, BundlePolicy, unpack
from eventready.province.bundles.bundle_log import LastBundle
from eventready.province.bundles.parts import Manifest
from eventready.workspace.keys.signing_keys import PublicKey, check_names, newest


@dataclass(frozen=True)
class RefusedBundle:
    """A refused file with its reason."""

    path: Path
    error: EventreadyError


@dataclass(frozen=True)
class ReceivedBundles:
    """Accepted bundles by the operator's name, refused files, and operators with a key but without a bundle.

    `missing` are sentences about numbers that never arrived; `rewritten` by operator a sentence about a record of runs
    that contradicts the checkpoint of an earlier bundle.
    """

    bundles: tuple[Bundle, ...]
    refused: tuple[RefusedBundle, ...]
    silent: tuple[str, ...]
    missing: tuple[Message, ...] = ()
    rewritten: Mapping[str, Message] = field(default_factory=dict)


def receive(
    paths: Iterable[Path],
    policy: BundlePolicy,
    last: Mapping[str, LastBundle] | None = None,
    restarted: Collection[str] = (),
    mapped: Callable[[Bundle], Bundle] = lambda bundle: bundle,
) -> ReceivedBundles:
    """Open every file; the newest bundle of each operator counts, older ones are refused.

    `last` are the bundles accepted before; `restarted` the operators whose numbers begin again; `mapped` returns a
    bundle under the department's identifiers, or raises an error. Raises UsageError for look-alike names of operators.
    """
    known = dict(last or {})
    check_names({*known, *(key.operator for key in policy.keys.values())})
    taken: dict[str, tuple[Path, Bundle]] = {}
    refused: list[RefusedBundle] = []
    for path in paths:
        try:
            bundle = unpack(read_bounded(path, LARGEST, "bundle"), policy)
            _check_key(bundle, known.get(bundle.operator), policy.keys)
            if bundle.operator not in restarted:
                _check_chain(bundle, known.get(bundle.operator))
            bundle = mapped(bundle)
        except EventreadyError as error:
            refused.append(RefusedBundle(path, error))
            continue
        other = taken.get(bundle.operator)
        if other is None:
            taken[bundle.operator] = path, bundle
            continue
        older, newer = sorted((other, (path, bundle)), key=lambda pair: _order(pair[1]))
        taken[bundle.operator] = newer
        refused.append(RefusedBundle(older[0], _superseded(older[1], newer)))
    operators = {key.operator for key in policy.keys.values()}
    accepted = tuple(taken[name][1] for name in sorted(taken))
    missing = tuple(filter(None, (_gap(bundle, known.get(bundle.operator)) for bundle in accepted)))
    compared = {bundle.operator: _rewritten(bundle, known.get(bundle.operator)) for bundle in accepted}
    rewritten = {operator: sentence for operator, sentence in compared.items() if sentence}
    return ReceivedBundles(accepted, tuple(refused), tuple(sorted(operators - set(taken))), missing, rewritten)


def _order(bundle: Bundle) -> tuple[int, datetime]:
    return bundle.manifest.number, bundle.manifest.made_real


def _check_key(bundle: Bundle, last: LastBundle | None, keys: Mapping[str, PublicKey]) -> None:
    """Compare the key with the key of the operator's last bundle and its successors. Raises RefusedError."""
    own = {key.id: key for key in keys.values() if key.operator == bundle.operator}
    current = newest(own.values())
    if bundle.manifest.key != current.id:
        raise RefusedError(message("delivery:receive.succeeded", operator=bundle.operator, key=current.id))
    if last is not None and last.key not in own:
        raise RefusedError(
            message("delivery:receive.no_succession", operator=bundle.operator, last=last.key, key=current.id)
        )


def _check_chain(bundle: Bundle, last: LastBundle | None) -> None:
    """Compare a bundle with the last accepted bundle. Raises RefusedError for an older bundle and for a fork."""
    manifest = bundle.manifest
    if last is None or bundle.digest == last.digest:
        return
    name, before = _name(LastBundle.of(bundle)), _name(last)
    if _is_older(manifest, last):
        raise RefusedError(message("delivery:receive.replayed", bundle=name, operator=bundle.operator, before=before))
    if manifest.number == last.number + 1 and manifest.previous != last.digest:
        raise RefusedError(
            message("delivery:receive.no_continuation", bundle=name, operator=bundle.operator, before=before)
        )


def _is_older(manifest: Manifest, last: LastBundle) -> bool:
    """Return True for a number or a date before those of the last accepted bundle."""
    return manifest.number <= last.number or manifest.made_real < last.made


def _gap(bundle: Bundle, last: LastBundle | None) -> Message | None:
    """Return a sentence about missing numbers between two accepted bundles."""
    if last is None or (final := bundle.manifest.number - 1) < (first := last.number + 1):
        return None
    if first == final:
        return message("cli:consolidate.missing_one", operator=bundle.operator, number=first)
    return message("cli:consolidate.missing_several", operator=bundle.operator, first=first, last=final)


def _rewritten(bundle: Bundle, last: LastBundle | None) -> Message | None:
    """Return a sentence about a run signed before and altered or missing in the operator's record now."""
    if last is None or not last.run:
        return None
    position, head = bundle.manifest.signed
    stated = {int(run): sha256 for run, sha256 in bundle.manifest.earlier.items()} | {position: head}
    found = stated.get(last.run)
    if found == last.head:
        return None
    sentence = "cli:consolidate.lost_run" if found is None else "cli:consolidate.altered_run"
    return message(sentence, operator=bundle.operator, run=last.run, bundle=_name(last))


def _name(one: LastBundle) -> Message:
    return message("cli:consolidate.bundle", number=one.number)


def _superseded(older: Bundle, newer: tuple[Path, Bundle]) -> EventreadyError:
    file, other = newer
    if older.digest == other.digest:
        return RefusedError(message("delivery:receive.same", file=str(file)))
    names = {"older": _name(LastBundle.of(older)), "newer": _name(LastBundle.of(other))}
    return RefusedError(message("delivery:receive.older", operator=older.operator, file=str(file), **names))
