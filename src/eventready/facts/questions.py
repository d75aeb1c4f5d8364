"""Questions of a device to services and for routes, as facts of its platform: a command and an answer each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.facts.command_template import examples, fill
from eventready.facts.parsing.build import RowBuilder
from eventready.facts.platform import ROUTE, CompiledFact, Platform
from eventready.facts.records import OriginRoute
from eventready.workspace.devices.device import Device
from eventready.workspace.files.yaml_document import raise_errors


def with_questions(platform: Platform, device: Device) -> Platform:
    """Return the platform with the questions of a device. Raises WorkspaceError for questions beyond the device."""
    answers = {question.answer.subject: question.answer for question in device.questions}
    if not answers and not device.origin_addresses:
        return platform
    by_fact: dict[str, list[CompiledFact]] = {}
    problems: list[WorkspaceError] = []
    for subject, answer in answers.items():
        where = answer.origin or device.origin
        compiled = platform.facts.get(answer.fact)
        if compiled is None:
            named = {"device": device.name, "kind": answer.kind, "platform": platform.name}
            problems.append(WorkspaceError(message("facts:question.unsupported", **named), where=where))
            continue
        if answer.family and answer.kind != "dns" and "{option}" not in compiled.command:
            named = {"device": device.name, "platform": platform.name, "family": str(answer.family)}
            problems.append(WorkspaceError(message("facts:question.family", **named), where=where))
            continue
        command = fill(compiled.command, answer.arguments())
        if not platform.allows(command):
            what = message("facts:question.not_read_only", device=device.name, command=command)
            problems.append(WorkspaceError(what, where=where))
            continue
        by_fact.setdefault(answer.fact, []).append(_question(compiled, command, subject))
    raise_errors(problems)
    by_fact |= _routes(platform, device.origin_addresses)
    return _asking(platform, {fact: tuple(questions) for fact, questions in by_fact.items()})


def _routes(platform: Platform, targets: Iterable[str]) -> dict[str, list[CompiledFact]]:
    """Return the questions for the routes to origins, on a platform with the fact."""
    compiled = platform.facts.get(ROUTE)
    if compiled is None:
        return {}
    return {ROUTE: [_route(compiled, target) for target in targets]}


def _route(compiled: CompiledFact, target: str) -> CompiledFact:
    question = _question(compiled, fill(compiled.command, {"target": target}), target)
    return replace(question, absence=OriginRoute(target=target))


def with_example(platform: Platform, fact: str) -> Platform:
    """Return the platform with an example question of a fact, for a saved answer to any question."""
    compiled = platform.facts[fact]
    command = next(iter(examples(fact, compiled.command)))
    return _asking(platform, {fact: (_question(compiled, command, ""),)})


def _question(compiled: CompiledFact, command: str, subject: str) -> CompiledFact:
    constants = {**compiled.spec.constants, compiled.kind.question: subject}
    spec = compiled.spec.model_copy(update={"command": command, "constants": constants})
    return replace(compiled, spec=spec, builder=RowBuilder(compiled.kind, spec), questions=None)


def _asking(platform: Platform, by_fact: Mapping[str, tuple[CompiledFact, ...]]) -> Platform:
    facts = {name: replace(fact, questions=by_fact.get(name, fact.questions)) for name, fact in platform.facts.items()}
    return replace(platform, facts=MappingProxyType(facts))
