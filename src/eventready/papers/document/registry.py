"""Kinds of papers: an entry for each, from which its command, mail and place in the profile are derived.

Its texts are in the profiles (`papers`), the term of its file is `papers:file`, its name in a mail `clauses:paper`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from eventready.papers.document.model import Document
    from eventready.papers.words import Form

#: What a paper has beside its common material: a map, the drills on record, the roster as a version of its own.
Need: TypeAlias = Literal["map", "drills", "version"]


@dataclass(frozen=True)
class PaperOption:
    """Option of the command of a paper, passed to its writer; `run` chooses the run of the material."""

    name: str
    help: str = ""
    metavar: str | None = None
    form: Literal["text", "texts", "flag", "argument"] = "text"


@dataclass(frozen=True)
class PaperKind:
    """Kind of paper. `document`: its name in duties.yaml; `writer`: its function in `papers.kinds`, such as
    `weekly.weekly`, empty for a paper of another package.

    `variables`: further variables of its texts. `of_week`: dated by the Monday of its week, in its mail too.
    `of_event`: with the notes of all weeks. `minutes`: with two signatures, and without place and date above.
    """

    name: str
    document: str = ""
    writer: str = ""
    summary: str = ""
    help: str = ""
    forms: tuple[Form, ...] = ("docx", "pdf")
    options: tuple[PaperOption, ...] = ()
    needs: tuple[Need, ...] = ()
    variables: frozenset[str] = frozenset()
    of_week: bool = False
    of_event: bool = False
    minutes: bool = False

    @property
    def write(self) -> Callable[..., Document]:
        """Writer of the paper: from material, profile, language and the values of its options."""
        module, _, name = self.writer.partition(".")
        found: Callable[..., Document] = getattr(import_module(f"eventready.papers.kinds.{module}"), name)
        return found


_RUN = PaperOption("run", "Run of the report.  [default: the last run of the week]")
_WITH_SHEETS: tuple[Form, ...] = ("docx", "pdf", "xlsx")

#: Kinds of papers by name.
KINDS: Mapping[str, PaperKind] = {kind.name: kind for kind in (
    PaperKind(
        "weekly", "weekly-report", "weekly.weekly", "Write the weekly report",
        """Write the weekly report: results by service and venue, changes since last week, incidents, next week.

        At most five pages, a one-page annex and the map of the network; the tables are in the workbook. Number, date
        and signature stay blank for the office. Texts and outline: templates/reports/vi.yaml.
        """,
        forms=_WITH_SHEETS, options=(_RUN,), needs=("map",), of_week=True,
    ),
    PaperKind(
        "roster", "duty-list", "roster_list.roster_list", "Write the formal duty list, with telephone numbers",
        """Write the duty list, people by days, with telephone numbers in full; the shifts are an annex.

        The roster is stored as a version with a number; the list names the changes since the version sent last.
        """,
        forms=_WITH_SHEETS, needs=("version",), variables=frozenset({"version"}),
    ),
    PaperKind(
        "incident", "incident-report", "incident.named_incident", "Write the report of an incident",
        """Write the report of an incident: course, cause, actions, and every notice with its lateness.

        INCIDENT is its name, `latest`, or the end of its name. With --eml the mail is addressed to the recipient and
        the police.
        """,
        options=(PaperOption("incident", form="argument"),),
        variables=frozenset({"incident", "incident_place", "incident_summary", "police"}),
    ),
    PaperKind(
        "drill", "drill-minutes", "drill.recorded_drills", "Write the minutes of the drills",
        """Write the minutes of the drills: failures, and the interruption of each service before and after the
        changes.

        Every run on record is listed, and the worst counts. Place and people that are not given are left blank.
        """,
        options=(
            PaperOption("place", "Place of the drills, for the minutes."),
            PaperOption("present", "Person present, for the minutes; may be repeated.", "NAME", "texts"),
            PaperOption("chair", "Chair of the meeting, for the minutes.", "NAME"),
            PaperOption("secretary", "Secretary of the meeting, for the minutes.", "NAME"),
        ),
        needs=("drills",), minutes=True,
    ),
    PaperKind(
        "final", "final-report", "final.final", "Write the summary of the whole event",
        "Write the summary after the event: results, course, all incidents, lessons.",
        forms=_WITH_SHEETS, needs=("map",), of_event=True,
        options=(_RUN, PaperOption("draft", "Write before the end of the event, marked as a draft.", form="flag")),
    ),
    PaperKind(
        "plan", "assurance-plan", "plan.plan", "Write the assurance plan",
        "Write the assurance plan from inventory, venues, attested forms and the office's texts.",
        forms=_WITH_SHEETS, needs=("map",),
    ),
    PaperKind("province"),
)}  # fmt: skip

#: Kinds with a command `report NAME`.
PAPERS: Mapping[str, PaperKind] = {name: kind for name, kind in KINDS.items() if kind.writer}
