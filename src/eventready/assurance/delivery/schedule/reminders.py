"""Delivery of reminders to people: by mail over the server of event.yaml, and through Apprise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from eventready.assurance.delivery.mail.eml import Mailbox, draft
from eventready.assurance.delivery.mail.letter import Letter, marked_subject
from eventready.assurance.delivery.mail.mail import posted, read
from eventready.assurance.delivery.mail.mail_server import mail_server
from eventready.assurance.delivery.mail.paper_mail import required_sender
from eventready.assurance.delivery.mail.smtp import submit
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import Lang, Text, message, rendered, text
from eventready.core.redaction.redaction import redactor
from eventready.workspace.keys.secrets import resolve
from eventready.workspace.settings.event import Event

MAIL, APPRISE = "mail", "apprise"
#: Reminders go to people of the enterprise.
_LANG: Lang = "vi"
#: Suffix of channels that send nothing.
_DRY_RUN = " (dry run)"


class ReminderSender:
    """Channels of the reminders of a workspace. Without `really` nothing is sent. A rehearsal is marked."""

    def __init__(self, folder: Path, event: Event, clock: Clock, *, really: bool) -> None:
        self._folder, self._event, self._clock, self._really = folder, event, clock, really

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels with recipients in event.yaml; those of a dry run have names of their own."""
        remind = self._event.schedule.remind
        used = ((MAIL, remind.mail), (APPRISE, remind.apprise))
        return tuple(name if self._really else f"{name}{_DRY_RUN}" for name, recipients in used if recipients)

    def send(self, channel: str, texts: Sequence[Text]) -> str:
        """Send the reminders as a single message. Return a sentence. Raises EventreadyError for a failed attempt."""
        letter = self._letter(texts)
        if channel.endswith(_DRY_RUN):
            name = channel.removesuffix(_DRY_RUN)
            recipients = self._event.schedule.remind.mail if name == MAIL else self._event.schedule.remind.apprise
            return rendered("delivery:reminder.dry", recipients=recipients, subject=letter.subject)
        return self._mail(letter) if channel == MAIL else self._apprise(letter)

    def _letter(self, texts: Sequence[Text]) -> Letter:
        subject = text("delivery:reminder_subject", _LANG, n=len(texts), event=self._event.title)
        body = text("delivery:reminder_body", _LANG, event=self._event.title)
        lines = [f"- {reminder.render(_LANG)}" for reminder in texts]
        if self._clock.rehearsal:
            subject = marked_subject(subject, _LANG)
        return Letter(subject, "\n".join([body, "", *lines, ""]), self._clock.rehearsal)

    def _mail(self, letter: Letter) -> str:
        sender = required_sender(self._event)
        server, login = mail_server(self._event, self._folder)
        recipients = self._event.schedule.remind.mail
        boxes = [Mailbox(address) for address in recipients]
        eml = draft(letter, sender=sender, recipients=boxes, attachments=(), moment=self._clock.now())
        mail = posted(read(eml), sender, self._clock.real())
        result = submit(
            server, login, folder=self._folder, sender=sender.address, recipients=recipients, data=mail.data,
            before_dot=lambda _taken: None,
        )  # fmt: skip
        failed = {**result.waiting, **result.refused}
        if failed and not (result.accepted or result.uncertain):
            raise EventreadyError(message("delivery:reminder.undelivered", reasons=_reasons(failed)))
        mailed = [*result.accepted, *result.uncertain]
        if failed:
            return rendered("delivery:reminder.partly", mailed=mailed, reasons=_reasons(failed))
        return rendered("delivery:reminder.mailed", mailed=mailed)

    def _apprise(self, letter: Letter) -> str:
        import apprise  # noqa: PLC0415  of the extra `notify`, slow to import

        where = str(self._folder / "inventory" / "event.yaml")
        references = self._event.schedule.remind.apprise
        failed = []
        for reference in references:
            url = resolve(reference, self._folder, where=where)
            redactor.register(url)
            notifier = apprise.Apprise()
            if not notifier.add(url):
                raise UsageError(message("delivery:reminder.url", reference=reference), where=where)
            if not notifier.notify(title=letter.subject, body=letter.body):
                failed.append(reference)
        if failed:
            raise EventreadyError(message("delivery:reminder.failed", failed=failed))
        return rendered("delivery:reminder.notified", references=references)


def _reasons(failed: Mapping[str, str]) -> list[str | Text]:
    return [message("delivery:reminder.reason", address=address, reason=reason) for address, reason in failed.items()]
