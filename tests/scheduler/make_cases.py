"""Makes cases.txt: what runs in a year of schedules when nobody waits for a place, by walking its minutes one by one.

    python3 -m venv V && V/bin/pip install cronsim==2.8 && V/bin/python tests/scheduler/make_cases.py

When a schedule is due is worked out as in tests/calendar/make_cases.py. Here the runs come on top: each takes a length
of its own, and all times that pass before one begins are that one's.
"""

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1] / "calendar"))
from make_cases import EPOCH, due, wall_times, walls  # noqa: E402

START, END = datetime(2027, 1, 1, tzinfo=timezone.utc), datetime(2028, 1, 1, tzinfo=timezone.utc)
ZONES = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Auckland", "America/Santiago",
         "America/Sao_Paulo", "Asia/Kolkata"]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
CRONS = ["*/20 * * * *", "0 7 * * mon-fri", "30 1-3 * * *", "15 2 * * sun", "0 0 1 * *", "5,35 */6 13 * fri"]
SCHEDULES = (["manual", "every 900", "every 3600", "every 5400", "every 86400", "every 604800"]
             + [f"cron {zone} {text}" for zone in ZONES for text in CRONS]
             + [f"on {days} {at} {zone}" for zone in ZONES for days, at in
                [("mon,tue,wed,thu,fri,sat,sun", "02:15"), ("sat,sun", "23:59"), ("mon", "09:00")]]
             + ["on mon,fri 09:00 Europe/Paris; mon,fri 09:00 America/New_York; sun 02:30 Pacific/Auckland",
                "on sun 01:30 Australia/Lord_Howe; sun 02:10 Australia/Lord_Howe; sat 18:00 Asia/Kolkata",
                "on mon,tue,wed,thu,fri 06:00 America/Sao_Paulo; mon,tue,wed,thu,fri 06:00 America/Santiago"])
JITTERS = [0, 700_000]
STAMP = "%Y-%m-%dT%H:%M:%SZ"


def on_days(days: set[str], at: str) -> set[int]:
    """The wall minutes at which a recurrence comes, counted from 1970."""
    hour, minute = map(int, at.split(":"))
    day, out = START.replace(tzinfo=None) - timedelta(days=2), set()
    while day < END.replace(tzinfo=None) + timedelta(days=2):
        if DAYS[day.weekday()] in days:
            out.add((day.replace(hour=hour, minute=minute) - EPOCH) // timedelta(minutes=1))
        day += timedelta(days=1)
    return out


def times_of(schedule: str, clocks: dict[str, list[tuple[int, int]]]) -> list[int]:
    """In milliseconds, in order."""
    kind, _, rest = schedule.partition(" ")
    if kind == "manual":
        return []
    if kind == "every":  # at once, and then by its beat
        return [second * 1000 for second in range(int(START.timestamp()), int(END.timestamp()), int(rest))]
    minutes: set[int] = set()
    if kind == "cron":
        zone, text = rest.split(" ", 1)
        day = timedelta(days=1)
        minutes |= set(due(wall_times(text, (START - day).replace(tzinfo=None), (END + day).replace(tzinfo=None)), clocks[zone]))
    else:
        for one in rest.split("; "):
            days, at, zone = one.split(" ")
            minutes |= set(due(on_days(set(days.split(",")), at), clocks[zone]))
    return [minute * 60_000 for minute in sorted(minutes)]


def put_off(uid: str, most: int) -> int:
    hashed = 0xCBF29CE484222325
    for byte in uid.encode():
        hashed = (hashed ^ byte) * 0x100000001B3 % 2**64
    return hashed % (most + 1)


def lengths(seed: int):
    """Most are short, some take hours. In milliseconds; the test draws the same."""
    x = seed
    while True:
        x = (x * 1103515245 + 12345) % 2**31
        yield 1000 * (1 + (x >> 10) % (20_000 if (x >> 8) % 4 == 0 else 600))


def runs(times: list[int], off: int, interval: bool, seed: int) -> list[tuple[int, int]]:
    """When each was due and when it began. An interval's times are past as they pass, others once they were put off."""
    out, length, free, i = [], lengths(seed), 0, 0
    end = int(END.timestamp()) * 1000
    while i < len(times):
        at = times[i] + off
        begin = max(at, free)
        if begin >= end:
            break
        out.append((at, begin))
        while i < len(times) and times[i] + (0 if interval else off) <= begin:
            i += 1
        free = begin + next(length)
    return out


def main() -> None:
    lines = [f"# {START.strftime(STAMP)} {END.strftime(STAMP)}: uid, schedule, jitter in ms, runs, the sum of when they were due and",
             "# began, the last begin. Made by make_cases.py."]
    clocks = {name: walls(ZoneInfo(name), START, END) for name in ZONES}
    for jitter in JITTERS:
        for n, schedule in enumerate(SCHEDULES):
            interval = schedule.startswith("every")
            most = min(jitter, int(schedule[6:]) * 100) if interval else jitter
            uid = f"a{n}"
            done = runs(times_of(schedule, clocks), put_off(uid, most), interval, n)
            total = 0
            for pair in done:
                for at in pair:
                    total = (total * 31 + at) % 1_000_000_007
            last = datetime.fromtimestamp(done[-1][1] / 1000, timezone.utc).strftime(STAMP) if done else "-"
            lines.append("\t".join([uid, schedule, str(jitter), str(len(done)), str(total), last]))
    (Path(__file__).parent / "cases.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
