"""Base of the pydantic models of workspace files."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from eventready.core.messages import Bilingual


class WorkspaceModel(BaseModel):
    """Frozen model; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Title(WorkspaceModel):
    """A text in both languages."""

    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @property
    def text(self) -> Bilingual:
        """The text for rendering."""
        return Bilingual(self.vi, self.en)
