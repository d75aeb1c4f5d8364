"""`mail` and `schedule` of event.yaml: from whom and over which server papers go, and when they are made."""

from __future__ import annotations

from datetime import time
from ipaddress import ip_address
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from eventready.workspace.moments import TimeOfDay
from eventready.workspace.secrets import is_reference

_ADDRESS = r"^[^@\s<>\"',;:]+@[^@\s<>\"',;:]+$"


class _Frozen(BaseModel):
    """As the other entries of event.yaml: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Contact(_Frozen):
    """Whom the recipient asks back."""

    name: str = Field(min_length=1)
    title: str = ""
    phone: str = ""


class Server(_Frozen):
    """A mail server. The password is a reference, never the password; nothing goes there without encryption.

    `security`: `starttls` (port 587), `tls` from the first byte (port 465), `none` for a relay on this machine only.
    """

    host: str = Field(min_length=1, pattern=r"^[\w.:-]+$")
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = Field(default="", description="A name, or a reference as for password")
    password: str = Field(default="", description="env:NAME, keyring:service/user or vault:key")
    ca_file: str = Field(
        default="", description="Certificates to trust instead of the system's, relative to the folder"
    )
    timeout_s: float = Field(default=30, gt=0, le=600, description="How long to wait for each answer")

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.password and not is_reference(self.password):
            raise ValueError("a password does not stand in a file. Write env:NAME, keyring:service/user or vault:key.")
        if self.security == "none" and not self.on_this_machine:
            raise ValueError("mail would go unencrypted. Use starttls or tls; none is for a relay on this machine.")
        if self.security == "none" and self.password:
            raise ValueError("a password would go unencrypted. Use starttls or tls.")
        if bool(self.username) != bool(self.password):
            raise ValueError("a user needs a password and a password a user. Give both or neither.")
        return self

    @property
    def on_this_machine(self) -> bool:
        """True for a server that nobody else can be."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


class Mail(_Frozen):
    """How papers are mailed. `short` stands in brackets at the beginning of subjects, `topic` at their end."""

    sender: str = Field(pattern=_ADDRESS)
    sender_name: str = ""
    contact: Contact | None = None
    short: str = ""
    topic: str = ""
    server: Server | None = None


class Timetable(_Frozen):
    """When `eventready schedule` audits every day, and drafts the weekly report on its day."""

    audit: TimeOfDay = time(6, 0)
    weekly: TimeOfDay = time(7, 0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.weekly < self.audit:
            raise ValueError("the report would be drafted before the audit that it rests on. Set `weekly` later.")
        return self
