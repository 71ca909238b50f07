"""Prints durations.json: how many whole seconds the package delta 0.4.2 reads in a text at an epoch second (UTC).

null is a text that it refuses. Where it fails instead (11 months from December on), the line is left out.
"""
import calendar
import datetime
import json

import delta

NOWS = [
    datetime.datetime(2026, 11, 23, 18, 1),
    datetime.datetime(2024, 2, 28, 12),
    datetime.datetime(2024, 1, 31, 12),
    datetime.datetime(2026, 10, 5, 12),
    datetime.datetime(2026, 12, 31, 23, 59, 59),
    datetime.datetime(2025, 3, 1),
]
# Years and months depend on the day.
CALENDAR = """1M|2M|11M|12M|13M|25 months|1 month|1.5M|0.5 months|3.5M|1 Ms|1y|1 year|2 years|1.5y|0.25 years|1ys
1 year, 2 weeks and 75 days|1 year 1 month 1 week 1 day 1 hour 1 minute 1 second|14.5 months|2.75M"""
FIXED = """1s|90s|1m|59m|1min|30 minutes|2mins|1h|1.5h|0.1h|2.3h|1.1h|1h 30min|1h and 5s|1h, 5s|1h,and 5s|1h30m|1d|1 day
2 days 3 hours|1w|1.5w|2 weeks|500ms|1500 millis|1999 milliseconds|1.5s|0.9999999s|1\th|1.25 d|1h and|and 5s|, 5s|1d and, 5s
1dand5s|1ss|366 days|0s|0.5d|1h and and 5s|1 , s|1 H|1 hour 1 hour|5s 1h|1h, and 30min|h|1.h|.5h|1..5h|-1h|+1h|1 Y|1 Min
1 milli|1 h 30|1 fortnight|1e3s|1h;5s|1h\n|1ms,|1h x|1mand 5s|1 min, 3 ms|1minand|1m s|3"""


def texts(block):
    # A line feed separates, but for the one that stands in a text.
    return block.replace("1h\n|", "1h\0|").replace("\n", "|").replace("\0", "\n").split("|")


def read(text, now):
    try:
        length = delta.parse(text, now)
    except calendar.IllegalMonthError:
        raise
    except Exception:
        return None
    return int(length.total_seconds())


lines = []
for block, nows in [(CALENDAR, NOWS), (FIXED, NOWS[:1])]:
    for text in texts(block):
        for now in nows:
            epoch = int(now.replace(tzinfo=datetime.timezone.utc).timestamp())
            try:
                lines.append(json.dumps({"text": text, "now": epoch, "seconds": read(text, now)}))
            except calendar.IllegalMonthError:
                pass
print("[\n" + ",\n".join(lines) + "\n]")
