"""Each thing that may be wrong with a workspace, and the sentence that says so: file, line, what, what to do."""

from __future__ import annotations

import pytest

from eventready.core.errors import WorkspaceError
from eventready.workspace.files.yaml_document import WorkspaceErrors
from eventready.workspace.workspace import load_workspace

from .conftest import EVENT, GROUPS, HOSTS, Make

DUTY = """\
duties:
  - id: "1"
    vi: trực
    en: stand by
    applies_to: all
    owner: NOC
    deadline: always
    proof: {roster: [shift]}
"""

CASES: dict[str, tuple[dict[str, str | bytes | None], str]] = {
    # event.yaml
    "no event": (
        {"event": "a"},
        "event.yaml:1: the file must hold `key: value` lines, not 'a'.",
    ),
    "unknown key": (
        {"event": EVENT + "organizer: me\n"},
        "event.yaml:8: unknown key 'organizer'. Did you mean 'organiser'?",
    ),
    "unknown key in a venue": (
        {"event": EVENT.replace("    name: Hall", "    naem: Hall\n    name: Hall")},
        "event.yaml:6: unknown key 'naem'. Did you mean 'name'?",
    ),
    "missing key": ({"event": EVENT.replace("name: The fair\n", "")}, "event.yaml:1: 'name' is missing. Add it."),
    "unknown service": (
        {"event": EVENT.replace("mobile", "mobil")},
        "event.yaml:7: number 2 of 'services' cannot be 'mobil'. Did you mean 'mobile'?",
    ),
    "identifier": (
        {"event": EVENT.replace("id: fair", "id: Hội chợ")},
        "event.yaml:1: 'id': 'Hội chợ' is not an identifier. Use small letters, digits and single hyphens.",
    ),
    "venue twice": (
        {"event": EVENT + "  - {id: hall, name: Other, services: [wifi]}\n"},
        "event.yaml:8: the venue 'hall' is defined a second time; the first is in line 5. Give it another identifier.",
    ),
    "date that does not exist": (
        {"event": EVENT + "windows:\n  - {kind: event, from: 2022-04-31 19:00, to: 2022-05-01 02:00}\n"},
        "event.yaml:9: 'from': '2022-04-31' is a date that does not exist. Write it like \"2033-07-29 17:00\".",
    ),
    "no date": (
        {"event": EVENT + "duty_list_before: soon\n"},
        "event.yaml:8: 'duty_list_before': 'soon' is not a date and time. Write it like \"2033-07-25 07:00\".",
    ),
    "window backwards": (
        {"event": EVENT + "windows:\n  - {kind: freeze, from: 2022-05-02, to: 2022-05-01}\n"},
        "event.yaml:9: number 1 of 'windows': the window ends before its start. Swap `from` and `to`.",
    ),
    "unknown venue of a window": (
        {"event": EVENT + "windows:\n  - {kind: freeze, from: 2022-05-01, to: 2022-05-02, venues: [hall, hal]}\n"},
        "event.yaml:9: the venue 'hal' is not in event.yaml. Did you mean 'hall'?",
    ),
    "window twice at a venue": (
        {"event": EVENT + "windows:\n  - {kind: freeze, from: 2022-05-01, to: 2022-05-02, venues: [hall, hall]}\n"},
        "event.yaml:9: 'venues': the window names the venue 'hall' twice. Name each venue once.",
    ),
    "window at no venue": (
        {"event": EVENT + "windows:\n  - {kind: freeze, from: 2022-05-01, to: 2022-05-02, venues: []}\n"},
        "event.yaml:9: 'venues' must not be empty.",
    ),
    "Monday that is none": (
        {"event": EVENT + "weekly_report: {cut_off: '11:30', latest: '12:00', first: 2022-04-26, last: 2022-05-02}\n"},
        "event.yaml:8: 'weekly_report': first (2022-04-26) is a Tuesday, not a monday.",
    ),
    "report on no day": (
        {"event": EVENT + "weekly_report: {cut_off: '11:30', latest: '12:00', first: 2022-02-30, last: 2022-05-02}\n"},
        "event.yaml:8: 'first': '2022-02-30' is a date that does not exist. Write it as YYYY-MM-DD.",
    ),
    "no time of day": (
        {"event": EVENT + "weekly_report: {cut_off: noon, latest: '12:00', first: 2022-04-25, last: 2022-05-02}\n"},
        "event.yaml:8: 'cut_off': 'noon' is not a time of day. Write it like \"11:30\".",
    ),
    "wrong type": (
        {"event": EVENT.replace("services: [internet, mobile]", "services: internet")},
        "event.yaml:7: 'services' must be a list, not 'internet'. Write it as [a, b].",
    ),
    # hosts.yaml and groups.yaml
    "duplicate host": (
        {"hosts": HOSTS + HOSTS},
        "hosts.yaml:4: 'r1' is defined a second time; the first is in line 1. Remove or rename one.",
    ),
    "hosts as a list": (
        {"hosts": "- r1\n"},
        "hosts.yaml:1: the file must hold `key: value` lines, not a list.",
    ),
    "host that is text": ({"hosts": "r1: x\n"}, "hosts.yaml:1: 'r1' must hold `key: value` lines, not 'x'."),
    "host named by nothing": ({"hosts": "~: {}\n"}, "hosts.yaml:1: the key null is not text. Put it in quotes."),
    "host named by a number": ({"hosts": "7: {}\n"}, "hosts.yaml:1: the key 7 is not text. Put it in quotes."),
    "misspelt key of a host": (
        {"hosts": HOSTS + "  platfrom: frr\n"},
        "hosts.yaml:4: unknown key 'platfrom'. Did you mean 'platform'?",
    ),
    "our key outside data": (
        {"hosts": HOSTS + "  role: router\n"},
        "hosts.yaml:4: unknown key 'role'. It belongs under 'data'.",
    ),
    "misspelt key of data": (
        {"hosts": HOSTS + "  data: {venue: [hall]}\n"},
        "hosts.yaml:4: unknown key 'venue'. Did you mean 'venues'?",
    ),
    "misspelt expectation": (
        {"hosts": HOSTS + "  data:\n    expect:\n      uplink: [eth0]\n"},
        "hosts.yaml:6: unknown key 'uplink'. Did you mean 'uplinks'?",
    ),
    "misspelt key deep in an expectation": (
        {
            "hosts": HOSTS
            + "  data:\n    expect:\n      links:\n        - {port: eth0, device: r1, to: eth1, to_port: x}\n"
        },
        "hosts.yaml:7: unknown key 'to'. Known: device, port, to_port.",
    ),
    "number where text belongs": (
        {"hosts": HOSTS + "  data: {expect: {core_links: [0]}}\n"},
        "hosts.yaml:4: number 1 of 'core_links' must be text, not 0. Put it in quotes.",
    ),
    "count that is none": (
        {"hosts": HOSTS + "  data: {expect: {bundles: [{name: b, members: two}]}}\n"},
        "hosts.yaml:4: 'members' must be a whole number, not 'two'.",
    ),
    "count too small": (
        {"hosts": HOSTS + "  data: {expect: {bundles: [{name: b, members: 0}]}}\n"},
        "hosts.yaml:4: 'members' must be at least 1, not 0.",
    ),
    "password in the line of the port": (
        {"hosts": HOSTS + "  port: hunter2\n"},
        "hosts.yaml:4: 'port' must be a whole number, not what is there.",
    ),
    "number as a password in the line of the port": (
        {"hosts": HOSTS + "  port: 98765432\n"},
        "hosts.yaml:4: 'port' must be at most 65535, not what is there.",
    ),
    "port": ({"hosts": HOSTS + "  port: 70000\n"}, "hosts.yaml:4: 'port' must be at most 65535, not 70000."),
    "undefined group": (
        {"hosts": HOSTS.replace("[router]", "[routers]")},
        "hosts.yaml:3: the group 'routers' is not defined. Did you mean 'router'?",
    ),
    "no group at all": (
        {"groups": None},
        "hosts.yaml:3: the group 'router' is not defined.",
    ),
    "group of itself": (
        {"groups": GROUPS + "  groups: [core]\ncore:\n  groups: [router]\n"},
        "groups.yaml:4: the group 'router' inherits from itself. Remove one of the groups.\n"
        "groups.yaml:6: the group 'core' inherits from itself. Remove one of the groups.",
    ),
    "unknown venue": (
        {"groups": GROUPS.replace("[hall]", "[hal]")},
        "groups.yaml:3: the venue 'hal' is not in event.yaml. Did you mean 'hall'?",
    ),
    "unknown venue of a cell": (
        {"hosts": HOSTS + "  data:\n    expect:\n      cells:\n        - {name: c, venue: barn}\n"},
        "hosts.yaml:7: the venue 'barn' is not in event.yaml. Defined: hall.",
    ),
    "unknown role": (
        {"groups": GROUPS.replace("role: router", "role: ruoter")},
        "groups.yaml:3: 'role' cannot be 'ruoter'. Did you mean 'router'?",
    ),
    "no role": (
        {"groups": GROUPS.replace("role: router, ", "")},
        "hosts.yaml:1: r1 has no role. Add `role` under `data`: "
        "router, switch, bts_controller, wifi_controller, service_host, vantage.",
    ),
    "no platform": (
        {"groups": GROUPS.replace("  platform: frr\n", "")},
        "hosts.yaml:1: r1 has no platform. Add `platform` to it or to a group.",
    ),
    "no address": (
        {"hosts": "r1: {groups: [router]}\n"},
        "hosts.yaml:1: r1 has no address. Add `hostname` to it or to a group.",
    ),
    "address with a login": (
        {"hosts": "r1: {hostname: 'ops:hunter2@192.0.2.1', groups: [router]}\n"},
        "hosts.yaml:1: 'hostname': invalid address. Write a host name or an IP address, without spaces, user or path.",
    ),
    "device without a name": (
        {"hosts": HOSTS.replace("r1:", "'':")},
        "hosts.yaml:1: invalid device name ''. Use letters, digits, `-`, `_`, `.`, `:` and single spaces, "
        "and begin with a letter or digit.",
    ),
    "device named by a path": (
        {"hosts": HOSTS.replace("r1:", "../r1:")},
        "hosts.yaml:1: invalid device name '../r1'. Use letters, digits, `-`, `_`, `.`, `:` and single "
        "spaces, and begin with a letter or digit.",
    ),
    "cable to nobody": (
        {"hosts": HOSTS + "  data: {expect: {links: [{port: a, device: r2, to_port: b}]}}\n"},
        "hosts.yaml:1: r1 has a cable to 'r2', which is not in the inventory. Known: r1.",
    ),
    "cable to its own device": (
        {"hosts": HOSTS + "  data: {expect: {links: [{port: a, device: r1, to_port: b}]}}\n"},
        "hosts.yaml:1: the cable at port a of r1 leads to r1 again. Name the device at its other end.",
    ),
    "two cables in a port": (
        {
            "hosts": HOSTS
            + "  data: {expect: {links: [{port: a, device: r2, to_port: b}, {port: a, device: r2, to_port: c}]}}\n"
            + HOSTS.replace("r1", "r2")
        },
        "hosts.yaml:1: port a of r1 has two cables: to c of r2, and to b of r2 (hosts.yaml:1). Correct one of them.",
    ),
    "site twice": (
        {"hosts": HOSTS + "  data: {expect: {sites: [{name: s}, {name: s}]}}\n"},
        "hosts.yaml:1: r1 expects 's' twice among its sites. Remove one.",
    ),
    "cell at an unknown site": (
        {"hosts": HOSTS + "  data: {expect: {sites: [{name: BTS-1}], cells: [{name: c, site: BTS-2}]}}\n"},
        "hosts.yaml:1: r1 expects the cell 'c' at 'BTS-2', which is not among its sites. Did you mean 'BTS-1'?",
    ),
    "site at a venue not served": (
        {
            "event": EVENT + "  - {id: barn, name: Barn, services: [mobile]}\n",
            "hosts": HOSTS + "  data: {expect: {sites: [{name: s, venue: barn}]}}\n",
        },
        "hosts.yaml:1: r1 expects sites at 'barn' and does not serve that venue. Add barn to its `venues`.",
    ),
    # secrets
    "plain password": (
        {"hosts": HOSTS + "  password: hunter2\n"},
        "hosts.yaml:4: plain-text secret (password). "
        "Replace it by a reference: env:NAME, keyring:service/user or vault:key.",
    ),
    "plain password that is a number": (
        {"hosts": HOSTS + "  password: 12345\n"},
        "hosts.yaml:4: 'password' must be text, not what is there. Put it in quotes.",
    ),
    "a secret where options belong": (
        {"hosts": HOSTS + "  connection_options: {ssh: {extras: secret=hunter2}}\n"},
        "hosts.yaml:4: 'extras' must be a mapping of `key: value` lines, not what is there.",
    ),
    "plain enable secret": (
        {"groups": GROUPS + "  connection_options:\n    eventready:\n      extras:\n        secret: hunter2\n"},
        "groups.yaml:7: plain-text secret (secret). "
        "Replace it by a reference: env:NAME, keyring:service/user or vault:key.",
    ),
    "plain password in defaults": (
        {"defaults": "password: hunter2\n"},
        "defaults.yaml:1: plain-text secret (password). "
        "Replace it by a reference: env:NAME, keyring:service/user or vault:key.",
    ),
    "plain password among one's own keys": (
        {"hosts": HOSTS + "  data:\n    x_radius:\n      shared_secret: hunter2\n"},
        "hosts.yaml:6: plain-text secret (shared_secret). "
        "Replace it by a reference: env:NAME, keyring:service/user or vault:key.",
    ),
    # duties, limits, waivers
    "duty twice": (
        {"duties": DUTY + DUTY.removeprefix("duties:\n")},
        "duties.yaml:9: the duty '1' is defined a second time; the first is in line 2. Remove or rename one.",
    ),
    "duty that nothing proves": (
        {"duties": DUTY.replace("{roster: [shift]}", "{}")},
        "duties.yaml:8: 'proof': a duty without proof cannot be reported. Name checks, documents or an attestation.",
    ),
    "more duties than a bundle holds": (
        {"duties": DUTY + "".join(DUTY.removeprefix("duties:\n").replace('"1"', f'"n{n}"') for n in range(500))},
        "duties.yaml:1: 'duties' has more than 500 entries.",
    ),
    "an identifier longer than a bundle holds": (
        {"duties": DUTY.replace('"1"', "a" * 129)},
        "duties.yaml:2: 'id' has more than 128 characters.",
    ),
    "duty for nobody": (
        {"duties": DUTY.replace("applies_to: all", "applies_to: everyone")},
        "duties.yaml:5: 'applies_to' cannot be 'everyone'. Possible: all, department, postal, telecom.",
    ),
    "limits of an unknown scope": (
        {"limits": "role: {router: {cpu: {warn: 1}}}\n"},
        "limits.yaml:1: unknown key 'role'. Did you mean 'roles'?",
    ),
    "limits of an unknown device": (
        {"limits": "devices:\n  r11: {cpu: {warn: 1}}\n"},
        "limits.yaml:2: unknown device 'r11'. Did you mean 'r1'?",
    ),
    "limit without its name": (
        {"limits": "defaults: {cpu: 70}\n"},
        "limits.yaml:1: the limits of 'cpu' must be a mapping. Write `check: {limit: value}`.",
    ),
    "waiver of nobody": (
        {"waivers": "waivers:\n  - {check: cpu, by: '', reason: x, until: 2022-05-01}\n"},
        "waivers.yaml:2: 'by' must not be empty.",
    ),
    "waiver for no device": (
        {"waivers": "waivers:\n  - {check: cpu, device: r2, by: me, reason: x, until: 2022-05-01}\n"},
        "waivers.yaml:2: no device is named 'r2'. Known: r1.",
    ),
    "waiver for ever": (
        {"waivers": "waivers:\n  - {check: cpu, by: me, reason: x, until: never}\n"},
        "waivers.yaml:2: 'until' must be a date, not 'never'. Write it as YYYY-MM-DD.",
    ),
}


@pytest.mark.parametrize(("files", "sentence"), CASES.values(), ids=CASES)
def test_sentence(make: Make, files: dict[str, str | bytes | None], sentence: str) -> None:
    workspace = make(**files)
    with pytest.raises(WorkspaceError) as raised:
        load_workspace(workspace)
    problems = getattr(raised.value, "problems", (raised.value,))
    output = "\n".join(str(problem) for problem in problems).replace(f"{workspace}/inventory/", "")
    assert output == sentence
    assert "hunter2" not in repr(raised.value)


def test_everything_wrong_is_reported_at_once(make: Make) -> None:
    workspace = make(hosts=HOSTS + "  prot: 22\nr2:\n  groups: [router]\n  hostnam: x\n  data: {venues: [hal]}\n")
    with pytest.raises(WorkspaceErrors) as raised:
        load_workspace(workspace)
    assert str(raised.value).splitlines()[0] == "2 errors in the workspace:"
    assert len(raised.value.problems) == 2


def test_no_more_is_reported_than_can_be_read(make: Make) -> None:
    workspace = make(hosts="".join(f"r{n}: {{prot: 1}}\n" for n in range(500)))
    with pytest.raises(WorkspaceErrors) as raised:
        load_workspace(workspace)
    assert len(str(raised.value).splitlines()) == 22
    assert str(raised.value).endswith("and 480 more.")


def test_a_folder_that_is_no_workspace(make: Make) -> None:
    workspace = make(event=None)
    with pytest.raises(WorkspaceError) as raised:
        load_workspace(workspace)
    assert str(raised.value) == (
        f"{workspace} is not a workspace: inventory/event.yaml is missing. "
        "Create one with `eventready init DIR`, or name one with -w DIR."
    )


@pytest.mark.parametrize("hosts", ["", "# none yet\n", "{}\n", "---\n"])
def test_zero_devices_load(make: Make, hosts: str) -> None:
    assert load_workspace(make(hosts=hosts)).devices == ()
