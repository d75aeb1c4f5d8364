"""Units of systemd, and a line of cron for the scheduler: printed, never installed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

#: Bounds of every service; `audit --cluster` confines its client by namespaces, which stay allowed.
_BOUNDS = """\
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=strict
ProtectControlGroups=true
LockPersonality=true
RestrictRealtime=true
RestrictSUIDSGID=true
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0077
LimitCORE=0"""

#: Minutes between two calls. The hours of jobs are the event's own, whatever time zone the machine keeps.
EVERY = 5


def command(workspace: Path, *words: str) -> tuple[str, ...]:
    """Return a command of the workspace."""
    return (sys.executable, "-m", "eventready", "-w", str(workspace.resolve()), *words)


def environment_file(event: str) -> str:
    """File with the values of `env:` references, relative to the home folder; readable by its owner only."""
    return f".config/eventready/{event}.env"


def systemd(workspace: Path, event: str, options: Sequence[str] = ()) -> str:
    """A service with its environment file and its timer, and the service of the watch."""
    call = " ".join(map(_systemd_word, command(workspace, "watch", "schedule", "--once", *options)))
    watch = " ".join(map(_systemd_word, command(workspace, "watch", *options)))
    return f"""\
# ~/.config/systemd/user/eventready-{event}.service
[Unit]
Description=eventready watch schedule of {event}
After=network-online.target

[Service]
Type=oneshot
# Lines NAME=VALUE for the env: references of the workspace; chmod 600.
EnvironmentFile=-%h/{environment_file(event)}
ExecStart={call}
{_bounds_with(workspace)}

# ~/.config/systemd/user/eventready-{event}.timer
[Unit]
Description=eventready watch schedule of {event}, every {EVERY} minutes

[Timer]
OnCalendar=*:0/{EVERY}
Persistent=true

[Install]
WantedBy=timers.target

# ~/.config/systemd/user/eventready-{event}-watch.service
[Unit]
Description=eventready watch of {event}
After=network-online.target

[Service]
Type=notify
EnvironmentFile=-%h/{environment_file(event)}
ExecStart={watch}
# A watch without a round for a minute is restarted; Ctrl-C is its orderly end.
WatchdogSec=60
Restart=always
RestartSec=5
TimeoutStartSec=infinity
KillSignal=SIGINT
{_bounds_with(workspace)}

[Install]
WantedBy=default.target

# Then: systemctl --user enable --now eventready-{event}.timer eventready-{event}-watch && loginctl enable-linger
"""


def wall_service(workspace: Path, event: str, options: Sequence[str]) -> str:
    """Service of the pages in a browser, started again after each end."""
    call = " ".join(map(_systemd_word, command(workspace, "serve", *options)))
    return f"""\
# ~/.config/systemd/user/eventready-{event}-wall.service
[Unit]
Description=eventready serve of {event}
After=network-online.target

[Service]
# Lines NAME=VALUE for the env: references of serve.yaml; chmod 600.
EnvironmentFile=-%h/{environment_file(event)}
ExecStart={call}
Restart=always
RestartSec=3
{_bounds_with(workspace)}
RestrictNamespaces=true

[Install]
WantedBy=default.target

# First a key for a person, which acts on the running pages too: eventready serve invite NAME --role operator
# Then: systemctl --user enable --now eventready-{event}-wall && loginctl enable-linger
"""


def _bounds_with(workspace: Path) -> str:
    """Bounds of a service with records in its workspace."""
    folder = _systemd_word(str(workspace.resolve())).replace("$$", "$")  # no variables here
    return f"""\
{_BOUNDS}
# The records; add the folders of another store, of reports, and of programs of exec: references.
ReadWritePaths={folder}"""


def cron(workspace: Path, event: str, options: Sequence[str] = ()) -> str:
    """A line for `crontab -e`, which reads the environment file first."""
    log = workspace.resolve() / ".eventready" / "schedule.log"
    call = " ".join(shlex.quote(word) for word in command(workspace, "watch", "schedule", "--once", *options))
    file = f'"$HOME"/{environment_file(event)}'
    environment = f"set -a; [ ! -r {file} ] || . {file}; set +a;"
    return f"*/{EVERY} * * * * {environment} {call} >> {shlex.quote(str(log))} 2>&1".replace("%", r"\%") + "\n"


def member_service(kind: str, words: Sequence[str]) -> str:
    """Service of a member of a cluster, `scheduler` or `worker`, started again after each end."""
    call = " ".join(map(_systemd_word, (sys.executable, "-m", "eventready", *words)))
    return f"""\
# ~/.config/systemd/user/eventready-{kind}.service
[Unit]
Description=eventready {kind} of a cluster
After=network-online.target

[Service]
# Lines NAME=VALUE for the env: references of the workspace; chmod 600.
EnvironmentFile=-%h/{environment_file(kind)}
ExecStart={call}
Restart=always
RestartSec=3
{_BOUNDS}
RestrictNamespaces=true
LimitNOFILE=20000

[Install]
WantedBy=default.target

# Then: systemctl --user enable --now eventready-{kind} && loginctl enable-linger
"""


def _systemd_word(word: str) -> str:
    """Return a word in systemd's quoting: `%` and `$` are literal, blanks and quotes are kept."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(c in word for c in " \t\"'\\;") else escaped
