"""risk.yaml: groups with a common cause, and a sentence for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.core.errors import WorkspaceError
from eventready.workspace.settings.risk import ends, load_risks

DEVICES = ("core-1", "edge-1")


def load(folder: Path, text: str, *, lab: bool = False) -> int:
    path = folder / "risk.yaml"
    path.write_text(text, encoding="utf-8")
    return len(load_risks(path, devices=DEVICES, lab=lab))


def test_members_are_devices_ports_and_links(tmp_path: Path) -> None:
    members = '[core-1, "core-1:Te0/1/0", "core-1:Te0/1/0 - edge-1:eth1", "edge-1:BTS 01"]'
    assert load(tmp_path, f"groups: [{{name: a, kind: duct, members: {members}}}]") == 1
    assert ends("core-1") == (("core-1", ""),)
    assert ends("core-1:Te0/1/0 - edge-1:eth1") == (("core-1", "Te0/1/0"), ("edge-1", "eth1"))
    assert load_risks(tmp_path / "none.yaml", devices=DEVICES) == ()
    assert load(tmp_path, "") == 0


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ("[{name: a, kind: duct, members: [cor-1]}]", "no such device: 'cor-1'. Did you mean 'core-1'?"),
        ("[{name: a, kind: duct, members: ['core-1:x - edge-9:y']}]", "no such device: 'edge-9'"),
        ("[{name: a, kind: duct, members: ['core-1 - edge-1:y']}]", "is no member: write `device`"),
        ("[{name: a, kind: duct, members: ['core-1:x - edge-1:y - core-1:z']}]", "is no member"),
        ("[{name: a, kind: duct, members: ['']}]", "is no member"),
        ("[{name: a, kind: duct, members: []}]", "members"),
        ("[{name: a, kind: pipe, members: [core-1]}]", "kind"),
        ("[{kind: duct, members: [core-1]}]", "name"),
        (
            "[{name: a, kind: duct, members: [core-1]}, {name: a, kind: feed, members: [core-1]}]",
            "two groups are named 'a'",
        ),
        ("[{name: core-1, kind: duct, members: [core-1]}]", "has the name of a device"),
        ("{a: b}", "groups"),
    ],
)
def test_a_mistake_is_a_sentence_with_its_line(tmp_path: Path, groups: str, sentence: str) -> None:
    with pytest.raises(WorkspaceError) as refused:
        load(tmp_path, f"groups: {groups}")
    assert sentence in str(refused.value)
    assert "risk.yaml:1" in str(refused.value)


def test_a_lab_may_play_some_of_the_devices(tmp_path: Path) -> None:
    assert load(tmp_path, "groups: [{name: a, kind: duct, members: [elsewhere]}]", lab=True) == 1
