"""Zone of an event that names none, and zones with summer time."""

from zoneinfo import ZoneInfo

from eventready.core.timezone import DEFAULT

TZ = ZoneInfo(DEFAULT)
#: Zones whose clock changes: by an hour, by half an hour, and by a whole day at the end of 2011.
SUMMER_TIME = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
