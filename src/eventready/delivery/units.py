"""What to put into systemd or cron so that the scheduler runs: printed, never installed."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

#: Minutes between two calls. The hours of jobs are the event's own, whatever time zone the machine keeps.
EVERY = 5


def command(workspace: Path) -> tuple[str, ...]:
    """The call that does what is due and ends."""
    return (sys.executable, "-m", "eventready", "-w", str(workspace.resolve()), "schedule", "--once")


def systemd(workspace: Path, event: str) -> str:
    """A service and its timer."""
    call = " ".join(_systemd_word(word) for word in command(workspace))
    return f"""\
# ~/.config/systemd/user/eventready-{event}.service
[Unit]
Description=eventready schedule of {event}
After=network-online.target

[Service]
Type=oneshot
ExecStart={call}

# ~/.config/systemd/user/eventready-{event}.timer
[Unit]
Description=eventready schedule of {event}, every {EVERY} minutes

[Timer]
OnCalendar=*:0/{EVERY}
Persistent=true

[Install]
WantedBy=timers.target

# Then: systemctl --user enable --now eventready-{event}.timer && loginctl enable-linger
"""


def cron(workspace: Path) -> str:
    """A line for `crontab -e`."""
    log = workspace.resolve() / ".eventready" / "schedule.log"
    call = " ".join(shlex.quote(word) for word in command(workspace))
    return f"*/{EVERY} * * * * {call} >> {shlex.quote(str(log))} 2>&1".replace("%", r"\%") + "\n"


def _systemd_word(word: str) -> str:
    """A word as systemd reads it: `%` and `$` stand for themselves, blanks and quotes are kept."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(c in word for c in " \t\"'\\;") else escaped
