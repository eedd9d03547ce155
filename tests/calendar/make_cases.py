"""Makes cases.txt: when cron schedules are due in a year, by walking its minutes one by one.

    python3 -m venv V && V/bin/pip install cronsim==2.8 && V/bin/python tests/calendar/make_cases.py

Zones are Python's; whether a day matches is decided by cronsim, whose rule for days of the month and of the week
is Debian's; what happens when clocks are changed is decided here: a skipped time comes once, as the skipping ends,
and of a time that comes twice the first counts.
"""

import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from cronsim import CronSim

ZONES = ["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata"]
FIXED = ["*/30 * * * *", "*/15 2 * * *", "0 0 * * *", "30 1,2,3 * * *", "0 7 * * mon-fri", "15 3 1 * *", "0 12 13 * fri",
         "0 6 */3 * 1", "45 23 28-31 * *", "10 2 * 3,10,11 sun", "5/20 0 * jan-jun *", "0 0 29 2 *"]


def drawn(rng: random.Random) -> str:
    def field(low: int, high: int) -> str:
        kind = rng.choice(["*", "*", "value", "list", "range", "step", "stepped"])
        a, b = sorted(rng.sample(range(low, high + 1), 2))
        return {"*": "*", "value": str(a), "list": f"{a},{b}", "range": f"{a}-{b}",
                "step": f"*/{rng.randint(2, max(2, min(high, 20)))}", "stepped": f"{a}-{b}/{rng.randint(1, 5)}"}[kind]

    return " ".join(field(*limits) for limits in [(0, 59), (0, 23), (1, 28), (1, 12), (0, 6)])


EPOCH = datetime(1970, 1, 1)
BLOCK = 15  # minutes: offsets change on the quarter of an hour


def wall_times(text: str, start: datetime, end: datetime) -> set[int]:
    """The matching minutes of a clock that nobody changes, counted from 1970."""
    out = set()
    for at in CronSim(text, start - timedelta(minutes=1)):
        if at >= end:
            break
        out.add((at - EPOCH) // timedelta(minutes=1))
    return out


def walls(zone: ZoneInfo, start: datetime, end: datetime) -> list[tuple[int, int]]:
    """Each minute of UTC and what the zone's clock shows in it, both counted from 1970."""
    out = []
    at = start
    while at < end:
        first = int(at.timestamp()) // 60
        shown = (at.astimezone(zone).replace(tzinfo=None, fold=0) - EPOCH) // timedelta(minutes=1)
        out += [(first + i, shown + i) for i in range(BLOCK)]
        at += timedelta(minutes=BLOCK)
    return out


def due(wanted: set[int], minutes: list[tuple[int, int]]) -> list[int]:
    """The minutes of UTC that are due, but for the first one."""
    out, seen = [], minutes[0][1] - 1
    for at, wall in minutes:
        if wall <= seen:  # the clock was set back, and this has been
            continue
        # What was skipped comes with the first minute after it, if the clock was set forward.
        if any(one in wanted for one in range(seen + 1, wall + 1)) and at > minutes[0][0]:
            out.append(at)
        seen = wall
    return out


def main() -> None:
    rng = random.Random(20260101)
    start, end = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2027, 1, 1, tzinfo=timezone.utc)
    lines = ["# cron, zone, from, to, how many are due between, their sum, the first. Made by make_cases.py."]
    texts = FIXED + [text for text in (drawn(rng) for _ in range(40)) if not text.startswith("*")][:14]
    stamp = "%Y-%m-%dT%H:%M:%SZ"
    day = timedelta(days=1)
    clocks = {name: walls(ZoneInfo(name), start, end) for name in ZONES}
    for text in texts:
        wanted = wall_times(text, (start - day).replace(tzinfo=None), (end + day).replace(tzinfo=None))
        for name in ZONES:
            minutes = due(wanted, clocks[name])
            total = 0
            for minute in minutes:
                total = (total * 31 + minute) % 1_000_000_007
            first = datetime.fromtimestamp(minutes[0] * 60, timezone.utc).strftime(stamp) if minutes else "-"
            lines.append("\t".join([text, name, start.strftime(stamp), end.strftime(stamp), str(len(minutes)), str(total), first]))
    (Path(__file__).parent / "cases.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
