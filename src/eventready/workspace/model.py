"""Base of the pydantic models of workspace files."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from eventready.core.messages import Bilingual


class WorkspaceModel(BaseModel):
    """Frozen model; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class PlacedModel(WorkspaceModel):
    """Entry of a file with its place, `file:line`, for messages."""

    _origin: str = PrivateAttr(default="")

    @property
    def origin(self) -> str:
        """Place in the file, `file:line`."""
        return self._origin

    def at(self, origin: str) -> Self:
        """Copy with its place in the file."""
        placed = self.model_copy()
        placed._origin = origin
        return placed


class Title(WorkspaceModel):
    """A text in both languages."""

    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @property
    def text(self) -> Bilingual:
        """The text for rendering."""
        return Bilingual(self.vi, self.en)
