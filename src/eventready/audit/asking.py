"""Answers of services to questions beyond those of an audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nornir.core.task import Result, Task

from eventready.audit.tasks import read_facts
from eventready.core.errors import raise_defect
from eventready.facts.equipment import Equipment
from eventready.facts.observation import Observation
from eventready.facts.platform import Platform
from eventready.facts.questions import with_questions
from eventready.facts.records import Fact
from eventready.facts.rows import FactRows
from eventready.workspace.devices.answers import ExpectedAnswer
from eventready.workspace.workspace import Workspace


def ask(
    workspace: Workspace, equipment: Equipment, questions: Mapping[str, Sequence[ExpectedAnswer]], workers: int
) -> dict[str, dict[str, FactRows[Fact]]]:
    """Have devices ask, and return their answers by device and fact. Raises EventreadyError before any connection."""
    asking = {name: _asking(equipment, name, answers) for name, answers in questions.items()}
    facts = {name: tuple({answer.fact: None for answer in answers}) for name, answers in questions.items()}
    workspace.check_secrets(asking)
    nornir = workspace.nornir(workers).filter(filter_func=lambda host: host.name in asking)

    def read(task: Task) -> Result:
        return read_facts(task, facts[task.host.name], platform=asking[task.host.name])

    outcome = nornir.run(task=read)
    return {name: {one.fact: FactRows.of(one) for one in _observed(results[0])} for name, results in outcome.items()}


def _observed(result: Result) -> Sequence[Observation]:
    """Measured answers of a device. Raises RuntimeError for an exception in the task: a defect."""
    raise_defect(result.exception, "asking failed")
    return [one for one in result.result if one.status.measured]


def _asking(equipment: Equipment, name: str, answers: Sequence[ExpectedAnswer]) -> Platform:
    """Platform of a device with its questions, of kinds known to the platform."""
    device, platform = equipment.by_name[name], equipment.platform(name)
    possible = tuple(answer for answer in answers if answer.fact in platform.facts)
    alone = replace(device, expect=device.expect.model_copy(update={"answers": possible}), event_questions=())
    return with_questions(platform, alone)
