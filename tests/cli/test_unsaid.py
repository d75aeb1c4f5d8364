"""`inventory import` and `inventory learn` ask for what no device tells, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from eventready.cli.context import App
from eventready.cli.declare.workspace import inventory
from eventready.core.messages import Lang

TABLE = """name,hostname,platform,role,venues
svc-dns,192.0.2.53,linux,service_host,hall
svc-log,192.0.2.54,linux,service_host,park
"""


def site(folder: Path, lang: Lang) -> App:
    inventory = folder / "inventory"
    inventory.mkdir()
    (inventory / "event.yaml").write_text(
        "id: e\nname: Event\nrecipient: {name: R, email: r@example.vn}\n"
        "venues: [{id: hall, name: Hall, services: [internet]}, {id: park, name: Park, services: [internet]}]\n"
        "origins: [{kind: upstream, device: core}]\n"
    )
    (inventory / "learn.yaml").write_text("ignore: [{device: svc-log, kind: carried}]\n")
    (inventory / "hosts.yaml").write_text(
        "core:\n  hostname: 192.0.2.1\n  platform: cisco_xe\n  data: {role: router, venues: [hall, park]}\n"
    )
    (folder / "devices.csv").write_text(TABLE)
    return App(workspace_path=folder, chosen_lang=lang)


@pytest.mark.parametrize(
    ("lang", "says"),
    [
        ("en", ["svc-dns: which `services` is it for?", "hall, park: behind which router of that venue alone"]),
        ("vi", ["svc-dns: máy chủ này dùng cho những dịch vụ nào", "hall, park: người dùng Internet ở sau"]),
    ],
)
def test_an_import_asks_whose_the_hosts_are_and_where_the_users_are(
    tmp_path: Path, lang: Lang, says: list[str]
) -> None:
    app = site(tmp_path, lang)
    imported = CliRunner().invoke(inventory, ["import", str(tmp_path / "devices.csv")], obj=app, standalone_mode=False)
    assert imported.exception is None, repr(imported.exception)
    assert all(line in imported.stderr for line in says), imported.stderr
    assert "svc-log: " not in imported.stderr

    saved = tmp_path / "saved" / "core"
    saved.mkdir(parents=True)
    app = App(workspace_path=tmp_path, output="json")
    words = ["learn", "--from", str(tmp_path / "saved"), "--check"]
    learnt = CliRunner().invoke(inventory, words, obj=app, standalone_mode=False)
    assert learnt.exception is None, repr(learnt.exception)
    kinds = [(one["kind"], one["about"], one["subject"]) for one in json.loads(learnt.stdout)["questions"]]
    assert kinds == [("carried", "svc-dns", ""), ("users", "hall", "internet"), ("users", "park", "internet")]
