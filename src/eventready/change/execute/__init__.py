"""Execution of a plan: admission, change, executor, rollback; rooms for a device, recovery, rehearsal."""
