"""A web server with a stub of another system, and the import from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from click.testing import CliRunner, Result

from eventready.cli.context import App
from eventready.cli.declare.workspace import inventory


class JsonHandler(BaseHTTPRequestHandler):
    """Handler that answers with JSON."""

    def send_json(self, document: Any, status: int = 200, **headers: str) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: Any) -> None: ...


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def run_import(system: str, folder: Path, url: str, *words: str) -> Result:
    """Import from a system into the workspace of a folder."""
    words = ("import", system, "--url", url, "--allow-http", *words)
    return CliRunner().invoke(inventory, words, obj=App(workspace_path=folder))
