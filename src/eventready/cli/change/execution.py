"""A change from the command line: from a terminal in a process of its own, else in this process."""

from __future__ import annotations

import io
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stderr, suppress
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from eventready.change.execute.attach.client import Attachment
from eventready.change.execute.attach.process import detach
from eventready.change.execute.attach.records import Finished, NoResult, ProcessOf
from eventready.change.execute.attach.scope import logout_ends_it
from eventready.change.execute.attach.server import AttachServer
from eventready.change.execute.attach.sockets import connect
from eventready.change.execute.calls import call_about_end, call_for_answer
from eventready.change.execute.context import ChangeProgress, ExecutionContext, NoChangeProgress, Options
from eventready.change.execute.result import ApplyResult
from eventready.change.plan.order import partners_of
from eventready.cli.change.attach import follow
from eventready.cli.change.progress import ApplyProgress, interruption_as_failure, report_result
from eventready.cli.context import App
from eventready.cli.failures import report_exception
from eventready.core.errors import EventreadyError, Exit, UsageError, WorkspaceError, os_reason
from eventready.core.messages import message
from eventready.session import target
from eventready.store.store import Store
from eventready.workspace.keys.backup_key import ENVIRONMENT as BACKUP_KEY_REFERENCE
from eventready.workspace.keys.backup_key import load_backup_key
from eventready.workspace.keys.secrets import keeping
from eventready.workspace.workspace import Workspace

#: Carry a change out, to be called with its context.
Run: TypeAlias = Callable[[ExecutionContext], ApplyResult]


def carry_out(
    app: App, options: Options, run: Run, *, plan: str, devices: Sequence[str] = (), notices: Sequence[str] = (),
    hold: bool = False, change: str = "",
) -> Exit:  # fmt: skip
    """Run a change and report its result; from a terminal in a process of its own.

    `plan` names the plan, `devices` those whose secrets are resolved before; `change` is the id of one that waits.
    Raises EventreadyError.
    """
    process = ProcessOf(plan, options.by, options.host, os.getpid(), change)
    detaches = app.shows_progress and sys.stdin.isatty()
    if detaches or change:
        keep_secrets(app.allowed_workspace, devices, options)
    if not detaches:
        return _here(app, options, run, process, notices=notices, hold=hold)
    try:
        server = AttachServer(app.workspace_path, process, NoChangeProgress())
        connection = connect(server.path)
    except OSError as error:
        raise UsageError(message("cli:attach.no_socket", reason=os_reason(error))) from None
    if logout_ends_it():
        app.notify("cli:attach.logout")
    detach(partial(_detached, app, server, connection, options, run, hold=hold))
    server.leave()
    return follow(app, Attachment(connection), notices)


def keep_secrets(workspace: Workspace, devices: Sequence[str], options: Options) -> None:
    """Resolve the secrets of devices, and the key of backups, once for the life of this process. Raises WorkspaceError.

    Devices read beside them do without: their errors are those of their logins.
    """
    partners = partners_of(workspace.devices, workspace.files.groups_of)
    beside = {name for device in devices for name in partners.get(device, ())[: options.partners]} - set(devices)
    with keeping():
        workspace.check_secrets(devices)
        with suppress(WorkspaceError):
            workspace.check_secrets(sorted(beside))
        if os.environ.get(BACKUP_KEY_REFERENCE):
            load_backup_key(workspace.path)


def _here(app: App, options: Options, run: Run, process: ProcessOf, *, notices: Sequence[str], hold: bool) -> Exit:
    """Run a change in this process; terminals may attach. Raises its error."""
    with ExitStack() as stack:
        with interruption_as_failure():
            store = stack.enter_context(app.open_store())
            with ApplyProgress(interactive=app.shows_progress, notices=notices, lang=app.lang) as progress:
                server = _server(app, process, progress, needed=hold)
                with server or nullcontext(), _failure_published(server):
                    done = _published(app, store, server, progress, options, run, hold=hold)
                    if options.unattended and done.exit:
                        call_about_end(ExecutionContext(app.workspace, store, app.clock, options, progress), done)
        return report_result(app, done, store)


def _server(app: App, process: ProcessOf, progress: ChangeProgress, *, needed: bool) -> AttachServer | None:
    """Return the server; None where there can be none, on a full disk for example. Raises UsageError if needed."""
    try:
        return AttachServer(app.workspace_path, process, progress)
    except OSError as error:
        if needed:
            raise UsageError(message("cli:attach.no_socket", reason=os_reason(error))) from None
    return None


def _published(  # noqa: PLR0917  the parts of a change, alike in both processes
    app: App, store: Store, server: AttachServer | None, progress: ChangeProgress, options: Options, run: Run, *,
    hold: bool,
) -> ApplyResult:  # fmt: skip
    """Run a change, and publish its result."""
    context = ExecutionContext(app.allowed_workspace, store, app.clock, options, server or progress)
    if server is None:
        return run(context)
    server.rings = partial(call_for_answer, context)
    done = run(replace(context, options=replace(options, word=server.word if hold else None)))
    server.publish(Finished(done))
    return done


@contextmanager
def _failure_published(server: AttachServer | None) -> Iterator[None]:
    """Publish an error of the block."""
    try:
        yield
    except EventreadyError as error:
        if server is not None:
            server.publish(NoResult(message("change:why.error", error=error.whole), error.exit))
        raise


def _detached(
    app: App, server: AttachServer, connection: socket.socket, options: Options, run: Run, *, hold: bool
) -> int:
    """Run a change in the process of its own. Without a terminal people are called at its end."""
    connection.close()  # the end of the terminal
    target.read_line = server.code
    with server, redirect_stderr(io.StringIO()) as printed:
        try:
            with _failure_published(server), interruption_as_failure(), app.open_store() as store:
                done = _published(app, store, server, server, options, run, hold=hold)
                if done.exit and not server.attached:
                    call_about_end(ExecutionContext(app.workspace, store, app.clock, options, server), done)
                return done.exit
        except EventreadyError as error:
            return error.exit
        except Exception as error:
            code = report_exception(error, app.lang)
            server.publish(NoResult(printed.getvalue().strip().removeprefix("eventready: "), Exit(code)))
            return code
