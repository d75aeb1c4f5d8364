"""`plan` and `approve` as they are typed: what is printed, what is written, and the exit codes."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventready.change.document import PlanFile, load_plan, seal, write_plan
from eventready.change.safety.approval import approve, refuse_unapproved, refuse_unsigned
from eventready.cli.main import main
from eventready.core.clock import Clock
from eventready.session.reply import Unreachable
from eventready.workspace.keys.signing_keys import PublicKey, load_private, make_key
from eventready.workspace.workspace import load_workspace
from tests.change.fake_fleet import EVENT, FakeFleet, connect, write_workspace
from tests.change.plan.test_mends import MENDS, audited


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> FakeFleet:
    monkeypatch.setenv("USER", "hung")
    monkeypatch.setenv("LOGNAME", "hung")
    return connect(monkeypatch)


class Typed:
    """Types commands for one workspace."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def __call__(self, *words: object) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        with pytest.raises(SystemExit) as left:
            main(["-w", str(self.folder), "--now", "2022-04-25 07:00", *map(str, words)])
        found = self._capsys.readouterr()
        assert "Traceback" not in found.err
        assert isinstance(left.value.code, int)
        return left.value.code, found.out, found.err


@pytest.fixture
def typed(tmp_path: Path, fleet: FakeFleet, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(write_workspace(tmp_path), capsys)


def test_a_plan_for_people(typed: Typed, fleet: FakeFleet) -> None:
    fleet.named("box-1").answers["show archive"] = "path flash:"
    out = typed.folder / "plan.json"
    code, found, output = typed("plan", "backup", "--out", out)
    assert code == 0
    for line in (
        "box-1, box-2, box-3  box at hall: backup",
        "- standby 10 priority 100",
        "+ standby 10 priority 110",
        "Order",
        "1  box-2  (alone; the others follow if it succeeds)  about 1 min",
        "Expected: about 1 min in all",
        "box-1: revert timer",
        "box-2, box-3: NONE on the device",
        "No device-side way back: box-2, box-3",
        "box-4",
        "box-5: its `intents` do not include backup",
        "3 to change, 1 unchanged, 1 left out; 9 lines in 2 waves.",
    ):
        assert line in found.replace("-  ", "- ").replace("+  ", "+ "), line
    assert "\x1b" not in found
    assert f"apply {out}" in output
    assert load_plan(out).plan.by == "hung"


def test_the_total_of_a_plan_is_in_the_plural_of_its_numbers(typed: Typed) -> None:
    found = typed("plan", "backup", "-l", "box-1")[1]
    assert "1 to change, 0 unchanged, 0 left out; 3 lines in 1 wave." in found
    found = typed("--lang", "vi", "plan", "backup", "-l", "box-1")[1]
    assert "3 dòng lệnh trong 1 đợt." in found


def test_without_a_run_a_command_on_changes_says_what_is_missing(typed: Typed) -> None:
    for words, missing in {
        ("changes", "cancel", "latest"): "No change waits for its begin",
        ("changes", "show", "latest"): "There is no recorded change",
        ("rollback", "latest"): "There is no recorded change",
        ("apply", "--resume", "c-1"): "There is no recorded change",
        ("plan", "--remove", "latest"): "no applied plan is on record",
    }.items():
        code, _found, output = typed(*words)
        assert (code, "eventready audit" in output) == (2, False), words
        assert missing in " ".join(output.split()), words


def test_the_plan_says_what_it_rests_on_and_mends(typed: Typed) -> None:
    """The audit with its age, the open findings of its checks, and the others; in JSON too."""
    assert "No audit of all devices" in typed("plan", "backup")[1]
    (typed.folder / "templates" / "backup" / "values.yaml").write_text(MENDS)
    name = audited(typed.folder)
    code, found, _output = typed("plan", "backup")
    assert code == 0
    for line in (
        f"The audit {name} of 22/04/2022 07:00, 3 d 0 h before the plan.",
        "Open findings that it mends, by the checks of its intents (4 of 6)",
        "floating_route (backup): box-1 (2), box-3",
        "hsrp_tracking (backup): box-2",
        "Open findings that it does not touch (2 of 6)",
        "cpu (1): box-1",
        "Takes effect",
    ):
        assert line in found, line
    assert "3 ngày 0 giờ trước khi lập kế hoạch" in typed("--lang", "vi", "plan", "backup")[1]
    basis = json.loads(typed("-o", "json", "plan", "backup")[1])["basis"]
    assert (basis["run"], len(basis["mends"]), basis["untouched"][0]["check"]) == (name, 3, "cpu")


def test_a_plan_of_another_audit_is_refused(typed: Typed) -> None:
    """`apply` and `approve` refuse another statement of the findings, before the question."""
    (typed.folder / "templates" / "backup" / "values.yaml").write_text(MENDS)
    audited(typed.folder)
    out = typed.folder / "plan.json"
    assert typed("plan", "backup", "--out", out)[0] == 0
    document = load_plan(out).document["plan"]
    write_plan(out, PlanFile(plan=seal({**document, "basis": {**document["basis"], "untouched": []}})))
    for words in (("apply", out, "--yes"), ("approve", out, "--yes")):
        code, _found, output = typed(*words)
        assert code == 7
        assert "are not those of its audit" in output


def test_a_plan_for_machines(typed: Typed) -> None:
    out = typed.folder / "plan.json"
    code, found, _output = typed("plan", "backup", "--out", out, "-o", "json")
    assert code == 0
    assert json.loads(found) == json.loads(out.read_text())["plan"]
    assert json.loads(found)["schema"] == "eventready.plan/2"


def test_without_out_nothing_is_written(typed: Typed) -> None:
    before = sorted(typed.folder.rglob("*"))
    code, _reported, output = typed("plan", "backup")
    assert code == 0
    assert "No file was written" in output
    assert sorted(typed.folder.rglob("*")) == before


def test_detailed_exit_codes(typed: Typed) -> None:
    assert typed("plan", "backup", "--detailed-exitcode")[0] == 3
    code, found, output = typed(
        "plan", "backup", "-l", "box-4", "--detailed-exitcode", "--out", typed.folder / "p.json"
    )
    assert code == 0
    assert "0 to change" in found
    assert "No device needs a change" in output
    assert load_plan(typed.folder / "p.json").plan.empty


def test_a_device_that_cannot_be_read(typed: Typed, fleet: FakeFleet) -> None:
    fleet.named("box-2").error = Unreachable("box-2 does not answer")
    out = typed.folder / "plan.json"
    code, found, output = typed("plan", "backup", "--out", out, "--detailed-exitcode")
    assert (code, found) == (4, "")
    assert "box-2 does not answer" in output
    assert "-l '!box-2'" in output
    assert not out.exists()
    assert typed("plan", "backup", "--out", out, "-l", "!box-2")[0] == 0


def test_what_may_not_be_sent(typed: Typed) -> None:
    (typed.folder / "templates" / "backup" / "box.j2").write_text("reload\n")
    code, found, output = typed("plan", "backup", "--out", typed.folder / "plan.json")
    assert (code, found) == (7, "")
    assert "`reload` is not a line that backup may write" in output
    assert not (typed.folder / "plan.json").exists()


@pytest.mark.parametrize("words", [[], ["backups"], ["backup", "--workers", "0"], ["backup", "-l", "box-9"]])
def test_what_is_typed_wrongly(typed: Typed, words: list[str]) -> None:
    assert typed("plan", *words)[0] == 2


def test_other_files_are_not_written_over(typed: Typed) -> None:
    out = typed.folder / "plan.json"
    out.write_text("notes")
    code, _reported, output = typed("plan", "backup", "--out", out)
    assert code == 2
    assert "is not a plan" in output
    assert out.read_text() == "notes"
    out.unlink()
    assert typed("plan", "backup", "--out", out)[0] == 0
    assert typed("plan", "backup", "--out", out)[0] == 0  # its own unapproved plan is


def test_where_a_plan_cannot_be_written_nothing_half_written_is_left(
    typed: Typed, fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = typed.folder / "plans"
    folder.mkdir()

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        code, found, output = typed("plan", "backup", "--out", folder / "tonight.plan")
    assert (code, found) == (2, "")
    assert "tonight.plan: the plan cannot be written: No space left on device. Check" in output
    assert output.count("\n") == 1
    assert not list(folder.iterdir())
    for box in fleet.values():
        box.queries.clear()
    (folder / "file").write_text("")
    for out, may_write in ((folder / "file" / "tonight.plan", True), (folder / "new" / "tonight.plan", False)):
        with monkeypatch.context() as patch:
            patch.setattr(os, "access", lambda _path, mode, may=may_write: may or mode != os.W_OK)
            code, found, output = typed("plan", "backup", "--out", out)
        assert (code, found) == (2, "")
        assert "tonight.plan: the plan cannot be written. Choose another file with --out." in output
    assert not any(box.queries for box in fleet.values()), "no device is asked for a plan that cannot be kept"
    assert [one.name for one in folder.iterdir()] == ["file"]


# Approval


def approvers(folder: Path, *names: str, approvals: int = 1) -> dict[str, Path]:
    """Keys of these people, known to the workspace."""
    keys, lines = {}, []
    for number, name in enumerate(names):
        keys[name] = folder / f"key-{number}.pem"
        public: PublicKey = make_key(keys[name], name)
        lines.append(f"{{name: {name}, signs_with: '{public.id}'}}")
    text = EVENT.replace(
        "{batch: 2, soak_s: {}}", f"{{soak_s: {{}}, approvals: {approvals}, approvers: [{', '.join(lines)}]}}"
    )
    (folder / "inventory" / "event.yaml").write_text(text, encoding="utf-8")
    return keys


def test_two_approve_one_after_the_other(typed: Typed) -> None:
    keys = approvers(typed.folder, "Bình", "Cúc", approvals=2)
    out = typed.folder / "plan.json"
    code, _reported, output = typed("plan", "backup", "--out", out)
    assert code == 2
    assert "Give your name with --by" in output
    code, _reported, output = typed("plan", "backup", "--out", out, "--by", "Nguyễn Văn An")
    assert code == 0
    assert "It needs 2 approvals" in output
    code, found, output = typed("approve", out, "--key", keys["Bình"], "--yes")
    assert code == 0
    assert "approved by Bình" in found
    assert "It needs 1 more approval" in output
    seal = load_plan(out).plan.sha256
    code, found, _output = typed("approve", out, "--key", keys["Cúc"], "--seal", seal[:12], "-o", "json")
    assert code == 0
    assert json.loads(found)["approved_by"] == ["Bình", "Cúc"]
    assert json.loads(found)["missing"] == 0
    settings = load_workspace(typed.folder).event.changes
    assert refuse_unapproved(load_plan(out), settings, datetime.now(UTC), {}) == ("Bình", "Cúc")
    code, _reported, output = typed("plan", "backup", "--out", out, "--by", "An")
    assert code == 2
    assert "the file has an approved plan" in output


@pytest.mark.attack(family="four eyes")
def test_a_person_who_plans_under_another_name_proves_no_four_eyes(typed: Typed) -> None:
    keys = approvers(typed.folder, "Bình")
    out, words = typed.folder / "plan.json", "Four eyes are NOT proven: An, the planner, is a name without a key."
    assert words in typed("plan", "backup", "--out", out, "--by", "An")[2]
    assert words in typed("approve", out, "--key", keys["Bình"], "--yes")[2]


def test_an_approver_sees_the_plan_and_is_requested(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = approvers(typed.folder, "Bình")
    out = typed.folder / "plan.json"
    typed("plan", "backup", "--out", out, "--by", "An")
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt: "n")
    code, found, output = typed("approve", out, "--key", keys["Bình"])
    assert code == 7
    assert "the plan was not approved, and not signed" in output
    assert "+  standby 10 priority 110" in found
    assert "  > standby 10 priority 110" in found
    assert not load_plan(out).approvals
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt: "y")
    code, found, output = typed("approve", out, "--key", keys["Bình"], "-o", "json")
    assert code == 0
    assert json.loads(found)["approved_by"] == ["Bình"], "nothing else on stdout"
    assert "  > standby 10 priority 110" in output
    assert [one.by for one in load_plan(out).approvals] == ["Bình"]


def test_what_happens_to_the_file_while_one_reads(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = approvers(typed.folder, "Bình", "Cúc", approvals=2)
    out, other = typed.folder / "plan.json", typed.folder / "other.json"
    typed("plan", "backup", "--out", out, "--by", "An")
    typed("plan", "backup", "--out", other, "--by", "An", "-l", "box-1")

    def cuc_is_faster(_prompt: str) -> str:
        file = load_plan(out)
        write_plan(out, approve(file, load_workspace(typed.folder).event.changes, cuc, Clock.real()))
        return "y"

    cuc = load_private(str(keys["Cúc"]), typed.folder, "")
    monkeypatch.setattr("click.termui.visible_prompt_func", cuc_is_faster)
    assert typed("approve", out, "--key", keys["Bình"])[0] == 0
    assert [one.by for one in load_plan(out).approvals] == ["Cúc", "Bình"]

    def another_plan(_prompt: str) -> str:
        write_plan(other, PlanFile(plan=load_plan(out).plan))
        return "y"

    monkeypatch.setattr("click.termui.visible_prompt_func", another_plan)
    code, _reported, output = typed("approve", other, "--key", keys["Bình"])
    assert code == 7
    assert "replaced while you read it" in output
    assert not load_plan(other).approvals


def test_devices_with_the_same_change_are_shown_together(typed: Typed) -> None:
    found = typed("plan", "backup")[1]
    assert "box-1, box-2, box-3  box at hall: backup" in found
    assert found.count("+  standby 10 priority 110") == 1


def test_who_may_not_approve(typed: Typed) -> None:
    keys = approvers(typed.folder, "Bình")
    make_key(typed.folder / "eve.pem", "Bình")
    out = typed.folder / "plan.json"
    typed("plan", "backup", "--out", out, "--by", "Binh")
    for key, says in ((keys["Bình"], "Bình made this plan"), (typed.folder / "eve.pem", "unknown approver key")):
        code, _reported, output = typed("approve", out, "--key", key, "--yes")
        assert code == 7
        assert says in output
    code, _reported, output = typed("approve", out, "--yes")
    assert code == 2
    assert "approval.pem: you have no signing key. Give yours with --key, or make one: `eventready " in output
    assert not load_plan(out).approvals


def test_another_plan_than_the_one_that_was_meant(typed: Typed) -> None:
    keys = approvers(typed.folder, "Bình")
    out = typed.folder / "plan.json"
    typed("plan", "backup", "--out", out, "--by", "An")
    code, _reported, output = typed("approve", out, "--key", keys["Bình"], "--seal", "0000")
    assert code == 7
    assert "not with 0000" in output
    event = (typed.folder / "inventory" / "event.yaml").read_text().replace("id: fair", "id: other")
    (typed.folder / "inventory" / "event.yaml").write_text(event)
    code, _reported, output = typed("approve", out, "--key", keys["Bình"], "--yes")
    assert code == 7
    assert "for the event fair" in output


def test_no_person_approves_a_way_back_that_no_plan_has(typed: Typed) -> None:
    keys = approvers(typed.folder, "Bình")
    out = typed.folder / "plan.json"
    typed("plan", "backup", "--out", out, "--by", "An")
    document = load_plan(out).plan.document
    document["devices"][0]["backward"].append("reload")
    write_plan(out, PlanFile(plan=seal(document)))
    code, found, output = typed("approve", out, "--key", keys["Bình"], "--yes")
    assert (code, found) == (7, "")
    assert "has a forbidden line: `reload` must not be sent to box-1" in output
    assert output.count("\n") == 1
    assert not load_plan(out).approvals


def test_files_that_are_no_plans(typed: Typed) -> None:
    out = typed.folder / "plan.json"
    typed("plan", "backup", "--out", out)
    whole = out.read_text()
    for content, expected in (
        (whole.replace("priority 110", "priority 250"), 7),
        (whole[:-40], 2),
        ("", 2),
        ("\x00\xff", 2),
        (json.dumps({"plan": {"schema": "eventready.run/1"}}), 2),
    ):
        out.write_text(content, encoding="utf-8")
        code, found, output = typed("approve", out, "--yes")
        assert (code, found) == (expected, "")
        assert output.count("\n") == 1
    assert typed("approve", typed.folder / "none.json")[0] == 2


def test_a_planner_signs_with_the_own_key(typed: Typed) -> None:
    keys = {name: typed.folder / f"{name}.pem" for name in ("An", "Bình")}
    ids = {name: make_key(path, name).id for name, path in keys.items()}
    people = f"planners: [{{name: An, signs_with: '{ids['An']}'}}], "
    people += f"appliers: [{{name: Bình, signs_with: '{ids['Bình']}'}}]"
    text = EVENT.replace("{batch: 2, soak_s: {}}", f"{{soak_s: {{}}, {people}}}")
    (typed.folder / "inventory" / "event.yaml").write_text(text, encoding="utf-8")
    out = typed.folder / "plan.json"
    code, _reported, output = typed("plan", "backup", "--out", out)
    assert code == 2
    assert "you have no signing key" in output
    code, _reported, output = typed("plan", "backup", "--out", out, "--key", keys["Bình"], "--by", "An")
    assert code == 7
    assert "the key is not of the planner An in event.yaml" in output
    code, _reported, _output = typed("plan", "backup", "--out", out, "--key", keys["An"])
    assert code == 0
    file = load_plan(out)
    assert file.plan.by == "An"
    refuse_unsigned(file, load_workspace(typed.folder).event.changes)
    code, _reported, output = typed("apply", out, "--key", keys["An"])
    assert code == 7
    assert "the key is not of the operator" in output
    write_plan(out, PlanFile(plan=file.plan))
    code, _reported, output = typed("apply", out, "--key", keys["Bình"])
    assert code == 7
    assert "no valid signature of its planner An" in output
