"""Plans: what stands in them, that they only read, and everything that stands against one."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.change.document import Plan
from eventready.change.forms.known_forms import form_of
from eventready.change.plan.make import IncompletePlan, make_plan
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, Exit, RefusedError, UsageError, WorkspaceError
from eventready.core.messages import Message, in_english
from eventready.facts.equipment import Equipment
from eventready.facts.platform import load_platform
from eventready.session.reply import LoginRefused, ReplyStatus, Unreachable
from eventready.workspace.devices.select import select
from eventready.workspace.workspace import load_workspace
from tests.change.fake_fleet import EVENT, GROUPS, HOSTS, FakeFleet, connect, write_workspace


class Watching:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int]] = []
        self.seen: list[str] = []

    def stage(self, name: str, total: int) -> None:
        self.stages.append((name, total))

    def done(self, device: str, trouble: str | Message) -> None:
        self.seen.append(device + in_english(trouble))


class Broken(Watching):
    def stage(self, name: str, total: int) -> None:
        raise OSError("the terminal is gone")

    done = stage  # type: ignore[assignment]  # raises too, whatever it is told


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> FakeFleet:
    return connect(monkeypatch)


def plan_of(
    folder: Path, *intents: str, limit: str | None = None, watch: Watching | None = None, workers: int = 4
) -> Plan:
    workspace = load_workspace(folder)
    return make_plan(
        workspace, Equipment.of(workspace).only(select(workspace.devices, limit)), intents or ("backup",),
        clock=Clock.starting("2022-04-25 07:00"), by="An", progress=watch or Watching(), workers=workers,
    )  # fmt: skip


def against(folder: Path, *intents: str, limit: str | None = None) -> EventreadyError:
    with pytest.raises(EventreadyError) as error:
        plan_of(folder, *intents, limit=limit)
    return error.value


def test_what_stands_in_a_plan(tmp_path: Path, fleet: FakeFleet) -> None:
    watch = Watching()
    plan = plan_of(write_workspace(tmp_path), "priority", "backup", watch=watch)
    assert plan.id.startswith("p-20220425-0700")
    assert (plan.event, plan.by, plan.intents) == ("fair", "An", ("backup", "priority"))
    assert plan.created.event.startswith("2022-04-25T07:00")
    assert plan.waves == (("box-2",), ("box-3", "box-1"))
    assert plan.unmeasured == ("hall internet",)
    assert [device.name for device in plan.devices] == ["box-1", "box-2", "box-3"]
    assert plan.unchanged == ("box-4",)
    assert [(one.name, in_english(one.reason)) for one in plan.left_out] == [
        ("box-5", "its `intents` do not include backup, priority")
    ]
    one, three = plan.device("box-1"), plan.device("box-3")
    assert one.forward == ("interface eth0", "standby 10 priority 110", "exit")
    assert one.backward == ("interface eth0", "standby 10 priority 100", "exit")
    assert one.diff == ("  interface eth0", "-  standby 10 priority 100", "+  standby 10 priority 110")
    assert (one.venues, one.intents, one.guard.kind) == (("hall",), ("backup",), "inverse")
    assert one.risks == (one.guard.gap,)
    assert three.intents == ("backup", "priority")
    assert "The inventory has no redundant partner for it while it is changed." in map(in_english, three.risks)
    assert watch.stages == [("planning", 4)]
    assert sorted(watch.seen) == ["box-1", "box-2", "box-3", "box-4"]


def test_the_hashes_and_the_fragment_lead_to_the_lines_again(tmp_path: Path, fleet: FakeFleet) -> None:
    planned = plan_of(write_workspace(tmp_path), "backup", "priority").device("box-3")
    spec = load_platform("box", (tmp_path / "inventory" / "platforms",)).spec.change
    assert spec is not None
    running = form_of(spec).read(fleet.named("box-3").answers, device="box-3")
    predicted = form_of(spec).merge(running.tree, form_of(spec).parse(planned.fragment, "the plan"))
    assert planned.before == running.sha256
    assert planned.predicted == form_of(spec).fingerprint(predicted)
    assert planned.forward == form_of(spec).commands_between(running.tree, predicted)
    assert planned.backward == form_of(spec).commands_between(predicted, running.tree)


def test_it_only_reads(tmp_path: Path, fleet: FakeFleet) -> None:
    plan_of(write_workspace(tmp_path), "backup", "priority")
    platform = load_platform("box", (tmp_path / "inventory" / "platforms",))
    queries = {command for box in fleet.values() for command in box.queries}
    assert "show running" in queries
    assert all(platform.allows(command) for command in queries)


def test_two_plans_differ_in_name_and_time_only(tmp_path: Path, fleet: FakeFleet) -> None:
    folder = write_workspace(tmp_path)
    one, two = (plan_of(folder, "backup", "priority", workers=workers).document for workers in (1, 4))
    for document in (one, two):
        assert document.pop("id")
        assert document.pop("created")
        assert document.pop("sha256")
    assert one == two


def test_a_device_that_complies_has_an_empty_plan(tmp_path: Path, fleet: FakeFleet) -> None:
    plan = plan_of(write_workspace(tmp_path), limit="box-4")
    assert plan.empty
    assert (plan.waves, plan.unchanged) == ((), ("box-4",))


def test_a_guard_of_the_devices_own(tmp_path: Path, fleet: FakeFleet) -> None:
    fleet.named("box-1").answers["show archive"] = "path flash:backup\n"
    plan = plan_of(write_workspace(tmp_path, event=EVENT.replace("batch: 2", "confirm_within_s: 420")), limit="box-1")
    guard = plan.device("box-1").guard
    assert guard.kind == "revert_timer"
    assert "7 min" in in_english(guard.protects)
    assert plan.device("box-1").risks == ()


def test_a_configuration_that_is_not_saved_is_a_risk(tmp_path: Path, fleet: FakeFleet) -> None:
    box = fleet.named("box-1")
    box.answers["show startup"] = box.answers["show startup"].replace("spare", "leased line")
    del fleet.named("box-2").answers["show startup"]
    plan = plan_of(write_workspace(tmp_path), limit="box-1,box-2")
    assert any("unsaved" in in_english(risk) for risk in plan.device("box-1").risks)
    assert any("could not be read" in in_english(risk) for risk in plan.device("box-2").risks)


def test_what_is_made_anew_is_a_risk(tmp_path: Path, fleet: FakeFleet) -> None:
    box = fleet.named("box-3")
    box.answers["show running"] = box.answers["show running"].replace("line vty", "probe 10\n every 60\nline vty")
    plan = plan_of(write_workspace(tmp_path), "priority", limit="box-3")
    assert "`probe 10` is removed and created again." in map(in_english, plan.device("box-3").risks)


def test_a_broken_terminal_does_not_matter(tmp_path: Path, fleet: FakeFleet) -> None:
    assert len(plan_of(write_workspace(tmp_path), watch=Broken()).devices) == 3


def test_what_a_device_says_cannot_steer_a_terminal(tmp_path: Path, fleet: FakeFleet) -> None:
    box = fleet.named("box-1")
    box.answers["show running"] = box.answers["show running"].replace(
        "standby 10 priority 100", "standby 10 priority\t9"
    )
    error = against(write_workspace(tmp_path), limit="box-1")
    assert error.exit == Exit.REFUSED
    assert "control character" in str(error)
    assert "\t" not in str(error)


def test_an_inventory_that_cannot_stand_in_a_plan(tmp_path: Path, fleet: FakeFleet) -> None:
    hosts = HOSTS.replace("data: {pair: a,", 'data: {pair: a, endpoint: "a\\eb",')
    error = against(write_workspace(tmp_path, hosts=hosts), limit="box-1")
    assert error.exit == Exit.USAGE
    assert "box-1.endpoint" in str(error)


# What stands against a plan


def test_a_device_that_cannot_be_reached(tmp_path: Path, fleet: FakeFleet) -> None:
    fleet.named("box-2").error = Unreachable("box-2 does not answer")
    error = against(write_workspace(tmp_path))
    assert isinstance(error, IncompletePlan)
    assert error.exit == Exit.INCOMPLETE
    assert "box-2 does not answer" in str(error)
    assert "-l '!box-2'" in str(error)
    assert "\n" not in str(error)


def test_every_device_that_cannot_be_read_is_named(tmp_path: Path, fleet: FakeFleet) -> None:
    fleet.named("box-1").error = LoginRefused("the login was refused")
    fleet.named("box-2").ended = ReplyStatus.DROPPED
    fleet.named("box-3").answers["show running"] = "interface eth0\n"
    fleet.named("box-4").answers["show running"] = ""
    error = against(write_workspace(tmp_path))
    assert error.exit == Exit.INCOMPLETE
    for output in (
        "box-1: the login was refused",
        "box-2: `show running`",
        "box-3 is truncated",
        "box-4 returned no output",
    ):
        assert output in str(error)
    assert "-l '!box-1,!box-2,!box-3,!box-4'" in str(error)


def test_a_change_that_waits_to_be_confirmed(tmp_path: Path, fleet: FakeFleet) -> None:
    fleet.named("box-1").answers |= {"show archive": "path flash:", "show timer": "armed by hung"}
    error = against(write_workspace(tmp_path), limit="box-1")
    assert error.exit == Exit.INCOMPLETE
    assert "a change is pending on it (hung)" in str(error)


def test_a_guard_that_cannot_work_is_not_promised(tmp_path: Path, fleet: FakeFleet) -> None:
    """The next one is taken, and the plan says why."""
    folder = write_workspace(tmp_path)
    platform = folder / "inventory" / "platforms" / "box" / "platform.yaml"
    probe = "probes: [{command: show disk, found: free, lacks: its disk is full}]"
    platform.write_text(platform.read_text().replace("kind: revert_timer\n", f"kind: revert_timer\n      {probe}\n"))
    device = fleet.named("box-1")
    device.answers |= {"show archive": "path flash:", "show disk": "1 GB free"}
    assert plan_of(folder, limit="box-1").device("box-1").guard.kind == "revert_timer"
    for answer in ({"show disk": "nothing left"}, {}):
        device.answers = {**{key: text for key, text in device.answers.items() if key != "show disk"}, **answer}
        planned = plan_of(folder, limit="box-1").device("box-1")
        assert planned.guard.kind == "inverse"
        assert "The guard revert timer cannot be used: its disk is full." in map(in_english, planned.risks)
        assert planned.guard.gap in planned.risks


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("reload\n", "`reload` is not a line that backup may write"),
        ("line vty 0 4\n transport input none\n", "`line vty 0 4` is not a line that backup may write"),
        ("interface eth0\n standby 10 priority 300\n", "in `interface eth0` is not a line that backup may write"),
        ("interface eth0\n standby 10 priorty 90\n", "writable line is `standby {0-255} priority {1-255}`"),
        ("interface eth0\n vrrp 1 authentication text opensesame\n", "is not a line that backup may write"),
        ("interface eth1\n description x\n", "192.0.2.1"),
        ("interface eth0\n description password opensesame\n", "the plan for box-1 would contain a secret"),
    ],
)
def test_lines_that_may_not_be_sent(tmp_path: Path, fleet: FakeFleet, template: str, says: str) -> None:
    folder = write_workspace(tmp_path)
    (folder / "templates" / "backup" / "box.j2").write_text(template)
    error = against(folder, limit="box-1")
    assert isinstance(error, RefusedError)
    assert error.exit == Exit.REFUSED
    assert says in str(error)
    assert "opensesame" not in str(error)


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
@pytest.mark.parametrize(("there", "template"), [("Trạm số 1", "spare"), ("spare", "Trạm số 1")])
def test_every_line_there_and_back_can_be_sent(
    tmp_path: Path, fleet: FakeFleet, encoding: str, there: str, template: str
) -> None:
    """A description that the platform's command line would mutilate has no way back, or none there."""
    folder = write_workspace(tmp_path)
    platform = folder / "inventory" / "platforms" / "box" / "platform.yaml"
    single = "single:\n    - {line: description}"
    platform.write_text(
        platform.read_text().replace("single:", single).replace("  read:", f"  encoding: {encoding}\n  read:")
    )
    (folder / "templates" / "backup" / "box.j2").write_text(
        f"interface eth1\n description {template}\n", encoding="utf-8"
    )
    device = fleet.named("box-1")
    text = device.answers["show running"].replace("description spare", f"description {there}")
    device.answers["show running"] = text.replace("192.0.2.1", "192.0.2.77")
    if encoding == "utf-8":
        planned = plan_of(folder, limit="box-1").device("box-1")
        assert f"description {there}" in planned.backward
        return
    error = against(folder, limit="box-1")
    assert error.exit == Exit.REFUSED
    assert "a non-ASCII character, which the command line of this platform drops or changes" in str(error)
    assert ("the way back cannot be sent" in str(error)) is (template == "spare")


def test_what_a_device_cannot_be_reported(tmp_path: Path, fleet: FakeFleet) -> None:
    groups = GROUPS.replace("port: eth0", "port: eth7")
    error = against(write_workspace(tmp_path, groups=groups), limit="box-1")
    assert isinstance(error, UsageError)
    assert "there is no `interface eth7` on the device" in str(error)
    assert "templates/backup/box.j2 for box-1" in str(error)


def test_the_most_severe_wins_and_all_are_reported(tmp_path: Path, fleet: FakeFleet) -> None:
    folder = write_workspace(tmp_path)
    fleet.named("box-2").error = Unreachable("box-2 does not answer")
    text = "{% if device.name == 'box-1' %}interface eth1\n{% else %}interface eth9\n{% endif %} description x\n"
    (folder / "templates" / "backup" / "box.j2").write_text(text)
    error = against(folder)
    assert error.exit == Exit.REFUSED
    assert "192.0.2.1, the management address" in str(error)
    assert str(error).count("there is no `interface eth9`") == 1
    assert "2 devices have this error: box-3, box-4." in str(error)
    assert "-l '!box-2'" in str(error)


def test_what_does_not_hold_is_found_before_the_first_connection(tmp_path: Path, fleet: FakeFleet) -> None:
    groups = GROUPS.replace(", priority: 110", "")
    error = against(write_workspace(tmp_path, groups=groups))
    assert error.exit == Exit.USAGE
    assert "box.j2:2: the template needs 'priority', and box-1 has no value for it" in str(error)
    assert "4 devices have this error: box-1, box-2, box-3 and 1 more." in str(error)
    assert "\n" not in str(error)
    assert not any(box.queries for box in fleet.values())
    assert isinstance(against(write_workspace(tmp_path, groups=groups), limit="box-1"), WorkspaceError)


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ("{% if %}", "box.j2:1: the template is not well formed: "),
        ("{{ device.update({}) }}", "the template cannot be rendered for box-1: "),
        ("{{ expect.gateways }}", "list would be printed"),
        ("interface eth0\n exit\n", "box.j2 for box-1: `exit` leaves a section"),
        ("reload\n", "box.j2 for box-1: `reload` is not a line that backup may write"),
    ],
)
def test_what_is_wrong_with_a_template_is_reported_once_for_all_devices(
    tmp_path: Path, fleet: FakeFleet, template: str, output: str
) -> None:
    folder = write_workspace(tmp_path)
    (folder / "templates" / "backup" / "box.j2").write_text(template)
    error = against(folder)
    assert output in str(error)
    assert str(error).endswith("4 devices have this error: box-1, box-2, box-3 and 1 more.")
    assert "\n" not in str(error)
    assert type(error) is type(against(folder, limit="box-1"))
    assert "devices have this" not in str(against(folder, limit="box-1"))


def test_a_template_that_is_missing_is_reported_once(tmp_path: Path, fleet: FakeFleet) -> None:
    folder = write_workspace(tmp_path)
    (folder / "templates" / "backup" / "box.j2").unlink()
    error = against(folder)
    assert "box-1 has the intent backup, and there is no template for box" in str(error)
    assert str(error).endswith("4 devices have this error: box-1, box-2, box-3 and 1 more.")


def test_a_misspelt_value_is_not_passed_over_in_silence(tmp_path: Path, fleet: FakeFleet) -> None:
    """The template would do without: `{% if port is defined %}`."""
    folder = write_workspace(tmp_path, groups=GROUPS.replace("port: eth0", "prot: eth0"))
    (folder / "templates" / "backup" / "box.j2").write_text("{% if port is defined %}interface {{ port }}\n{% endif %}")
    error = against(folder)
    assert error.exit == Exit.USAGE
    assert "box-1 has the value 'prot', which no template of backup uses. Did you mean 'port'?" in str(error)
    assert "4 devices have this error" in str(error)


def test_what_is_wrong_with_one_device_is_not_put_on_another(tmp_path: Path, fleet: FakeFleet) -> None:
    folder = write_workspace(tmp_path)
    (folder / "templates" / "backup" / "box.j2").write_text("interface eth0\n {{ device.name }}: {{ 1 // 0 }}\n")
    (folder / "inventory" / "hosts.yaml").write_text(
        HOSTS.replace("{services: [wifi], intents: {priority: {every: 5}}}", '{intents: {backup: {port: "a\\nb"}}}')
    )
    error = str(against(folder))
    assert "3 devices have this error: box-1, box-2, box-4." in error
    assert "box-3: the value port of backup has a line break" in error


def test_intents_that_contradict_each_other(tmp_path: Path, fleet: FakeFleet) -> None:
    folder = write_workspace(tmp_path)
    (folder / "templates" / "priority" / "box.j2").write_text("interface eth0\n standby 10 priority 90\n")
    error = against(folder, "backup", "priority", limit="box-3")
    assert error.exit == Exit.USAGE
    assert "templates/backup/box.j2 for box-3" in str(error)
    assert "templates/priority/box.j2 for box-3" in str(error)


def test_no_person_takes_part(tmp_path: Path, fleet: FakeFleet) -> None:
    error = against(write_workspace(tmp_path), "load_balancing")
    assert isinstance(error, UsageError)
    assert "none of these devices has the intent load_balancing" in str(error)


def test_templates_that_give_nothing(tmp_path: Path, fleet: FakeFleet) -> None:
    folder = write_workspace(tmp_path)
    (folder / "templates" / "priority" / "box.j2").write_text("{# nothing #}\n!\n")
    hosts = HOSTS.replace("pair: a,", "intents: {priority: {}}, pair: a,", 1)
    (folder / "inventory" / "hosts.yaml").write_text(hosts)
    error = against(folder, "priority")
    assert isinstance(error, UsageError)
    assert "templates/priority/box.j2: the template renders no line for box-1, box-3. Add lines to it" in str(error)
    assert not any(box.queries for box in fleet.values())
    plan = plan_of(folder, "backup", "priority", limit="box-1,box-3")
    assert [one.name for one in plan.devices] == ["box-1", "box-3"], "the other intent's template gives lines"
    (folder / "templates" / "backup" / "box.j2").write_text(
        "{% if device.name == 'box-1' %}\ninterface eth0\n description x\n{% endif %}"
    )
    left = {one.name: one.reason for one in plan_of(folder, "backup").left_out}
    assert in_english(left["box-2"]) == "no line rendered by templates/backup/box.j2"
    (folder / "templates" / "backup" / "box.j2").write_text("")
    assert "the templates render no line for box-1, box-3" in str(
        against(folder, "backup", "priority", limit="box-1,box-3")
    )


def test_a_platform_that_is_only_read_is_left_out(tmp_path: Path, fleet: FakeFleet) -> None:
    folder = write_workspace(tmp_path)
    spec = folder / "inventory" / "platforms" / "shelf" / "platform.yaml"
    spec.parent.mkdir()
    spec.write_text(
        "title: S\nroles: [router]\nnetmiko: {device_type: cisco_xe}\nsession: {prompt: '#'}\nread_only: []\n"
    )
    (spec.parent / "facts.yaml").write_text("facts: {}\n")
    (folder / "inventory" / "hosts.yaml").write_text(
        HOSTS + "box-6: {hostname: 192.0.2.6, platform: shelf, groups: [box]}\n"
    )
    plan = plan_of(folder)
    assert [(one.name, in_english(one.reason)) for one in plan.left_out][-1] == (
        "box-6", "shelf is read-only: its platform.yaml has no `change`",
    )  # fmt: skip


WAY_IN = r"""
way_in:
  route: show route-{address}
  entry: '^via (?P<protocol>\\w+)'
  hop: 'by (?P<next_hop>[\\d.]+) (?P<interface>\\S+)'
  interface: 'interface {interface}'
  harmless: [HARMLESS]
"""


def on_the_way_in(folder: Path, port: str, harmless: str = "x") -> Path:
    """A fleet whose route back leaves by a port."""
    platform = folder / "inventory" / "platforms" / "box" / "platform.yaml"
    text = platform.read_text(encoding="utf-8")
    way = WAY_IN.replace("\\\\", "\\").replace("HARMLESS", f"'{harmless}'")
    platform.write_text(text.replace("way_in: {routed: false}\n", way), encoding="utf-8")
    hosts = folder / "inventory" / "hosts.yaml"
    seen = "box-1:\n  {hostname: 192.0.2.1, groups: [box], data: {pair: a, access: {seen_from: 198.51.100.7}, "
    hosts.write_text(hosts.read_text(encoding="utf-8").replace(
        "box-1:\n  {hostname: 192.0.2.1, groups: [box], data: {pair: a, ", seen
    ), encoding="utf-8")  # fmt: skip
    return folder


@pytest.mark.parametrize(
    ("port", "harmless", "refused"),
    [("eth0", "x", True), ("eth0", "standby \\d+ priority \\d+", False), ("eth1", "x", False)],
)
def test_the_route_back_is_read_and_its_interface_is_protected(
    tmp_path: Path, fleet: FakeFleet, port: str, harmless: str, refused: bool
) -> None:
    folder = on_the_way_in(write_workspace(tmp_path), port, harmless)
    fleet.named("box-1").answers["show route-198.51.100.7"] = f"via ospf\n by 10.0.0.1 {port}\n"
    if not refused:
        assert not any(
            "route back" in in_english(risk) for risk in plan_of(folder, limit="box-1").device("box-1").risks
        )
        return
    error = against(folder, limit="box-1")
    assert error.exit == 7
    assert "in `interface eth0` changes the way in to box-1: its route back to 198.51.100.7" in str(error)


def test_a_route_back_that_is_not_read_is_a_risk(tmp_path: Path, fleet: FakeFleet) -> None:
    folder = on_the_way_in(write_workspace(tmp_path), "eth0")
    plan = plan_of(folder, limit="box-1")
    assert any(
        "The route back to this machine could not be read" in in_english(risk) for risk in plan.device("box-1").risks
    )
