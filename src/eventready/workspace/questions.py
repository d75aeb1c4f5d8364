"""Questions of event.yaml with the asking devices, and the services behind those of an origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.core.strings.addresses import is_address
from eventready.core.validation_messages import Suggestions
from eventready.workspace.devices.answers import Question, ServiceAnswer
from eventready.workspace.devices.device import Device, Service
from eventready.workspace.files.yaml_document import raise_errors
from eventready.workspace.settings.event import Event


def with_questions(event: Event, devices: Sequence[Device]) -> tuple[Device, ...]:
    """Return the devices with their questions of event.yaml. Raises WorkspaceError for unknown and unfit devices."""
    known = {device.name: device for device in devices}
    remedy = Suggestions(known)
    found: dict[str, dict[str, Question]] = {}
    problems: list[WorkspaceError] = []
    for name, venue, service, answer in _put(event, known):
        if name not in known:
            what = message("workspace:answer.no_device", name=name)
            problems.append(WorkspaceError(what, where=answer.origin, do=remedy.of(name)))
            continue
        question = Question(answer, venue, (service,))
        earlier = found.setdefault(name, {}).get(question.subject)
        if earlier is None:
            found[name][question.subject] = question
        elif service in earlier.services or _expected(earlier.answer) != _expected(answer):
            what = message("workspace:answer.twice", subject=question.subject, name=name)
            problems.append(WorkspaceError(what, where=answer.origin))
        else:
            found[name][question.subject] = replace(earlier, services=(*earlier.services, service))
    raise_errors(problems)
    return tuple(
        replace(device, event_questions=tuple(found[device.name].values())) if device.name in found else device
        for device in devices
    )


def _put(event: Event, known: Mapping[str, Device]) -> Iterator[tuple[str, str, Service, ServiceAnswer]]:
    """Yield each question with its asker, venue and service; over both families in a venue with both."""
    for venue, service, answer in _answers(event):
        gateways = (one for device in known.values() if venue in device.venues for one in device.expect.gateways)
        families = {6 if ":" in one.virtual_ip else 4 for one in gateways if one.virtual_ip}
        for name in answer.askers:
            both = families == {4, 6} and name in known and known[name].role == "service_host"
            for one in _by_family(answer) if both else (answer,):
                yield name, venue, service, one


def _by_family(answer: ServiceAnswer) -> Iterator[ServiceAnswer]:
    """Yield the questions of a name over IPv4 and over IPv6; any other question unchanged."""
    settled = answer.family or not answer.target or is_address(answer.target) or answer.addresses
    for family in (None,) if settled else (4, 6):
        yield answer.model_copy(update={"family": family}) if family else answer


def _answers(event: Event) -> Iterator[tuple[str, Service, ServiceAnswer]]:
    for venue in event.venues:
        for service, answers in venue.answers.items():
            yield from ((venue.id, service, answer) for answer in answers)


def _expected(answer: object) -> object:
    return answer.model_dump(exclude={"askers"}) if isinstance(answer, ServiceAnswer) else answer
