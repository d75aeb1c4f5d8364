"""serve.yaml: names of the server of the pages, and the login by an identity provider (OpenID Connect)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.model import WorkspaceModel
from eventready.workspace.settings.watching.alerts import Reference

#: Name of a host, without scheme and port.
HOST = r"^[^\W_](?:[\w.-]*[^\W_])?$"


class IdentityProvider(WorkspaceModel):
    """Identity provider, and the values of a claim by role."""

    issuer: str = Field(pattern=r"^https?://\S+$", description="URL of the issuer, as in its metadata")
    client: str = Field(min_length=1, description="Identifier of this client")
    secret: Reference = Field(description="Reference to the secret of this client")
    claim: str = Field(default="groups", description="Claim that decides the role: a text, or a list of texts")
    operators: tuple[str, ...] = Field(default=(), description="Values of the claim of operators")
    viewers: tuple[str, ...] = Field(default=(), description="Values of the claim of viewers")


class ServeFile(WorkspaceModel):
    """serve.yaml"""

    names: tuple[Annotated[str, Field(pattern=HOST)], ...] = Field(
        default=(), description="Names of the server in addresses of browsers, without a port"
    )
    oidc: IdentityProvider | None = Field(default=None, description="Login by an identity provider")


def load_serve(folder: Path) -> ServeFile:
    """Read serve.yaml of a workspace; an absent file means the defaults. Raises WorkspaceError."""
    path = folder / "inventory" / "serve.yaml"
    return load_yaml(path).validate(ServeFile) if path.exists() else ServeFile()
