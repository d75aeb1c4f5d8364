"""inventory/drills/*.yaml: what is read, and the sentence for what does not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.core.errors import UsageError, WorkspaceError
from eventready.drill.spec import drill_named, load_drills

GOOD = """
title: {en: Loss of an uplink, vi: Mất đường lên}
why: {en: A fibre is cut, vi: Đứt cáp quang}
requires:
  - {check: uplink, devices: [core-1]}
break:
  - {device: core-1, fault: link-down, arguments: {port: Te0/2/0}}
probes:
  - {kind: icmp, name: to the Internet, target: internet, outage_ms: 300}
predicted_by: [backup_route]
"""


def load(tmp_path: Path, text: str) -> object:
    (tmp_path / "uplink.yaml").write_text(text, encoding="utf-8")
    return load_drills(tmp_path, devices=["core-1", "bsc-1"], checks=["uplink", "backup_route"])


def test_a_drill_is_read_under_the_name_of_its_file(tmp_path: Path) -> None:
    drills = load(tmp_path, GOOD)
    assert isinstance(drills, dict)
    drill = drills["uplink"]
    assert (drill.name, drill.devices, drill.probes[0].rate) == ("uplink", ("core-1",), 50)


def test_a_workspace_without_drills_has_none(tmp_path: Path) -> None:
    assert load_drills(tmp_path / "drills", devices=[], checks=[]) == {}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("device: core-1", "device: core-9", "uplink.yaml:7: no device is called 'core-9'. Did you mean 'core-1'?"),
        ("check: uplink", "check: uplnk", "uplink.yaml:5: no check is called 'uplnk'. Did you mean 'uplink'?"),
        ("[backup_route]", "[backup]", "no check is called 'backup'. Did you mean 'backup_route'?"),
        (", outage_ms: 300", "", "a probe without a limit proves nothing. Give outage_ms."),
        ("kind: icmp", "kind: calls", "a probe without a limit proves nothing. Give refused_percent."),
        (
            "outage_ms: 300",
            "outage_ms: 10001",
            "uplink.yaml:9: the failure is repaired after 10 s, before an outage of",
        ),
        ("kind: icmp", "kind: sctp", "'kind' cannot be 'sctp'"),
        ("predicted_by: [backup_route]", "", "'predicted_by' is missing. Add it."),
        ("outage_ms: 300", "outage_ms: 300, rate: 5000", "'rate' must be at most 100"),
        ("outage_ms: 300", "outage_ms: 300, addresses: [192.0.2]", "192.0.2 is no"),
        ("outage_ms: 300", "outage_ms: 300, source_addresses: ['a;b']", "a;b is no"),
        ("vi: Mất đường lên", "vi: ''", "'vi' must not be empty"),
    ],
)
def test_what_does_not_hold_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(WorkspaceError) as error:
        load(tmp_path, GOOD.replace(old, new))
    assert sentence in str(error.value)


def test_all_files_are_complained_of_at_once(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("title: [", encoding="utf-8")
    with pytest.raises(WorkspaceError) as error:
        load(tmp_path, GOOD.replace("core-1", "core-9"))
    assert "other.yaml" in str(error.value)
    assert "core-9" in str(error.value)


def test_an_unknown_name_is_an_error_with_a_suggestion(tmp_path: Path) -> None:
    drills = load(tmp_path, GOOD)
    assert isinstance(drills, dict)
    with pytest.raises(UsageError, match=r"Did you mean 'uplink'\?"):
        drill_named(drills, "uplnk")
