"""alerts.yaml: wrong content is refused with its place, durations and matchers are read as Alertmanager writes them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from eventready.core.errors import WorkspaceError
from eventready.core.strings.matchers import Matcher
from eventready.workspace.settings.alerts import AlertmanagerFile, AlertsFile, AnyAlertsFile, load_alerts

RIGHT = """
route:
  receiver: duty
  group_wait: 1m30s
  routes:
    - matchers: ['check=~"cell|site"']
      receiver: chief
      continue: true
receivers:
  - {name: duty, role: CA}
  - {name: chief, people: [An]}
people:
  An: {mail: [an@example.vn], apprise: ["env:EVENTREADY_CHIEF"]}
heartbeat: env:EVENTREADY_HEARTBEAT
"""


def load(folder: Path, content: str) -> AnyAlertsFile | None:
    (folder / "inventory").mkdir()
    (folder / "inventory" / "alerts.yaml").write_text(content, encoding="utf-8")
    return load_alerts(folder)


def test_a_right_file_is_read(tmp_path: Path) -> None:
    assert load_alerts(tmp_path) is None
    found = load(tmp_path, RIGHT)
    assert isinstance(found, AlertsFile)
    assert found.route.group_wait == timedelta(seconds=90)
    assert found.route.routes[0].matchers == (Matcher("check", "=~", "cell|site"),)
    assert found.addresses() == ("an@example.vn", "env:EVENTREADY_CHIEF", "env:EVENTREADY_HEARTBEAT")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("receiver: chief", "receiver: chef", ":2: there is no receiver chef."),
        ("check=~", "checks=~", "no alert has a label checks"),
        ("group_wait: 1m30s", "repeat_interval: 0s", "without a time between them"),
        ("people: [An]", "people: [Anh]", ":11: Anh has no addresses"),
        ("name: chief", "name: duty", "there are two receivers duty"),
        ("role: CA", "role: XX", ":10: "),
        (", role: CA", "", "the receiver duty has no role, person or address"),
        ("1m30s", "ninety", "'ninety' is no time"),
        ("1m30s", "999999d", "'999999d' is longer than 31 days"),
        (
            'check=~"cell|site"',
            "status=failed",
            "no alert has the status failed. An alert has one of these: fail, warn",
        ),
        ('check=~"cell|site"', 'status!~"pass|down"', "no alert has the status pass|down"),
        ('check=~"cell|site"', "check=~(a+)+", "is no regular expression"),
        ("  group_wait", "  matchers: [a=b]\n  group_wait", "the first route needs a receiver"),
        ("env:EVENTREADY_HEARTBEAT", "https://example.vn/secret", "alerts.yaml:14: "),
        ("env:EVENTREADY_CHIEF", "tgram://secret", "alerts.yaml:13: "),
        ("heartbeat:", "heart:", "heart"),
        ("heartbeat:", "alertmanager: env:AM\nheartbeat:", "alerts.yaml:14: `alertmanager` is for alerts.yaml with"),
        ("\nroute:", "to: alertmanager\nalertmanager: env:AM\nroute:", "alerts.yaml:3: with `to: alertmanager` the"),
        ("\nroute:", "to: pager\nroute:", "alerts.yaml:1: "),
    ],
)
def test_wrong_content_is_refused_with_its_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    assert old in RIGHT
    with pytest.raises(WorkspaceError) as refused:
        load(tmp_path, RIGHT.replace(old, new))
    shown = str(refused.value)
    assert place in shown
    assert "secret" not in shown


def test_an_alertmanager_stands_in_place_of_routes_and_receivers(tmp_path: Path) -> None:
    found = load(tmp_path, "to: alertmanager\nalertmanager: env:EVENTREADY_AM\nheartbeat: env:EVENTREADY_BEAT\n")
    assert isinstance(found, AlertmanagerFile)
    assert found.addresses() == ("env:EVENTREADY_AM", "env:EVENTREADY_BEAT")
