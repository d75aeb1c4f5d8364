"""eventready as ordinary Nornir tasks, for anyone's own Nornir script: the public face of `eventready.audit.tasks`."""

from eventready.audit.tasks import apply_plan, read_facts, run_checks

__all__ = ["apply_plan", "read_facts", "run_checks"]
