"""eventready as ordinary Nornir tasks, for anyone's own Nornir script: the only import of a script."""

from eventready.audit.tasks import apply_plan, read_facts, run_checks
from eventready.change.execute.apply import open_plan

__all__ = ["apply_plan", "open_plan", "read_facts", "run_checks"]
