"""Reference pages: commands, checks, platforms, facts, workspace files and exit codes, from the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from inspect import cleandoc, getdoc

from pydantic import BaseModel

from docsite.commands import command_pages
from docsite.licences import licences_page
from docsite.markdown import cell, code, fence, page, sourced, table
from eventready.checks.check import Check, NoLimits
from eventready.checks.registry import all_checks
from eventready.checks.runbook import runbook
from eventready.cli.workspace.schema import schema_models
from eventready.core.errors import SEVERITY, Exit, describe_exit
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.platform import Platform, load_platform
from eventready.platforms.loader import platform_names
from eventready.workspace.examples.example import example_home
from eventready.workspace.settings.intent_folders import ValueSpec, load_intent_folders

#: A type with what validates it, within another type.
_ANNOTATED = re.compile(r"typing\.Annotated\[([\w.]+), [^\]]*\]")


#: What a failed check does to a verdict.
_KINDS = (
    "A failure of kind *state* cuts users off, as the graph of the network sees by the same fact; of kind *quality*, "
    "it degrades the users whose ways rest on the element; of kind *care*, it is a risk. "
    "[`blocks: true`](../../howto/limits.md) makes care count as quality."
)


def reference_pages() -> dict[str, str]:
    """All reference pages by file name below `reference/`."""
    platforms = [load_platform(name) for name in platform_names()]
    return {
        **command_pages(),
        **check_pages(platforms),
        **platform_pages(platforms),
        **exit_code_pages(),
        **file_pages(),
        **intent_pages(),
        "facts.md": facts_page(platforms),
        "licences.md": licences_page(),
    }


def exit_code_pages() -> dict[str, str]:
    """One page per exit code, and an index."""
    rows = [(f"[{int(e)}]({int(e)}.md)", code(e.name), cell(describe_exit(e, "meaning", "en"))) for e in Exit]
    order = " > ".join(str(int(e)) for e in SEVERITY)
    pages = {
        "exit-codes/index.md": page(
            "# Exit codes",
            "Every command ends with one of these codes. With several reasons the most severe one counts:",
            f"{order} > 0",
            table(("code", "name", "meaning"), rows),
        )
    }
    for exit_code in Exit:
        meaning, cause, remedy = (describe_exit(exit_code, part, "en") for part in ("meaning", "cause", "remedy"))
        pages[f"exit-codes/{int(exit_code)}.md"] = page(
            f"# Exit code {int(exit_code)}: {meaning}", f"**Cause.** {cause}", f"**Remedy.** {remedy}"
        )
    return pages


def check_pages(platforms: Iterable[Platform]) -> dict[str, str]:
    """One page per check, and an index."""
    known = list(platforms)
    rows = [(f"[{c.name}]({c.name}.md)", cell(c.title), c.kind, ", ".join(c.roles)) for c in all_checks()]
    index = page("# Checks", f"{len(rows)} checks. A check reads facts and limits, never a command or a vendor.",
                 _KINDS, table(("check", "verifies", "kind", "roles"), rows))  # fmt: skip
    return {"checks/index.md": index, **{f"checks/{c.name}.md": _check(c, known) for c in all_checks()}}


def _check(check: Check, platforms: Iterable[Platform]) -> str:
    text = (getdoc(check.run) or "").strip()
    facts = [f"[{fact}](../facts.md#{fact})" for fact in check.needs]
    support = [
        (f"[{p.name}](../platforms/{p.name}.md)", _support(check, p))
        for p in platforms
        if set(check.roles) & set(p.spec.roles)
    ]
    return page(
        f"# Check `{check.name}`",
        cleandoc(text),
        table(("property", "value"), (
            ("kind", check.kind),
            ("roles", ", ".join(check.roles)),
            ("facts", ", ".join(facts)),
            ("scope", "one device" if check.scope == "device" else "all devices of the audit"),
            ("topic", check.topic),
        )),
        *_runbook(check),
        "## Limits",
        list(_limits(check)),
        "## Platforms",
        table(("platform", "support"), support),
    )  # fmt: skip


def _runbook(check: Check) -> Iterator[str | list[str]]:
    if found := runbook(check.name, "en"):
        yield from ("## Runbook", found.meaning)
        yield [*(f"{number}. {step}" for number, step in enumerate(found.steps, 1)), ""]


def _limits(check: Check) -> Iterator[str]:
    if isinstance(check.limits, NoLimits) or not type(check.limits).model_fields:
        yield from ("None: facts are compared with the expectations of the inventory.", "")
        return
    yield from table(
        ("limit", "default", "meaning and source"),
        (
            (
                code(name),
                code(getattr(check.limits, name)),
                sourced(cell(info.description or "")),
            )
            for name, info in type(check.limits).model_fields.items()
        ),
    )
    limits = check.limits.model_dump(mode="json", exclude_none=True, exclude={"blocks"})
    example = "\n".join(f"    {name}: {json.dumps(value)}" for name, value in limits.items())
    yield from fence(f"# inventory/limits.yaml\ndefaults:\n  {check.name}:\n{example}", "yaml")


def _support(check: Check, platform: Platform) -> str:
    missing = [fact for fact in check.needs if fact not in platform.facts]
    if not missing:
        return "measured"
    reasons = {fact: platform.unsupported.get(fact, "not read by this platform") for fact in missing}
    return "; ".join(f"`{fact}`: {cell(reason)}" for fact, reason in reasons.items())


def platform_pages(platforms: Iterable[Platform]) -> dict[str, str]:
    """One page per platform, and an index with the table of platforms, facts and guards."""
    known = list(platforms)
    rows = [
        (
            f"[{p.name}]({p.name}.md)",
            cell(p.spec.title),
            ", ".join(p.spec.roles),
            str(len(p.facts)),
            ", ".join(guard.kind for guard in p.spec.change.guards) if p.spec.change else "read only",
        )
        for p in known
    ]
    facts = sorted({fact for p in known for fact in (*p.facts, *p.unsupported)})
    matrix = [
        (
            f"[{fact}](../facts.md#{fact})",
            *(_offer(p, fact) for p in known),
        )
        for fact in facts
    ]
    index = page(
        "# Platforms",
        table(("platform", "equipment", "roles", "facts", "guards"), rows),
        "## Facts by platform",
        "*yes*: read. *unconfirmed*: read, and no public source confirms the form. *no*: the equipment cannot tell, "
        "declared with its reason. Empty: not of its role, or not read.",
        table(("fact", *(p.name for p in known)), matrix),
    )
    return {"platforms/index.md": index, **{f"platforms/{p.name}.md": _platform(p) for p in known}}


def _offer(platform: Platform, fact: str) -> str:
    if fact in platform.facts:
        return "unconfirmed" if platform.facts[fact].unconfirmed else "yes"
    return "no" if fact in platform.unsupported else ""


def _sources(platform: Platform) -> Iterator[tuple[str, str, str]]:
    for source in platform.spec.sources:
        own = [name for name, fact in sorted(platform.facts.items()) if source in fact.sources]
        confirmed = [*own, *(["change"] if "change" in source.confirms or not source.confirms else [])]
        name = f"[{cell(source.name)}]({source.url})" if source.url else cell(source.name)
        yield name, source.kind, ", ".join(map(code, confirmed))


def _platform(platform: Platform) -> str:
    spec = platform.spec
    facts = [
        (
            f"[{name}](../facts.md#{name})",
            "<br>".join(code(command) for command in fact.commands),
            code(fact.spec.parser),
            "unconfirmed" if fact.unconfirmed else "" if fact.home == platform.name else f"as `{fact.home}`",
        )
        for name, fact in sorted(platform.facts.items())
    ]
    unsupported = [(f"[{n}](../facts.md#{n})", cell(reason)) for n, reason in sorted(platform.unsupported.items())]
    sources = list(_sources(platform))
    guards = [(code(g.kind), code(g.when) or "always") for g in spec.change.guards] if spec.change else []
    return page(
        f"# Platform `{platform.name}`",
        spec.title,
        table(("property", "value"), (
            ("roles", ", ".join(spec.roles)),
            ("Netmiko device type", code(spec.netmiko.device_type)),
            ("extends", code(spec.extends or "")),
            ("configured", "yes" if spec.change else "no, read only"),
        )),
        "## Facts",
        table(("fact", "command", "parser", "form"), facts),
        ["## Sources", "", "Public sources of commands and forms. An *unconfirmed* fact has none.",
         "", *table(("source", "kind", "confirms"), sources)] if sources else [],
        ["## Not supported by the equipment", "", *table(("fact", "reason"), unsupported)] if unsupported else [],
        ["## Guards", "", "See [guards](../../change.md).", "", *table(("guard", "when"), guards)] if guards else [],
        ["## Lines never sent", "", *fence("\n".join(spec.never_sent))] if spec.never_sent else [],
    )  # fmt: skip


def facts_page(platforms: Iterable[Platform]) -> str:
    """All facts with the fields of their records, and the platforms with each."""
    known = list(platforms)
    parts: list[str | Iterable[str]] = ["# Facts", "Vendor-neutral records. Every observation holds rows of one fact."]
    for name, kind in sorted(CATALOGUE.items()):
        readers = [f"[{p.name}](platforms/{p.name}.md)" for p in known if name in p.facts]
        parts += [
            f"## {name} {{#{name}}}",
            f"Record `{kind.record.__name__}`: {cell((getdoc(kind.record) or '').splitlines()[0])}"
            + (" Read twice, as a counter." if kind.counter else ""),
            f"Platforms: {', '.join(readers) or 'none'}.",
            table(("field", "type", "meaning"), _fields(kind.record)),
        ]
    return page(*parts)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    for name, info in model.model_fields.items():
        kind = getattr(info.annotation, "__name__", None) or _ANNOTATED.sub(r"\1", str(info.annotation))
        yield (
            code(info.alias or name),
            code(kind.replace("typing.", "").replace("eventready.", "")),
            cell(info.description or ""),
        )


def intent_pages() -> dict[str, str]:
    """One page per shipped intent with the values of its templates, and an index."""
    known = load_intent_folders(example_home() / "templates")
    purposes = {name: intent.purpose.en if intent.purpose else "" for name, intent in known.items()}
    rows = [(f"[{name}]({name}.md)", cell(purpose)) for name, purpose in purposes.items()]
    index = page(
        "# Intents",
        "Values of the shipped intents, from `templates/INTENT/values.yaml`. See "
        "[add or change an intent](../../howto/intent.md).",
        table(("intent", "purpose"), rows),
    )
    columns = ("value", "type", "meaning", "in Vietnamese", "default", "example", "platforms")
    pages = {
        f"intents/{name}.md": page(f"# Intent `{name}`", purposes[name], table(columns, _values(intent.values)))
        for name, intent in known.items()
    }
    return {"intents/index.md": index, **pages}


def _values(specs: Mapping[str, ValueSpec], above: str = "") -> Iterator[tuple[str, ...]]:
    """Rows of values, with the parts of mappings and lists beneath."""
    for name, spec in specs.items():
        yield (
            code(above + name), _kind(spec), cell(spec.meaning.en), cell(spec.meaning.vi), _written(spec.default),
            _written(spec.example), ", ".join(spec.platforms),
        )  # fmt: skip
        yield from _values(spec.keys, f"{above}{name}.")
        if spec.items and spec.items.keys:
            yield from _values(spec.items.keys, f"{above}{name}[].")


def _kind(spec: ValueSpec) -> str:
    if spec.choices:
        return ", ".join(map(code, spec.choices))
    bounds = [f"{word} {bound:g}" for word, bound in (("from", spec.least), ("to", spec.most)) if bound is not None]
    return " ".join([f"list of {spec.items.type}" if spec.items else spec.type, *bounds])


def _written(value: object) -> str:
    return "" if value is None else code(json.dumps(value, ensure_ascii=False))


def file_pages() -> dict[str, str]:
    """One page per workspace file with its keys, and an index."""
    models: Mapping[str, type[BaseModel]] = schema_models()
    rows = [
        (f"[{name}.yaml]({name}.md)", cell((getdoc(m) or "").splitlines()[0])) for name, m in sorted(models.items())
    ]
    index = page("# Workspace and platform files",
                 "`eventready doctor schema NAME` prints the JSON Schema of each, for editors.",
                 table(("file", "content"), rows))  # fmt: skip
    return {"files/index.md": index, **{f"files/{name}.md": _file(name, model) for name, model in models.items()}}


def _file(name: str, model: type[BaseModel]) -> str:
    schema = model.model_json_schema(by_alias=True)
    parts: list[str | Iterable[str]] = [f"# {name}.yaml", cell(getdoc(model) or "")]
    parts.append(table(("key", "type", "required", "meaning"), _keys(schema)))
    for title, definition in sorted(schema.get("$defs", {}).items()):
        rows = list(_keys(definition))
        if rows:
            parts += [f"## {title}", cell(definition.get("description", "")),
                      table(("key", "type", "required", "meaning"), rows)]  # fmt: skip
    return page(*parts)


def _keys(schema: Mapping[str, object]) -> Iterator[tuple[str, str, str, str]]:
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, Mapping):
        return
    for key, entry in properties.items():
        needed = isinstance(required, list) and key in required
        yield code(key), cell(_type(entry)), "yes" if needed else "", sourced(cell(entry.get("description", "")))


def _type(entry: Mapping[str, object]) -> str:
    reference = entry.get("$ref")
    if isinstance(reference, str):
        title = reference.rsplit("/", 1)[-1]
        return f"[{title}](#{title.lower()})"
    options = entry.get("anyOf")
    if isinstance(options, list):
        return " or ".join(_type(option) for option in options if option.get("type") != "null")
    values = entry.get("enum")
    if isinstance(values, list):
        return ", ".join(f"`{value}`" for value in values)
    items = entry.get("items")
    if entry.get("type") == "array" and isinstance(items, Mapping):
        return f"list of {_type(items)}"
    return str(entry.get("const") or entry.get("type") or "any")
