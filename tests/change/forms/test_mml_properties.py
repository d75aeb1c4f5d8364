"""MML commands: written in any manner, read as one tree, told to an element and taken back by what it prints."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.forms.known_forms import form_of
from eventready.platforms.loader import describe
from eventready.platforms.model import ChangeSpec
from eventready_lab.dialects.huawei_enb import dialect as huawei_enb
from eventready_lab.dialects.huawei_mml import dialect as huawei_mml
from eventready_lab.dialects.huawei_mml.objects import ConfigurationObject
from tests.lab.dialects.test_mml_objects import Typed, choices, element, outcome

pytestmark = pytest.mark.slow

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEYS = {"huawei_mml": "IDXTYPE=BYIDX, CELLIDX={cell}", "huawei_enb": "LOCALCELLID={cell}"}
LAB: dict[str, dict[str, ConfigurationObject]] = {
    "huawei_mml": {one.name: one for one in huawei_mml.OBJECTS},
    "huawei_enb": {one.name: one for one in huawei_enb.OBJECTS},
}
PLATFORMS = pytest.mark.parametrize("platform", sorted(KEYS))

Wanted = dict[tuple[str, int], dict[str, str]]


def spec_of(platform: str) -> ChangeSpec:
    spec = describe(platform).spec.change
    assert spec is not None
    return spec


def wanted(data: st.DataObject, platform: str) -> Wanted:
    """Values of some objects of some cells."""
    result: Wanted = {}
    for name, definition in spec_of(platform).objects.items():
        for cell in data.draw(st.sets(st.integers(0, 2), max_size=2), label=name):
            parameters = LAB[platform][name].parameters
            chosen = data.draw(st.sets(st.sampled_from(sorted(definition.parameters)), min_size=1))
            result[name, cell] = {one: data.draw(choices(parameters[one])) for one in sorted(chosen)}
    return result


def text_of(platform: str, values: Wanted, data: st.DataObject | None = None) -> str:
    """The commands; with `data` each with blanks, line ends and comments of its own."""
    found = []
    for (name, cell), parameters in values.items():
        given_keys = KEYS[platform].format(cell=cell)
        command = f"MOD {name}: {given_keys}, {', '.join(f'{one}={value}' for one, value in parameters.items())};"
        if data is not None:
            gap = data.draw(st.sampled_from((", ", ",", " ,\n   ")))
            command = data.draw(st.sampled_from(("", "# a comment\n", "\n"))) + command.replace(", ", gap)
        found.append(command)
    return (
        data.draw(st.sampled_from(("\n", " "))).join(found) if data and "#" not in "".join(found) else "\n".join(found)
    )


def read(say: Typed, spec: ChangeSpec, fragment: Fragment) -> Configuration:
    answers = {command: say(command) for command in form_of(spec).commands_to_read(fragment)}
    return form_of(spec).read(answers, device="bsc")


@PLATFORMS
@FEW
@given(data=st.data())
def test_there_and_back(platform: str, data: st.DataObject) -> None:
    """Whatever the values were before, and however the template is written."""
    spec, say = spec_of(platform), Typed(element(platform))
    for command in text_of(platform, wanted(data, platform)).splitlines():
        assert outcome(say(command))[0] == 0
    values = wanted(data, platform)
    fragment = form_of(spec).parse(text_of(platform, values, data), "test")
    assert fragment.tree == form_of(spec).parse(text_of(platform, values), "test").tree
    if fragment.empty:
        return
    before = read(say, spec, fragment)
    predicted = form_of(spec).merge(before.tree, fragment)
    forward, backward = (
        form_of(spec).commands_between(before.tree, predicted),
        form_of(spec).commands_between(predicted, before.tree),
    )
    assert (
        (forward == ())
        == form_of(spec).equivalent(before.tree, predicted)
        == (form_of(spec).diff(before.tree, predicted) == ())
    )
    assert len(forward) == len(backward), "one command for each object, there and back"
    for command in forward:
        assert outcome(say(command))[0] == 0
    after = read(say, spec, fragment)
    assert form_of(spec).equivalent(after.tree, predicted)
    assert form_of(spec).fingerprint(after.tree) == form_of(spec).fingerprint(predicted)
    assert form_of(spec).commands_between(after.tree, form_of(spec).merge(after.tree, fragment)) == ()
    for command in backward:
        assert outcome(say(command))[0] == 0
    assert read(say, spec, fragment).text == before.text


@PLATFORMS
@FEW
@given(data=st.data())
def test_what_is_sent_reads_as_what_was_meant(platform: str, data: st.DataObject) -> None:
    spec = spec_of(platform)
    tree = form_of(spec).parse(text_of(platform, wanted(data, platform)), "test").tree
    assert form_of(spec).parse("\n".join(form_of(spec).commands_between({}, tree)), "test").tree == tree


@FEW
@given(text=st.text("ABMODSET CELLIDX=:;,\"'\\\n#/1", max_size=40))
def test_no_text_becomes_two_commands_in_one(text: str) -> None:
    """Planted behind a value, inside quotes, or as a whole template."""
    spec = spec_of("huawei_mml")
    start = "MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=1, CRO="
    for whole in (text, f"{start}{text};", f'{start}"{text}";'):
        try:
            lines = form_of(spec).commands_between({}, form_of(spec).parse(whole, "test").tree)
        except FragmentError:
            continue
        assert [line.count(";") for line in lines] == [1] * len(lines)
        assert all(line.endswith(";") and line.isprintable() and line.startswith("MOD ") for line in lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=1, CRO=5", "does not end with ;"),
        ("RST BSC: A=1;", "not a command whose old values can be read"),
        ('MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=1, CRO="1;RST BSC:";', "cannot be read"),
        ("MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=1, CRO=5, CRO=6;", "cannot be read"),
        ("MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=1, EC=NO;", "no way back"),
        ("MOD CELLIDLEBASIC: IDXTYPE=BYNAME, CELLIDX=1, CRO=5;", "names another object"),
        ("MOD CELLIDLEBASIC: CELLIDX=1, CRO=5;", "lacks IDXTYPE"),
        ("MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=1;", "changes nothing"),
        (
            "MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=1, CRO=5;MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=1, CRO=6;",
            "two values of one parameter",
        ),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(FragmentError, match=words):
        form_of(spec_of("huawei_mml")).parse(text, "test")


def test_an_old_value_that_is_not_reported_is_no_way_back() -> None:
    spec = spec_of("huawei_mml")
    fragment = form_of(spec).parse("MOD CELLIDLEBASIC: IDXTYPE=BYIDX, CELLIDX=1, CRO=5;", "test")
    (header,) = fragment.tree
    with pytest.raises(UnreadableConfiguration, match="were not read"):
        form_of(spec).merge({}, fragment)
    with pytest.raises(UnreadableConfiguration, match="does not report the present CRO"):
        form_of(spec).merge({header: {}}, fragment)
