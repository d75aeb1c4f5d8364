"""duties.yaml: the clauses of the letter, who answers for each, by when, and what proves it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from eventready.workspace.event import Entry
from eventready.workspace.moments import Moment
from eventready.workspace.yaml import load_yaml, several

#: Whom the letter addresses: telecom enterprises, postal enterprises, all of them, the department itself.
Addressee = Literal["telecom", "postal", "all", "department"]


class Proof(Entry):
    """What shows that a duty is done. Checks, kinds of change, roster roles, documents, a signed word."""

    checks: tuple[str, ...] = Field(default=(), description="Globs of check names")
    venues: tuple[str, ...] = Field(default=(), description="Only what is found at these venues counts; none: anywhere")
    changes: tuple[str, ...] = ()
    roster: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    attestation: str = ""

    @model_validator(mode="after")
    def _something(self) -> Proof:
        if not any((self.checks, self.changes, self.roster, self.documents, self.attestation)):
            raise ValueError("a duty that nothing proves cannot be reported. Name checks, documents or an attestation.")
        return self


class Duty(Entry):
    """One clause. `vi` quotes the letter; `deadline` is what people read, `due` what is counted against."""

    id: str = Field(min_length=1)
    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)
    applies_to: Addressee
    owner: str = Field(min_length=1, description="Who answers for it")
    deadline: str = Field(min_length=1)
    due: Moment | None = Field(default=None, description="The last moment; none for what goes on all the time")
    proof: Proof
    not_applicable: str = Field(default="", description="Why it does not apply to us, where it does not")


class DutyFile(Entry):
    """duties.yaml"""

    duties: tuple[Duty, ...] = Field(min_length=1)


def load_duties(path: Path) -> tuple[Duty, ...]:
    """Read duties.yaml; without the file there are none. Raises WorkspaceError."""
    if not path.exists():
        return ()
    document = load_yaml(path)
    duties = document.validate(DutyFile).duties
    first: dict[str, int] = {}
    problems = []
    for index, duty in enumerate(duties):
        if duty.id in first:
            line = document.line("duties", first[duty.id])
            what = f"the duty {duty.id!r} is here a second time; the first is in line {line}"
            problems.append(document.error(what, "duties", index, "id", do="Remove or rename one."))
        first.setdefault(duty.id, index)
    if problems:
        raise several(problems)
    return duties
