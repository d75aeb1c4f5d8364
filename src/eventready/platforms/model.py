"""The shape of a platform folder: `platform.yaml` and `facts.yaml`, checked when they are loaded."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.core.strings.pattern import refuse_costly
from eventready.platforms.writable_pattern import PatternError, variants


class Strict(BaseModel):
    """Base: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise InvalidValue(message("platforms:pattern", pattern=pattern, reason=str(error))) from None
    return pattern


def _is_cheap(pattern: str, most: int, info: ValidationInfo) -> str:
    """Bound the cost of a pattern of a workspace's platform; a test bounds those of the package."""
    if info.context and info.context.get(BOUNDED):
        refuse_costly(pattern, most)
    return pattern


def _with_groups(pattern: str, info: ValidationInfo) -> str:
    """Check a pattern with references to groups of another pattern, replaced by literal text before use."""
    _is_cheap(_compiles(re.sub(r"\\\d", "x", pattern)), COSTLIEST_OF_CHANGE, info)
    return pattern


#: Key of the validation context: patterns are held against the bounds of their cost.
BOUNDED = "bounded"
#: Exponents (see `pattern`) of a failed match: of patterns of commands, which are the platform's own, of a session,
#: which meet short lines, and of a change.
COSTLIEST_OF_COMMANDS, COSTLIEST_OF_SESSION, COSTLIEST_OF_CHANGE = 4, 3, 2

#: A regular expression; of commands, of a session, of a change, and of a change with groups of another pattern (`\\1`).
Regex: TypeAlias = Annotated[str, AfterValidator(_compiles)]
CommandRegex: TypeAlias = Annotated[
    Regex, AfterValidator(lambda pattern, info: _is_cheap(pattern, COSTLIEST_OF_COMMANDS, info))
]
SessionRegex: TypeAlias = Annotated[
    Regex, AfterValidator(lambda pattern, info: _is_cheap(pattern, COSTLIEST_OF_SESSION, info))
]
ChangeRegex: TypeAlias = Annotated[
    Regex, AfterValidator(lambda pattern, info: _is_cheap(pattern, COSTLIEST_OF_CHANGE, info))
]
GroupRegex: TypeAlias = Annotated[str, AfterValidator(_with_groups)]


#: Arguments of Netmiko that a platform may set: none names a file, a program, a key or a host.
NETMIKO_OPTIONS = frozenset({"default_enter", "encoding", "fast_cli", "global_delay_factor", "response_return"})


#: Commands that print configuration, in the words of most vendors.
CONFIGURATION_COMMANDS = (
    r"(?i)\b(?:running|startup|current|saved|candidate)-?conf",
    r"(?i)\b(?:show|compare|archive|admin display|display)[ -]conf(?!\w* commit)",
    r"(?i)/export\b|\bexport\b.*\bverbose\b",
)


class NetmikoSpec(Strict):
    """Connection by Netmiko: device_type (stock or ours), and extra arguments of ConnectHandler."""

    device_type: str
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("options")
    @classmethod
    def _known_options(cls, options: dict[str, Any]) -> dict[str, Any]:
        for name in options:
            if name not in NETMIKO_OPTIONS:
                known = ", ".join(sorted(NETMIKO_OPTIONS))
                raise InvalidValue(message("platforms:option", name=name, known=known))
        return options


class LinesSpec(Strict):
    """Lines for logins (VTY): read-only command of the list, and pattern of a free line."""

    command: str
    free: SessionRegex


class SessionSpec(Strict):
    """Dialogue with the platform. Patterns are Python regular expressions, matched per line unless stated otherwise."""

    prompt: SessionRegex = Field(description="The whole last line when the device waits for a command")
    newline: str = "\n"
    setup: tuple[str, ...] = Field(default=(), description="Sent first, answers ignored: paging off, width")
    privileged: bool = Field(default=False, description="Privileged mode is tried even where no secret is given")
    device_login: bool = Field(
        default=False, description="The device asks for user and password itself after SSH has let anybody in"
    )
    pager: SessionRegex = Field(default="", description="What a pager shows that could not be switched off")
    pager_answer: str = " "
    pipeline: int = Field(default=1, ge=1, le=64, description="Commands written ahead of their answers")
    refused: tuple[SessionRegex, ...] = Field(default=(), description="The device's words for: no such command")
    denied: tuple[SessionRegex, ...] = Field(default=(), description="The device's words for: not allowed for you")
    noise: tuple[SessionRegex, ...] = Field(
        default=(), description="Log lines that may appear anywhere, and are dropped"
    )
    ends_with: SessionRegex = Field(default="", description="End of an answer where there is no prompt (MML)")
    limit: int = Field(default=5, ge=1, description="Sessions at once per endpoint")
    lines: LinesSpec | None = Field(default=None, description="Lines for logins; absent: unknown, no session is held")
    command_timeout_s: float = Field(default=30.0, gt=0)
    cleartext: bool = Field(default=False, description="The protocol carries passwords in clear (telnet, MML)")


class Single(Strict):
    """A setting with a single value: a new line replaces the old line with the same match at its start.

    `line` is matched at the start; its match is the identity of the setting (`standby 10 priority`), or its group
    `same`: `(?:no )?(?P<same>ip http server)$` makes a line and its negation two values of one setting. `unset` removes
    the setting, with groups of `line` (`no standby \\1 priority`); empty: the negation of the whole line.
    `remove_first`: the device adds values instead of replacing them, so the old line is negated before.
    """

    line: ChangeRegex
    unset: str = ""
    remove_first: bool = False


class Rebuilt(Strict):
    """A section replaced as a whole: a difference removes and creates the section again.

    `cascades`: lines (full match, with groups of `section`) that the device removes with it; they are set again.
    """

    section: ChangeRegex
    cascades: GroupRegex = ""


class LockedWhile(Strict):
    """A section locked against edits and removal while `line` (full match) is in the section: a running test.

    The line is removed first, and set again last.
    """

    section: ChangeRegex
    line: ChangeRegex


class HoldTime(Strict):
    """Dead or hold time of a protocol: the time until a silent neighbour or path is given up.

    Applies if the change touches a line that fully matches `touched`, or a line beneath. Changed lines that fully match
    `but` do not count: no neighbour has to agree to them. `line` (full match) configures the time, with the
    group `seconds` or `ms` and optionally `times` (a multiplier). The field `times` multiplies in any case (VRRP: 3
    intervals). Without such a line the time is `default_s`, with its source in `default_reason`. `for_all` (full match)
    replaces the default for every neighbour of a section that matches `touched`. If `line` has the group `times`
    alone, the interval is that of a line of the same section (`interval`, with `seconds` or `ms`), else `interval_s`.
    `ask` (a read-only command) shows the negotiated times of established neighbours, as `shown` (with `seconds`) finds
    them: they replace the default and the unchanged lines.
    """

    touched: ChangeRegex
    line: ChangeRegex
    but: ChangeRegex = ""
    for_all: ChangeRegex = ""
    times: float = Field(default=1, gt=0)
    interval: ChangeRegex = ""
    interval_s: float = Field(default=0, ge=0)
    default_s: float = Field(ge=0)
    default_reason: str
    ask: str = ""
    shown: ChangeRegex = ""


class SideEffect(Strict):
    """Lines `prints` (full match) printed in addition in the section of `line` (full match)."""

    line: ChangeRegex
    prints: ChangeRegex


class Families(Strict):
    """A section with the lines of an address family, printed by some devices in a section of the family.

    `lines` (full match) are inside `family`, also written like `names`, if the section has one of `shown` (full match);
    without `shown`, always. Otherwise they are in the section itself.
    """

    section: ChangeRegex
    family: str
    names: ChangeRegex
    lines: ChangeRegex
    shown: ChangeRegex = ""


class Numbered(Strict):
    """Lines in the order of sequence numbers, which some devices print and others do not: an access list.

    `line` (full match) has the groups `number` (optional), `rest`, and `list` for several lists in one section;
    `format` writes the line with a number. A line without one follows the last by `step`. `section`: where such lines
    occur; empty for the top level, with numbers per list.
    """

    line: ChangeRegex
    format: str
    section: ChangeRegex = ""
    step: int = 10


class Fixed(Strict):
    """A section with a constant kind while another section has a line of `used`.

    `used` (full match) may have groups of `section`. `short_form` (full match) omits the kind: the device keeps the
    present kind, or uses `default_form`, which may have groups of `short_form`.
    """

    section: ChangeRegex
    used: GroupRegex
    short_form: ChangeRegex
    default_form: str


class Block(Strict):
    """Free text from `start` to `end` (full match, with groups of `start`): a banner."""

    start: ChangeRegex
    end: GroupRegex


class MmlObject(Strict):
    """A configuration object of an MML element, with its read and write commands.

    `keys` identify one object. `parameters` maps a parameter of `write` to its column in the answer to `read`; `words`
    maps a printed value to the written one (`{"Yes": "YES"}`).
    """

    read: str = Field(description="LST CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX={CELLIDX};")
    write: str = Field(description="The command without parameters: MOD CELLCHMGAD")
    keys: tuple[str, ...]
    parameters: dict[str, str]
    words: dict[str, dict[str, str]] = Field(default_factory=dict)


class Menu(Strict):
    """A menu of items with properties: `/ip route`. Without `keys` the menu is a single item (`/ip settings`).

    `keys` identify one item. `defaults` are the properties that can be changed, with the values that the device has and
    does not print (null: the device has none, and `!NAME` sets none); of a key, its value where it is not printed.
    `permanent`: items can be neither created nor removed.
    `ordered`: the order of items has a meaning, and new ones come last.
    """

    keys: tuple[str, ...] = ()
    defaults: dict[str, str | None] = Field(default_factory=dict)
    permanent: bool = False
    ordered: bool = False


GuardKind = Literal["revert_timer", "commit_trial", "safe_mode", "dead_man", "inverse"]


class GuardProbe(Strict):
    """Read-only test of a guard's requirement: the guard can work if `found` (multi-line regex) is in the answer.

    `lacks` is the reason otherwise: `the package frr-pythontools is not installed on its host`.
    """

    command: str
    found: ChangeRegex
    lacks: str


class GuardSpec(Strict):
    """A guard: reverts the device unless confirmed. Its commands may have `{seconds}`, `{minutes}` (rounded up) and
    `{change}` (letters, digits and hyphens).

    A device has the first guard whose `when` (regular expression, multi-line) is found in the answer to `ask`, or in
    the running configuration if `ask` is empty; an empty `when` always matches.
    """

    kind: GuardKind
    ask: str = ""
    when: ChangeRegex = ""
    probes: tuple[GuardProbe, ...] = Field(default=(), description="Its tools, rights and disk space, checked first")
    shell: bool = Field(default=False, description="arm, confirm, revert, pending go to the host's shell login")
    session_bound: bool = Field(
        default=False,
        description="The device reverts when the session that armed it ends: lines and `confirm` have a session of "
        "their own, which stays in configuration mode until then",
    )
    enter: tuple[str, ...] = Field(
        default=(), description="Replaces the platform's `enter`; `^X` is a key, here and in `confirm`"
    )
    arm: tuple[str, ...] = Field(default=(), description="Sent before configuration mode is entered")
    arm_after: tuple[str, ...] = Field(default=(), description="Sent after the lines, still in configuration mode")
    confirm: tuple[str, ...] = ()
    revert: tuple[str, ...] = Field(default=(), description="Revert at once")
    armed: ChangeRegex = Field(default="", description="Found in the answer to `enter`, or the guard is not armed")
    pending: str = Field(default="", description="Read-only command that shows an armed, unconfirmed change")
    is_pending: ChangeRegex = Field(
        default="", description="Found in the answer to `pending` if one is; group `by`: its owner"
    )
    least_s: int = Field(default=60, ge=1)
    most_s: int = Field(default=3600, ge=1)
    most_lines: int = Field(default=0, ge=0, description="The most lines that the device can revert; 0: no limit")


class LineCheck(Strict):
    """Check of lines without a commit: the device accepts or rejects them, and discards them.

    A device has the first check whose `when` (as of a guard) is found. `checks`: `commit` judges the whole
    configuration, `lines` each line alone. `check` is sent after the lines, `discard` always.
    """

    ask: str = ""
    when: ChangeRegex = ""
    checks: Literal["commit", "lines"]
    shell: bool = Field(default=False, description="All commands go to the host's shell login, and none to the device")
    enter: tuple[str, ...] = Field(default=(), description="Sent before the lines; empty: the platform's `enter`")
    line: str = Field(default="{line}", description="Sends one line; in a shell `{line}` is quoted")
    check: tuple[str, ...] = ()
    accepted: ChangeRegex = Field(default="", description="Found in the answer to the last command of `check`")
    discard: tuple[str, ...] = Field(min_length=1)


#: Patterns of lines, with the patterns of the lines beneath them; a line with none beneath is `null`.
LinePatterns: TypeAlias = dict[str, Any]


class WritableSpec(Strict):
    """Lines writable by intents; every other line is refused. `writable_pattern` has the form of a pattern.

    A line may be removed by its negation; a section, and a line by a shorter negation, only by a pattern of its own
    (`no policy-map {own}`). `interfaces` are the kinds of interfaces that may be named; empty: any name. `shared` lines
    belong to every intent.
    """

    interfaces: tuple[str, ...] = ()
    shared: LinePatterns = Field(default_factory=dict)
    load_balancing: LinePatterns = Field(default_factory=dict)
    backup: LinePatterns = Field(default_factory=dict)
    priority: LinePatterns = Field(default_factory=dict)

    def of_intent(self, intent: str) -> tuple[LinePatterns, ...]:
        """Return the lines of an intent, without the shared lines; of all intents for an own intent of a workspace."""
        known = {"load_balancing": self.load_balancing, "backup": self.backup, "priority": self.priority}
        return (known[intent],) if intent in known else tuple(known.values())

    @field_validator("shared", "load_balancing", "backup", "priority")
    @classmethod
    def _well_formed(cls, lines: LinePatterns) -> LinePatterns:
        check_patterns(lines)
        return lines


def check_patterns(lines: Any) -> None:
    """Raise PatternError unless `lines` is a mapping of well-formed patterns."""
    if not isinstance(lines, dict):
        raise PatternError(f"{lines!r} is not a mapping of patterns of lines")
    for pattern, beneath in lines.items():
        variants(str(pattern))
        if beneath is not None:
            check_patterns(beneath)


class EffectsSpec(Strict):
    """Lines with an effect on traffic and on the way in. Patterns are full matches with named groups.

    interface: header of an interface section (`interface`); `paths`: not used.
    shutdown: the line that shuts an interface; group `interface` if the line names the interface itself.
    group: membership of a gateway group (`group`, and `interface` and `unit` if the line names them).
    route: a static route with a next hop (`network`, `mask` if it is a word of its own, `next_hop`).
    objects: headers and lines of named objects that others use (`name`): access lists, policies, route maps.
    """

    interface: ChangeRegex = r"interface (?P<interface>\S+)"
    shutdown: ChangeRegex = ""
    group: ChangeRegex = ""
    route: ChangeRegex = ""
    objects: tuple[ChangeRegex, ...] = ()


class NamedObject(Strict):
    """Object named by other lines. `used` and `defined` are full matches of a line with the group `name`."""

    kind: str = Field(description="The device's word for the object: route-map, track")
    used: tuple[ChangeRegex, ...] = Field(min_length=1)
    defined: tuple[ChangeRegex, ...] = Field(min_length=1)
    built_in: ChangeRegex = Field(default="", description="Names that the device brings")


class Phrase(Strict):
    """A clause without a full stop, in each language."""

    en: str = Field(min_length=1)
    vi: str = Field(min_length=1)


class ValueRange(Strict):
    """Sane values of a number or a word; any other value is a risk of the plan, with the harm.

    `line` (full match) has the group `value`, and `limit` for a number of the same line that must be larger. `within`
    is the section above (full match). Sane are the numbers from `least` to `most` and the words of `usual`; without any
    of them no value is. `below` (full match, group `value`): a line of the same section with a larger number.
    """

    line: ChangeRegex
    within: ChangeRegex = ""
    least: float | None = None
    most: float | None = None
    usual: tuple[str, ...] = ()
    below: ChangeRegex = ""
    harm: Phrase
    source: str = Field(default="", description="Where the figure is from")


class SectionHarm(Strict):
    """Lines of a section with a common harm: all rates off, no timeslot for calls.

    A changed `section` (full match) is a risk if each of `lines` (full match) is found in it, at any depth, and none of
    `without`.
    """

    section: ChangeRegex
    lines: tuple[ChangeRegex, ...] = Field(min_length=1)
    without: ChangeRegex
    harm: Phrase


class LaterEffect(Strict):
    """A line (full match) without an effect before an event: the next connection of a base station, a restart.

    `added`: only where the section had no such line; a change of its value and its removal take effect at once.
    """

    line: ChangeRegex
    added: bool = False
    event: Phrase
    source: str = Field(default="", description="Where this is from")


class Activation(Strict):
    """Command without which lines (full match) of a section have no effect yet, sent after configuration mode.

    `command` is sent once for each header (full match of `section`), whose groups fill its braces.
    """

    section: ChangeRegex
    line: ChangeRegex
    command: str
    source: str = Field(default="", description="Where this is from")


class BandwidthSum(Strict):
    """Shares of a bandwidth, which must leave a rest: lines (full match, group `value`, in percent) of a `section`.

    `section` (full match) has the group `name`; its lines, and those of the objects named by them, count once each.
    """

    section: ChangeRegex
    line: ChangeRegex


class SelectionSpec(Strict):
    """Selection of traffic by the sections of policies, to find actions on all traffic.

    A section selects everything if its header matches `always`, if a line matches `any`, by the objects named by its
    `filter` lines (all of them in the sections `all_of`), or without a `filter` line in the sections `selecting`.
    `bound`: lines that join a `selector` with an `action`, where these are sections of their own.

    `networks`: lines that select by addresses, with the groups `source` and `destination` (`any`, `host A`, `A/LENGTH`,
    `A WILDCARD`); a missing group is any. `dscp`: lines that select by marks (group `dscp`). What the sections of one
    kind select together is held against all traffic.
    """

    actions: tuple[ChangeRegex, ...] = ()
    always: tuple[ChangeRegex, ...] = ()
    any: tuple[ChangeRegex, ...] = ()
    filter: tuple[ChangeRegex, ...] = ()
    selecting: tuple[ChangeRegex, ...] = ()
    all_of: tuple[ChangeRegex, ...] = ()
    bound: ChangeRegex = ""
    networks: tuple[ChangeRegex, ...] = ()
    dscp: ChangeRegex = ""


class ValuesSpec(Strict):
    """Lines with judged values. Patterns are full matches of a line.

    Addresses have the group `address`. `addresses`: own addresses, with their length or the group `mask`;
    `neighbours`: addresses of others; `virtual`: shared addresses of gateway groups, with `prefix` if the line has the
    subnet; `towards`: next hops of default routes and redirections; `sources`: own addresses that something leaves
    from; `probed`: hosts that a probe asks, with `interface` if the line names the port. `dynamic`: lines of an address
    that is not in the configuration; next hops are then not held against the connected networks.

    `min_links`: least members of a bundle (`links`, and `interface` if the line names it; members are those of
    `way_in`). `ranges`, `sections`, `sums`: sane values. `free`: lines whose groups name an object, or have no harmful
    value. Every number and every choice of `writable` is in one of them. `existing`: sections (group `name`) that a
    plan fills and does not make, but under own names: a new one is a mistyped name, and a risk.
    `later`: lines without an effect before an event, refused shortly before a window.
    """

    addresses: tuple[ChangeRegex, ...] = ()
    neighbours: tuple[ChangeRegex, ...] = ()
    virtual: tuple[ChangeRegex, ...] = ()
    towards: tuple[ChangeRegex, ...] = ()
    sources: tuple[ChangeRegex, ...] = ()
    probed: tuple[ChangeRegex, ...] = ()
    dynamic: ChangeRegex = ""
    names: tuple[NamedObject, ...] = ()
    min_links: ChangeRegex = ""
    ranges: tuple[ValueRange, ...] = ()
    sections: tuple[SectionHarm, ...] = ()
    sums: tuple[BandwidthSum, ...] = ()
    free: tuple[ChangeRegex, ...] = ()
    existing: tuple[ChangeRegex, ...] = ()
    later: tuple[LaterEffect, ...] = ()
    selection: SelectionSpec = Field(default_factory=SelectionSpec)


class ChangeSpec(Strict):
    """Configuration of the platform. Patterns are full matches of a stripped line unless stated otherwise.

    form: `indented` (sections by indentation), `mml` (objects with parameters), `keyed` (files of key=value), `paths`
        (`set` with the whole path of a statement; `negation` removes a statement with all beneath), `menus` (items of
        properties in menus), `host_files` (whole files that an Ansible playbook writes, instead of a template).
    read: the command that prints the running configuration (`mml`: each object has its own; `host_files`: `{files}` are
        the managed files).
    complete: found (multi-line) in a complete running configuration; absent from a truncated one.
    volatile: lines that change without a configuration change; they are ignored.
    separators: lines without meaning, in device output and in templates.
    permanent: sections that cannot be created or removed (an interface, a bts).
    implicit: sections that exist while they have lines: entering one creates it, emptying removes it.
    sections: lines that open a section even if it is empty (`route-map X permit 20`).
    ordered: sections in which the order of lines has a meaning (an access list).
        `paths`: the beginning of a line up to the name of an entry (`set firewall filter \\S+ term`).
    named: `paths`: words that the name of an object follows (`unit`, `term`); a removal never ends with one.
    last: lines that are always last in an ordered section (`class class-default`).
    side_effects: default lines that the device prints in addition once a line is set. After a crash they are not
        another operator's.
    hold_times: dead and hold times, which a changed device is observed for before the change is confirmed.
    families, numbered: content that devices print in several forms; a template is adapted to the device's form.
    fixed: sections that keep their kind while others use them.
    blocks: free text, which is never parsed as configuration.
    first: objects that other lines use: created before the rest of their level, in this order, and removed after it in
        reverse, wherever the device prints them.
    defaults: lines that the device does not print because they are the default.
    blank_insensitive: lines that the device may print with more blanks between words than were entered.
    refused: found in the answer to a rejected line; `harmless` answers that only look like one.
    questions: found at the end of an answer, and the reply to send.
    repeats: how often lines that were accepted and are missing from the configuration are sent again, where each
        line acts at once and a device loses some beside other sessions.
    saved: found in the answer to the last line of `save`.
    management: lines, and sections with all their lines, of the management access: never changed.
    effects: lines with an effect on traffic and on the way in, which plans are simulated with.
    writable: the lines that intents may write; without them no line is.
    values: lines whose values are judged: addresses, names, numbers and selections.
    checks: how the device judges lines without a commit; empty: it cannot.
    """

    form: Literal["indented", "mml", "keyed", "paths", "menus", "host_files"] = "indented"
    read: str = ""
    startup: str = Field(default="", description="Prints the startup configuration; empty: the device cannot print it")
    startup_shell: bool = Field(default=False, description="`startup` is a command of the host's shell login")
    complete: ChangeRegex = ""
    volatile: tuple[ChangeRegex, ...] = ()
    separators: tuple[ChangeRegex, ...] = ()
    enter: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    activations: tuple[Activation, ...] = ()
    encoding: Literal["ascii", "utf-8"] = Field(
        default="ascii", description="Characters that a command line takes as they are typed, observed on the device"
    )
    section_exit: str = Field(
        default="exit", description="Leaves one section; empty: a line of the top level leaves them all, as on IOS"
    )
    negation: str = "no"
    permanent: tuple[ChangeRegex, ...] = ()
    implicit: tuple[ChangeRegex, ...] = ()
    sections: tuple[ChangeRegex, ...] = ()
    ordered: tuple[ChangeRegex, ...] = ()
    last: tuple[ChangeRegex, ...] = ()
    named: tuple[ChangeRegex, ...] = ()
    single: tuple[Single, ...] = ()
    rebuilt: tuple[Rebuilt, ...] = ()
    locked_while: tuple[LockedWhile, ...] = ()
    side_effects: tuple[SideEffect, ...] = ()
    hold_times: tuple[HoldTime, ...] = ()
    families: tuple[Families, ...] = ()
    numbered: tuple[Numbered, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    blocks: tuple[Block, ...] = ()
    first: tuple[ChangeRegex, ...] = ()
    defaults: tuple[ChangeRegex, ...] = ()
    blank_insensitive: tuple[ChangeRegex, ...] = ()
    refused: tuple[ChangeRegex, ...] = ()
    held: tuple[ChangeRegex, ...] = Field(
        default=(), description="Found in an answer while another session is in configuration mode"
    )
    harmless: tuple[ChangeRegex, ...] = ()
    questions: dict[ChangeRegex, str] = Field(default_factory=dict)
    repeats: int = Field(default=0, ge=0, le=9)
    save: tuple[str, ...] = ()
    saved: ChangeRegex = ""
    management: tuple[ChangeRegex, ...] = ()
    effects: EffectsSpec = Field(default_factory=EffectsSpec)
    writable: WritableSpec = Field(default_factory=WritableSpec)
    values: ValuesSpec = Field(default_factory=ValuesSpec)
    objects: dict[str, MmlObject] = Field(default_factory=dict)
    menus: dict[str, Menu] = Field(default_factory=dict)
    guards: tuple[GuardSpec, ...] = Field(min_length=1)
    checks: tuple[LineCheck, ...] = ()


class StationSpec(Strict):
    """Command for the far end of this session in the device's view, and the pattern of its `address`."""

    command: str
    found: ChangeRegex


class WayInSpec(Strict):
    """Reading of the route back to this machine, and the lines on the way in.

    Commands may have `{address}`, those of a VRF `{vrf}` too. Where a configuration is a list of statements, `vrf` has
    `{interface}`, and `instance` the words of a VRF in a statement, for `{instance}` in `processes`. An answer is
    divided at each `entry` (`protocol`, and `process`, `prefix`, `distance`, `metric` where the device names them); an
    entry counts if `selected` is found in it. `hop` is found for each next hop (`next_hop`, `interface`, `neighbour`;
    `relay` if the device resolved the next hop by another route; `idle`, a mark of a next hop that waits; `drops`, the
    words for a route that discards its packets).

    The fact `origin_route` is read with the same commands and patterns; a line without a named part must be one of
    `details`, `absent` or blank.

    A line is on the way in if its path, joined by blanks, begins with a pattern of `interface` or of the protocol in
    `processes`. Those patterns may have `{interface}`, `{parent}`, `{unit}` and `{process}`. What follows is refused
    unless it matches `harmless` or `conditional`, or names another interface or neighbour (`others`).
    """

    routed: bool = Field(default=True, description="False: its configuration has no routing, and no route is read")
    station: StationSpec | None = Field(
        default=None, description="Absent: this machine's own address, or that of the jump host"
    )
    route: str = ""
    default: str = Field(default="", description="Asked if `absent` is found in the answer to `route`")
    absent: ChangeRegex = Field(default="", description="The device's words for: no such route")
    vrf: ChangeRegex = Field(default="", description="Line of the management interface with its VRF (`vrf`)")
    instance: str = Field(default="", description="Words of a VRF in a statement, with `{vrf}` in it")
    route_vrf: str = ""
    default_vrf: str = ""
    entry: ChangeRegex = ""
    selected: ChangeRegex = ""
    hop: ChangeRegex = ""
    details: tuple[ChangeRegex, ...] = Field(default=(), description="Other lines of an answer about a route")
    headings: tuple[ChangeRegex, ...] = Field(
        default=(), description="A line of every answer: a whole answer with it and without a route has none"
    )
    interface: ChangeRegex = ""
    members: ChangeRegex = Field(
        default="", description="Path of a line, joined by blanks, that makes an `interface` a member of a `bundle`"
    )
    bundle: str = Field(default="", description="Name of the bundle with `{bundle}` in it: Port-channel{bundle}")
    processes: dict[ChangeRegex, ChangeRegex] = Field(
        default_factory=dict, description="Pattern of a protocol to the pattern of its section"
    )
    groups: tuple[ChangeRegex, ...] = Field(
        default=(), description="Membership of a neighbour (`neighbour`) in a group of neighbours (`group`)"
    )
    others: tuple[ChangeRegex, ...] = Field(
        default=(), description="Found in a line of a routing process that is for one `interface` or `neighbour`"
    )
    harmless: tuple[ChangeRegex, ...] = Field(default=(), description="Lines that cannot take the route away")
    conditional: tuple[ChangeRegex, ...] = Field(
        default=(), description="Lines that take the route away if a condition fails: a risk of the plan"
    )

    @model_validator(mode="after")
    def _whole(self) -> WayInSpec:
        if self.routed and not (self.route and self.entry and self.hop and self.interface):
            raise InvalidValue(message("platforms:way_in"))
        return self


class Source(Strict):
    """A public source of commands and forms.

    `kind`: `captures` of real equipment with expected values, real `software` of the lab, `transcripts` in public
    repositories, the vendor's `manual`. `confirms`: facts, and `change` for the configuration; empty: all of the folder
    that are not `unconfirmed`.
    """

    kind: Literal["captures", "software", "transcripts", "manual"]
    name: str = Field(min_length=1)
    url: str = ""
    confirms: tuple[str, ...] = ()

    @field_validator("url")
    @classmethod
    def _is_https(cls, url: str) -> str:
        if url and not re.fullmatch(r"https://[\w.-]+(?:/\S*)?", url):
            raise InvalidValue(message("platforms:https", url=url))
        return url


class PlatformSpec(Strict):
    """platform.yaml"""

    title: str
    roles: tuple[str, ...]
    extends: str | None = Field(
        default=None, description="Another platform whose facts, session and configuration this one starts from"
    )
    sources: tuple[Source, ...] = Field(default=(), description="Public sources of the commands and their forms")
    unconfirmed: bool = Field(default=False, description="No public source confirms the commands of this folder")
    netmiko: NetmikoSpec
    session: SessionSpec
    read_only: tuple[CommandRegex, ...] = Field(
        description="The whole command must match one of these to be sent by an audit"
    )
    never_sent: tuple[CommandRegex, ...] = Field(default=(), description="Lines that no one may send by this tool")
    configuration: tuple[CommandRegex, ...] = Field(
        default=CONFIGURATION_COMMANDS,
        description="Found in a command that prints configuration: its evidence keeps the lines that a fact reads, and "
        "of all others their structure",
    )
    change: ChangeSpec | None = Field(default=None, description="How it is configured; absent: it is only read")
    way_in: WayInSpec | None = Field(
        default=None, description="The route back to this machine; absent: unknown, a risk of every plan"
    )


class RecordSpec(Strict):
    """Bounds of a record in the text of an answer: a strange record costs itself, not the fact.

    A record is a line with a match of `starts`, and the lines after it as long as each has a match of `lines`; both are
    searched. Every other line is outside all records, and must be understood.
    """

    starts: Regex = Field(description="First line of a record; its group `subject` names the port, neighbour or part")
    lines: Regex = Field(default="", description="Further lines of a record; absent: a record is one line")

    @field_validator("starts")
    @classmethod
    def _names_a_subject(cls, starts: str) -> str:
        if "(?P<subject>" not in starts:
            raise InvalidValue(message("platforms:record_subject"))
        return starts


class JoinSpec(Strict):
    """Completion of records of the first answer from the rows of a table in the second (`also`).

    A row with a value in `table` is a row of the table, any other one a record. A record without a value in `column`
    needs a row of its own, which agrees in all columns of `by`; a row of the table without a record is unread.
    """

    column: str = Field(description="Column of a record that the table gives where the answer does not")
    table: str = Field(description="Column of the table with the same")
    by: dict[str, str] = Field(description="Column of the table to a column of the record, or a format of several")
    cut: dict[str, int] = Field(
        default_factory=dict, description="Column of the table to the width at which it is cut off"
    )


class FactSpec(Strict):
    """Reading of a fact: `fields` maps a record's field to a column, `words` a column's text to the record's word.

    A key of `words` between slashes is a regular expression; other keys are compared without regard to case. The word
    "" stands for no value. The other patterns are searched in each line.
    """

    command: str
    against: str = Field(default="", description="compared: the command whose answer is held against that of `command`")
    also: str = Field(
        default="", description="A second command, where one does not give all: its answer follows, on a line its name"
    )
    also_absent: tuple[Literal["silent", "refused"], ...] = Field(
        default=(),
        description="Answers to `also` by which a device has nothing of it: `silent`, it prints nothing; `refused`, it "
        "does not know the command. Any other failure of the second command is a failure of the fact",
    )
    join: JoinSpec | None = Field(
        default=None, description="Completion of the records of `command` from a table in the answer to `also`"
    )
    instead: str = Field(
        default="", description="A second command, of another release: its answer counts where `command` is refused"
    )
    parser: str = Field(
        description="textfsm, jmespath, statements, properties, mml, compared, or the name of an entry point"
    )
    template: str = Field(
        default="",
        description="textfsm: file in parse/; jmespath: expression; "
        "statements: regular expression; properties: rules for items; compared: lines left out",
    )
    fields: dict[str, str]
    words: dict[str, dict[str, str | bool]] = Field(default_factory=dict)
    constants: dict[str, str | int | float | bool] = Field(default_factory=dict)
    defaults: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="A field's value where the device prints nothing for it"
    )
    prompt: dict[str, SessionRegex] = Field(
        default_factory=dict,
        description="Field to a pattern: its first group in the prompt is the value where the answer has none",
    )
    expand: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Column to patterns: each match makes a row of its own, with the named groups as columns",
    )
    items: dict[str, str] = Field(
        default_factory=dict,
        description="Field to a pattern: the first group of each match in the column's text is one item of a list",
    )
    lengths: dict[str, str] = Field(
        default_factory=dict,
        description="Field that is a list to a column: the number of its items, or a second list of them",
    )
    where: dict[str, str] = Field(
        default_factory=dict, description="Column to a pattern (full match): rows of another kind are left out"
    )
    required: tuple[str, ...] = Field(
        default=(), description="Columns that every record has; a record without one is not complete"
    )
    together: tuple[tuple[str, ...], ...] = Field(
        default=(), description="Columns of which a record has all or none; a record with some of them is not complete"
    )
    carries: tuple[Regex, ...] | None = Field(
        default=None,
        description="Lines that may carry the fact: a line without a rule that matches none of these is passed over. "
        "Absent: every line without a rule makes the output unparsed",
    )
    record: RecordSpec | None = Field(
        default=None,
        description="Bounds of a record: one that cannot be read is named, and the others stand. Absent: one strange "
        "record refuses the output",
    )
    empty: tuple[Regex, ...] = Field(default=(), description="The device's own words for: there is none")
    headings: tuple[Regex, ...] = Field(
        default=(), description="A line that stands in every answer: a whole answer with it and without rows is empty"
    )
    counts: tuple[Regex, ...] = Field(
        default=(), description="A stated number of rows: the sum of all groups of all lines is held against the rows"
    )
    subtotals: tuple[Regex, ...] = Field(
        default=(), description="Like counts, but stated for each part: they prove neither none nor the end"
    )
    trailers: tuple[Regex, ...] = Field(
        default=(), description="The last line of every answer: proves that it is whole"
    )
    silent: tuple[Regex, ...] = Field(
        default=(), description="A form of the answer that has no rows and says nothing about the fact: unsupported"
    )
    whole: bool = Field(
        default=False, description="Later lines change what earlier ones say: only a complete answer is understood"
    )
    unconfirmed: bool = Field(default=False, description="No public source confirms the command and its form")


class Reason(Strict):
    """The reason why equipment does not offer a fact, in both languages."""

    en: str = Field(min_length=1)
    vi: str = Field(min_length=1)


class FactsSpec(Strict):
    """facts.yaml"""

    facts: dict[str, FactSpec]
    unsupported: dict[str, str | Reason] = Field(
        default_factory=dict, description="Facts this kind of equipment has no words for, and why"
    )


Parser = Literal["textfsm", "jmespath", "statements", "properties", "mml", "compared"]
