"""A change from the command line: from a terminal in a process of its own, else in this process."""

from __future__ import annotations

import io
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stderr, suppress
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from eventready.change.execute.attach.client import Attachment
from eventready.change.execute.attach.process import detach
from eventready.change.execute.attach.records import Failed, Finished, ProcessOf
from eventready.change.execute.attach.server import AttachServer
from eventready.change.execute.attach.sockets import connect
from eventready.change.execute.context import ChangeProgress, ExecutionContext, NoChangeProgress, Options
from eventready.change.execute.result import ApplyResult
from eventready.cli.change.attach import follow
from eventready.cli.change.progress import ApplyProgress, interruption_as_failure, report_result
from eventready.cli.context import App
from eventready.cli.failures import report_exception
from eventready.core.errors import EventreadyError, Exit, UsageError, os_reason
from eventready.core.messages import message, rendered
from eventready.session import target

#: Carry a change out, to be called with its context.
Run: TypeAlias = Callable[[ExecutionContext], ApplyResult]


def carry_out(
    app: App, options: Options, run: Run, *, plan: str, devices: Sequence[str] = (), notices: Sequence[str] = (),
    hold: bool = False,
) -> Exit:  # fmt: skip
    """Run a change and report its result; from a terminal in a process of its own.

    `plan` names the plan, `devices` those whose secrets are resolved before. Raises EventreadyError.
    """
    process = ProcessOf(plan, options.by, options.host, os.getpid())
    if not (app.shows_progress and sys.stdin.isatty()):
        return _here(app, options, run, process, notices=notices, hold=hold)
    app.allowed_workspace.check_secrets(devices)
    try:
        server = AttachServer(app.workspace_path, process, NoChangeProgress())
        connection = connect(server.path)
    except OSError as error:
        raise UsageError(message("cli:attach.no_socket", reason=os_reason(error))) from None
    with connection:
        detach(partial(_detached, app, server, connection, options, run, hold=hold))
        server.leave()
        return follow(app, Attachment(connection), notices)


def _here(app: App, options: Options, run: Run, process: ProcessOf, *, notices: Sequence[str], hold: bool) -> Exit:
    """Run a change in this process; terminals may attach."""
    with ExitStack() as stack:
        with interruption_as_failure():
            store = stack.enter_context(app.open_store())
            progress = stack.enter_context(
                ApplyProgress(interactive=app.shows_progress, notices=notices, lang=app.lang)
            )
            shown: ChangeProgress = progress
            with suppress(OSError):  # nobody can attach then
                server = AttachServer(app.workspace_path, process, progress)
                shown = stack.enter_context(server)
                options = replace(options, word=server.word if hold else None)
            done = run(ExecutionContext(app.allowed_workspace, store, app.clock, options, shown))
        return report_result(app, done, store)


def _detached(
    app: App, server: AttachServer, connection: socket.socket, options: Options, run: Run, *, hold: bool
) -> int:
    """Run a change in the process of its own, and publish its result."""
    connection.close()  # the end of the terminal
    target.read_line = server.code
    with server:
        end = _end_of(app, server, replace(options, word=server.word if hold else None), run)
        server.publish(end)
    return end.result.exit if isinstance(end, Finished) else end.exit


def _end_of(app: App, server: AttachServer, options: Options, run: Run) -> Finished | Failed:
    with redirect_stderr(io.StringIO()) as said:
        try:
            with interruption_as_failure(), app.open_store() as store:
                return Finished(run(ExecutionContext(app.allowed_workspace, store, app.clock, options, server)))
        except EventreadyError as error:
            return Failed(rendered("change:why.error", error=error.whole), error.exit)
        except Exception as error:
            code = report_exception(error, app.lang)
            return Failed(said.getvalue().strip().removeprefix("eventready: "), Exit(code))
