"""`mail` and `schedule` of event.yaml: sender, mail server, times of the scheduled jobs."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.core.strings.texts import is_loopback
from eventready.workspace.files.datetimes import TimeOfDay
from eventready.workspace.keys.secrets import is_reference
from eventready.workspace.model import WorkspaceModel

_ADDRESS = r"^[^@\s<>\"',;:]+@[^@\s<>\"',;:]+$"


class MailContact(WorkspaceModel):
    """Contact person for questions of the recipient."""

    name: str = Field(min_length=1)
    title: str = ""
    phone: str = ""


class MailServer(WorkspaceModel):
    """Mail server. The password is a reference; connections are encrypted.

    `security`: `starttls` (port 587), `tls` (port 465), `none` for a relay on this machine only.
    """

    host: str = Field(min_length=1, pattern=r"^[\w.:-]+$")
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = Field(default="", description="A name, or a reference as for password")
    password: str = Field(default="", description="env:NAME, keyring:service/user or vault:key")
    ca_file: str = Field(
        default="", description="Trusted certificates instead of those of the system, relative to the workspace"
    )
    timeout_s: float = Field(default=30, gt=0, le=600, description="Timeout of each reply, in seconds")

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.password and not is_reference(self.password):
            raise InvalidValue(message("workspace:mail.password"))
        if self.security == "none" and not self.on_this_machine:
            raise InvalidValue(message("workspace:mail.unencrypted"))
        if self.security == "none" and self.password:
            raise InvalidValue(message("workspace:mail.password_unencrypted"))
        if bool(self.username) != bool(self.password):
            raise InvalidValue(message("workspace:mail.username"))
        return self

    @property
    def on_this_machine(self) -> bool:
        """True for a loopback address."""
        return is_loopback(self.host)


class MailSettings(WorkspaceModel):
    """Sender of mailed papers, and mail server."""

    sender: str = Field(pattern=_ADDRESS)
    sender_name: str = ""
    contact: MailContact | None = None
    server: MailServer | None = None


class ReminderSettings(WorkspaceModel):
    """Recipients of reminders: mail addresses, and Apprise URLs as references (chat, SMS, push)."""

    mail: tuple[Annotated[str, Field(pattern=_ADDRESS)], ...] = ()
    apprise: tuple[str, ...] = Field(default=(), description="env:NAME, keyring:service/user or vault:key, each a URL")

    @field_validator("apprise")
    @classmethod
    def _references(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if any(not is_reference(url) for url in urls):
            raise InvalidValue(message("workspace:mail.url"))
        return urls

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of every channel, in the order of the channels."""
        return tuple(address for channel in ReminderSettings.model_fields for address in getattr(self, channel))


class ScheduleSettings(WorkspaceModel):
    """Daily time of the audit, time of the draft of the weekly report, recipients of reminders."""

    audit: TimeOfDay = time(6, 0)
    weekly: TimeOfDay = time(7, 0)
    remind: ReminderSettings = ReminderSettings()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.weekly < self.audit:
            raise InvalidValue(message("workspace:mail.weekly"))
        return self
