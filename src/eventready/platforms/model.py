"""The shape of a platform folder: `platform.yaml` and `facts.yaml`, checked when they are loaded."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Strict(BaseModel):
    """Base: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _compiles(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"the pattern {pattern!r} does not compile: {error}") from None
    return patterns


class NetmikoSpec(Strict):
    """How Netmiko connects: its device_type (stock or ours), and extra ConnectHandler arguments."""

    device_type: str
    options: dict[str, Any] = Field(default_factory=dict)


class SessionSpec(Strict):
    """How the platform talks. Patterns are Python regular expressions, matched per line unless said otherwise."""

    prompt: str = Field(description="The whole last line when the device waits for a command")
    newline: str = "\n"
    setup: tuple[str, ...] = Field(default=(), description="Sent first, answers ignored: paging off, width")
    privileged: bool = Field(default=False, description="Privileged mode is tried even where no secret is given")
    pager: str = Field(default="", description="What a pager shows that could not be switched off")
    pager_answer: str = " "
    pipeline: int = Field(default=1, ge=1, le=64, description="Commands written ahead of their answers")
    refused: tuple[str, ...] = Field(default=(), description="The device's words for: no such command")
    denied: tuple[str, ...] = Field(default=(), description="The device's words for: not allowed for you")
    noise: tuple[str, ...] = Field(default=(), description="Log lines that may appear anywhere, and are dropped")
    ends_with: str = Field(default="", description="End of an answer where there is no prompt (MML)")
    limit: int = Field(default=5, ge=1, description="Sessions at once per endpoint")
    command_timeout_s: float = Field(default=30.0, gt=0)
    cleartext: bool = Field(default=False, description="The protocol carries passwords in clear (telnet, MML)")

    _patterns = field_validator("refused", "denied", "noise")(_compiles)
    _single = field_validator("prompt", "pager", "ends_with")(lambda pattern: _compiles((pattern,))[0])


class Single(Strict):
    """A line of which there is one: a new one replaces the old one that starts with the same match.

    `line` is matched from the line's start; what it matches is its identity (`standby 10 priority`), or the group
    `same` of it: `(?:no )?(?P<same>ip http server)$` makes a line and its negation two values of one thing.
    `unset` takes it back where nothing was before; groups of `line` may stand in it (`no standby \\1 priority`); empty:
    the negation of the whole line. `first_take_back`: the device adds instead of replacing, so the old line is negated.
    """

    line: str
    unset: str = ""
    first_take_back: bool = False

    _pattern = field_validator("line")(lambda pattern: _compiles((pattern,))[0])


class Rebuilt(Strict):
    """A section that cannot be edited while it works: where anything in it differs it is removed and made anew.

    `takes`: lines (full match, groups of `section` may stand in it) that vanish with it and are set again afterwards.
    """

    section: str
    takes: str = ""

    _pattern = field_validator("section")(lambda pattern: _compiles((pattern,))[0])


class Stopped(Strict):
    """A section that is neither edited nor removed while `line` (full match) stands in it: a test that runs.

    The line is taken back first, and set again last.
    """

    section: str
    line: str

    _patterns = field_validator("section", "line")(lambda pattern: _compiles((pattern,))[0])


class Families(Strict):
    """A section whose lines of one address family stand in it, or in a section of that family beneath it.

    `lines` (full match) stand beneath `family`, also written like `names`, where one of `shown` (full match) stands in
    the section; with no `shown`, always. Elsewhere they stand in the section itself.
    """

    section: str
    family: str
    names: str
    lines: str
    shown: str = ""

    _patterns = field_validator("section", "names", "lines", "shown")(lambda pattern: _compiles((pattern,))[0])


class Numbered(Strict):
    """Lines that stand in the order of numbers which some devices print and others do not: an access list.

    `line` (full match) has the groups `number` (may be missing), `rest`, and `list` where several lists stand side by
    side; `told` is the line with a number. Without a number a line comes `step` after the last one. In a `section`
    order has a meaning; empty: at the top, where every list has its numbers.
    """

    line: str
    told: str
    section: str = ""
    step: int = 10

    _patterns = field_validator("line", "section")(lambda pattern: _compiles((pattern,))[0])


class Fixed(Strict):
    """A section that keeps the kind it was made with for as long as one of the lines `used` stands in another section.

    `used` (full match) may hold groups of `section`. `untold` (full match) are words that leave the kind out: the
    device keeps the one it has, else it takes `otherwise`, which may hold groups of `untold`.
    """

    section: str
    used: str
    untold: str
    otherwise: str

    _patterns = field_validator("section", "untold")(lambda pattern: _compiles((pattern,))[0])


class Block(Strict):
    """Lines of free text from `start` to `end` (full match, groups of `start` may stand in it): a banner."""

    start: str
    end: str

    _patterns = field_validator("start")(lambda pattern: _compiles((pattern,))[0])


class MmlObject(Strict):
    """A configuration object of an MML element, read with `read` and written with `write`.

    `keys` name one object. `parameters` maps a parameter of `write` to the column under which `read` prints it; `words`
    maps a parameter's printed word to the one that is written (`{"Yes": "YES"}`).
    """

    read: str = Field(description="LST CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX={CELLIDX};")
    write: str = Field(description="The command without parameters: MOD CELLCHMGAD")
    keys: tuple[str, ...]
    parameters: dict[str, str]
    words: dict[str, dict[str, str]] = Field(default_factory=dict)


GuardKind = Literal["revert_timer", "commit_trial", "dead_man", "inverse"]


class GuardSpec(Strict):
    """What brings a device back by itself. Lines may hold `{seconds}`, `{minutes}` (rounded up) and `{change}` (a name
    of letters, digits and hyphens).

    The first guard whose `when` is found (a regular expression, multi-line) is the device's: in the answer to `ask`, or
    in the running configuration where `ask` is empty; an empty `when` always holds.
    """

    kind: GuardKind
    ask: str = ""
    when: str = ""
    shell: bool = Field(default=False, description="arm, confirm, revert, pending go to the host's shell login")
    enter: tuple[str, ...] = Field(default=(), description="Instead of the platform's `enter`")
    arm: tuple[str, ...] = Field(default=(), description="Sent before configuration mode is entered")
    arm_after: tuple[str, ...] = Field(default=(), description="Sent after the lines, still in configuration mode")
    confirm: tuple[str, ...] = ()
    revert: tuple[str, ...] = Field(default=(), description="Go back at once")
    pending: str = Field(default="", description="Asked (it only reads): is something armed and unconfirmed?")
    is_pending: str = Field(default="", description="Found in the answer to `pending` where it is; group `by`: whose")
    least_s: int = Field(default=60, ge=1)
    most_s: int = Field(default=3600, ge=1)

    _single = field_validator("when", "is_pending")(lambda pattern: _compiles((pattern,))[0])


class ChangeSpec(Strict):
    """How the platform is configured. Patterns are full matches of a stripped line unless said otherwise.

    form: `indented` (sections by indentation), `mml` (objects with parameters), `keyed` (files of key=value).
    read: the command that prints the running configuration (`mml`: each object has its own).
    complete: found (multi-line) in a whole running configuration; without it the text was cut off.
    volatile: lines that change by themselves and count for nothing.
    separators: lines without meaning. A rendered template may hold them too.
    permanent: sections that are there or not, and are neither made nor removed (an interface, a bts).
    fleeting: sections that are shown while something stands in them: entering one makes it, emptying removes it.
    sections: lines that open a section even where nothing stands beneath them (`route-map X permit 20`).
    ordered: sections in which the order of the lines has a meaning (an access list).
    last: lines of ordered sections that stand last there, whenever they were entered (`class class-default`).
    families, numbered: what one device prints so and another otherwise; a template is put into the device's form.
    fixed: sections that keep the kind that they were made with while others use them.
    blocks: free text, which is no configuration whatever it looks like.
    first: what other lines use: made before the rest of its level, in this order, and removed after it in reverse,
        wherever the device prints it.
    defaults: lines that the device does not show because it would be so without them.
    loose: lines that the device may print with more blanks between words than were typed.
    refused: found in the answer to a line that the device did not take; `harmless` answers that only look so.
    questions: found at the end of an answer, and what is typed then.
    saved: found in the answer to the last line of `save`.
    management: lines, and sections with all beneath them, by which the device is reached: never changed.
    """

    form: Literal["indented", "mml", "keyed"] = "indented"
    read: str = ""
    startup: str = Field(default="", description="Prints what a restart would bring back; empty: it cannot be told")
    complete: str = ""
    volatile: tuple[str, ...] = ()
    separators: tuple[str, ...] = ()
    enter: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    section_exit: str = Field(
        default="exit", description="Leaves one section; empty: a line of the top level leaves them all, as on IOS"
    )
    negation: str = "no"
    permanent: tuple[str, ...] = ()
    fleeting: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    ordered: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    single: tuple[Single, ...] = ()
    rebuilt: tuple[Rebuilt, ...] = ()
    stopped: tuple[Stopped, ...] = ()
    families: tuple[Families, ...] = ()
    numbered: tuple[Numbered, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    blocks: tuple[Block, ...] = ()
    first: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    questions: dict[str, str] = Field(default_factory=dict)
    save: tuple[str, ...] = ()
    saved: str = ""
    management: tuple[str, ...] = ()
    objects: dict[str, MmlObject] = Field(default_factory=dict)
    guards: tuple[GuardSpec, ...] = Field(min_length=1)

    _patterns = field_validator(
        *("volatile", "separators", "permanent", "fleeting", "sections", "ordered", "first", "last", "defaults"),
        *("loose", "refused", "harmless", "management"),
    )(_compiles)


class PlatformSpec(Strict):
    """platform.yaml"""

    title: str
    roles: tuple[str, ...]
    extends: str | None = Field(default=None, description="Another platform whose facts this one starts from")
    netmiko: NetmikoSpec
    session: SessionSpec
    read_only: tuple[str, ...] = Field(description="The whole command must match one of these to be sent by an audit")
    never_sent: tuple[str, ...] = Field(default=(), description="Lines that no one may send by this tool")
    change: ChangeSpec | None = Field(default=None, description="How it is configured; absent: it is only read")

    _patterns = field_validator("read_only", "never_sent")(_compiles)


class FactSpec(Strict):
    """How one fact is read: `fields` maps a record's field to a column, `words` a column's text to the record's word.

    A key of `words` between slashes is a regular expression; other keys are compared without regard to case.
    """

    command: str
    against: str = Field(default="", description="compared: the command whose answer is held against that of `command`")
    parser: str = Field(description="textfsm, ntc, jmespath, mml, compared, or the name of an entry point")
    template: str = Field(
        default="",
        description="textfsm: file in parse/; ntc: template name; jmespath: expression; compared: what does not count",
    )
    fields: dict[str, str]
    words: dict[str, dict[str, str | bool]] = Field(default_factory=dict)
    constants: dict[str, str | int | float | bool] = Field(default_factory=dict)
    defaults: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="A field's value where the device prints nothing for it"
    )
    empty: tuple[str, ...] = Field(default=(), description="The device's own words for: there is none")

    _patterns = field_validator("empty")(_compiles)


class FactsSpec(Strict):
    """facts.yaml"""

    facts: dict[str, FactSpec]
    cannot_tell: dict[str, str] = Field(
        default_factory=dict, description="Facts this kind of equipment has no words for, and why"
    )


Parser = Literal["textfsm", "ntc", "jmespath", "mml", "compared"]
