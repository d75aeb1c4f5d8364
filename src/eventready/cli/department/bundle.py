"""`eventready department bundle`: signed, machine-readable report for the department, and its signing key."""

from __future__ import annotations

from pathlib import Path

from eventready.cli.context import App
from eventready.cli.duties.duties import load_event_record
from eventready.core.errors import UsageError
from eventready.core.files import write_atomic
from eventready.core.messages import message
from eventready.province.bundles.bundle import LARGEST, Position, pack
from eventready.province.bundles.bundle_log import BundleLog
from eventready.province.bundles.contents import contents
from eventready.store.store import Store
from eventready.workspace.keys.signing_keys import OWN_KEY, load_private, make_key, operator_name, public_path


def command(app: App, *, out: Path, source: str, operator: str, rehearsal: bool) -> None:
    """Write a signed bundle: the latest run, the clauses, figures of the roster, and the incidents."""
    clock = app.outgoing_clock(rehearsal=rehearsal)
    workspace, moment = app.workspace, clock.now()
    key = load_private(
        source or _own_key(app), app.workspace_path, operator_name(operator) if operator else "",
        default=operator_name(workspace.event.enterprise),
    )  # fmt: skip
    record = load_event_record(app, clock)
    parts = contents(workspace, record, moment)
    with Store.of_workspace(app.workspace_path) as store:
        log = BundleLog(store, clock)
        checkpoint = store.sign_head(key, clock) if record.run else None
        heads = store.heads(log.signed_positions())

        def build(position: Position) -> bytes:
            return pack(parts, workspace.event.id, key, clock, position=position, checkpoint=checkpoint, earlier=heads)

        data = log.make(build, checkpoint.position if checkpoint else 0)
    if len(data) > LARGEST:
        raise UsageError(message("cli:bundle.too_large", size=len(data) / 1e6, limit=LARGEST / 1e6))
    write_atomic(out, data)
    written: dict[str, str | int] = {
        "file": str(out),
        "size": len(data),
        "operator": key.public.operator,
        "key": key.public.id,
    }
    app.show(written, message("cli:bundle.written", **written))


def keygen(app: App, *, out: Path | None, operator: str, succeeds: str) -> None:
    """Create a key pair: keep the private key, publish the public key (*.key.json) and its fingerprint."""
    path = out or app.workspace_path / OWN_KEY
    name = operator_name(operator or app.workspace.event.enterprise)
    public = make_key(path, name, load_private(succeeds, app.workspace_path, name) if succeeds else None)
    files = {"private": str(path), "public": str(public_path(path))}
    app.show({**files, **public.to_dict()}, message("cli:bundle.key", **files, operator=public.operator, key=public.id))


def _own_key(app: App) -> str:
    """File of the workspace's private key. Raises UsageError for a missing file."""
    path = app.workspace_path / OWN_KEY
    if not path.is_file():
        raise UsageError(message("cli:bundle.no_key"), where=str(path))
    return str(path)
