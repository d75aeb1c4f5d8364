"""`eventready doctor`: what is missing, and how to get it."""

from __future__ import annotations

import click

from eventready.cli.context import App
from eventready.doctor import examine, examine_real, install_real
from eventready.errors import Exit, UsageError


@click.command(short_help="Say what is missing on this machine, and how to get it")
@click.option("--real", is_flag=True, envvar="EVENTREADY_DOCTOR_REAL", show_envvar=True,
              help="Look at what `lab up --real` needs instead: root, Debian's packages, the kernel.")  # fmt: skip
@click.option("--install", is_flag=True, envvar="EVENTREADY_DOCTOR_INSTALL", show_envvar=True,
              help="With --real: install the packages that are missing (apt-get).")  # fmt: skip
@click.pass_obj
def command(app: App, *, real: bool, install: bool) -> int:
    """Look at Python, packages, the clock, the database, the workspace, its secrets and host keys.

    Exit code 2 when something is missing that the main job needs.
    """
    if install and not real:
        raise UsageError(
            "--install installs what the real province needs", do="Say `eventready doctor --real --install`."
        )
    if install:
        for name in install_real():
            app.say(f"Installed {name}.")
    signs = tuple(examine_real() if real else examine(app.workspace_path))
    if app.output == "table":
        for sign in signs:
            state = "ok" if sign.ok else "MISSING" if sign.needed else "absent"
            click.echo(f"{state:8} {sign.name}: {sign.detail}")
            if not sign.ok and sign.remedy:
                click.echo(f"{'':8}   {sign.remedy}")
    else:
        app.emit([vars(sign) for sign in signs])
    return Exit.OK if all(sign.ok or not sign.needed for sign in signs) else Exit.USAGE
