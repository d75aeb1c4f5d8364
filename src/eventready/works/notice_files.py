"""Files with notices of works: calendars, mails, tables, and folders of these."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.files import read_bounded
from eventready.core.messages import message
from eventready.works.ical import read_ical
from eventready.works.mail import read_mail
from eventready.works.notice import ReadWorks
from eventready.works.table import read_table

#: Most bytes of a mail with its attachments, and most files of an imported folder.
_MOST_MAIL, _MOST_FILES = 16_000_000, 1_000
_TABLES = (".csv", ".tsv", ".xlsx")
_READ = (".ics", ".eml", *_TABLES)


@dataclass(frozen=True)
class NoticeFiles:
    """Reader of files with notices.

    `moment`: time of the import; `zone`: of floating times; `provider`: of the rows of a table without a provider.
    """

    moment: datetime
    zone: tzinfo | None = None
    provider: str = ""

    def read(self, path: Path) -> ReadWorks:
        """Works of a file, or of the notices in a folder. Raises UsageError for neither."""
        if path.is_dir():
            return self._folder(path)
        suffix = path.suffix.lower()
        if suffix in _TABLES:
            return read_table(path, self.moment, self.provider, self.zone)
        data = read_bounded(path, _MOST_MAIL, "notice")
        if suffix == ".ics" or data.lstrip(b"\xef\xbb\xbf \r\n\t")[:15].upper() == b"BEGIN:VCALENDAR":
            return read_ical(data, path.name, self.zone)
        if suffix == ".eml" or re.match(rb"[A-Za-z-]+:", data):
            return read_mail(data, path.name, self.zone)
        raise UsageError(message("works:no_notice", known=list(_READ)), where=str(path))

    def _folder(self, folder: Path) -> ReadWorks:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _READ and path.is_file())
        if not files:
            raise UsageError(message("works:empty_folder", known=list(_READ)), where=str(folder))
        if len(files) > _MOST_FILES:
            raise UsageError(message("works:too_many_files", count=len(files), most=_MOST_FILES), where=str(folder))
        found = ReadWorks()
        for path in files:
            try:
                found += self.read(path)
            except UsageError as error:
                found += ReadWorks(
                    problems=(WorkspaceError(error.cause, where=error.place or str(path), do=error.remedy),)
                )
        return found
