"""Check of the way in before the first line of a change: the route back may have moved since the plan."""

from __future__ import annotations

from dataclasses import dataclass

from eventready.change.document.plan import PlannedDevice
from eventready.change.forms.tree import Tree
from eventready.change.safety.way_in import WayIn
from eventready.change.safety.way_in_lines import check_way_in
from eventready.core.errors import RefusedError
from eventready.core.messages import message
from eventready.platforms.model import PlatformSpec
from eventready.workspace.devices.device import Device


@dataclass(frozen=True)
class WayInCheck:
    """Check of a planned device. `refuses`: a line on the way in is refused, otherwise a risk."""

    platform: PlatformSpec
    device: Device
    planned: PlannedDevice
    refuses: bool

    def __call__(self, way: WayIn, running: Tree, target: Tree) -> tuple[str, ...]:
        """Return the risks missing in the plan. Raises RefusedError."""
        try:
            risks = check_way_in(self.platform, self.device, way, running, target, refuses=self.refuses)
        except RefusedError as error:
            raise RefusedError(message("change:way_in.now", reason=error.cause)) from None
        return tuple(risk for risk in risks if risk not in self.planned.risks)
