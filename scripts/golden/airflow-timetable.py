"""Writes what real Airflow's CronDataIntervalTimetable answers into src/orchestrate/airflow-timetable.golden.tsv.

Run it with the Python of an environment that has Airflow:
    "$HOME/.cache/millrace-services/airflow/bin/python" scripts/golden/airflow-timetable.py
A line is: cron, zone, asked-at, then start and end of the interval that is complete at that instant, then the end of the one
after it; instants in seconds since 1970. Half of the instants lie within two days of a change of the zone's clocks.
"""

import datetime as dt
import pathlib
import random
import zoneinfo

import airflow
import pendulum
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable

TARGET = pathlib.Path(__file__).resolve().parents[2] / "src/orchestrate/airflow-timetable.golden.tsv"
COUNT = 2400
FIRST = dt.datetime(2016, 1, 1, tzinfo=dt.timezone.utc)
LAST = dt.datetime(2025, 12, 31, tzinfo=dt.timezone.utc)
CRONS = """0 2 * * *|30 2 * * *|30 1 * * *|15 2 * * *|0 0 * * *|30 0 * * *|30 23 * * *|45 3 * * *|0 6 * * 1-5|0 2 * * 0|0 2 1 * *
0 2 L * *|0 * * * *|30 * * * *|*/20 * * * *|0 */6 * * *|*/30 1-3 * * *|15,45 2,3 * * *|0 2 1,15 * mon|0 2 */2 * *|0 2 * * sat-mon
0 22-5/3 * * *|5/15 0 * * *|0 2 * jan-mar,10 *|0 2 29 2 *|@daily|@weekly|@hourly|@quarterly|0 12 1-7 * 1""".replace("\n", "|").split("|")

# Zones whose rules two current tz databases tell differently; about those the two programs cannot agree.
DISPUTED = {"Europe/Chisinau", "Europe/Tiraspol"}


def changes(zone):
    """Hours in which the zone's clocks are changed, found by walking six hours at a time."""
    found = []
    at = FIRST
    before = at.astimezone(zone).utcoffset()
    while at < LAST:
        at += dt.timedelta(hours=6)
        now = at.astimezone(zone).utcoffset()
        if now != before:
            found.append(at)
        before = now
    return found


def asked(chance, moments):
    if moments and chance.random() < 0.5:
        return chance.choice(moments) + dt.timedelta(minutes=chance.randrange(-2880, 2880))
    return FIRST + dt.timedelta(minutes=chance.randrange(int((LAST - FIRST).total_seconds() // 60)))


def main():
    chance = random.Random(20261123)
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/", "US/")))
    known = {}
    lines = []
    for index in range(COUNT):
        name = chance.choice(names)
        if name not in known:
            known[name] = changes(zoneinfo.ZoneInfo(name))
        cron = CRONS[index % len(CRONS)]
        at = asked(chance, known[name])
        if name in DISPUTED:
            continue
        table = CronDataIntervalTimetable(cron, timezone=name)
        done = table.infer_manual_data_interval(run_after=pendulum.instance(at))
        then = table.next_dagrun_info(
            last_automated_data_interval=DataInterval(done.start, done.end),
            restriction=TimeRestriction(earliest=None, latest=None, catchup=True),
        )
        instants = [at, done.start, done.end, then.data_interval.end]
        lines.append("\t".join([cron, name, *(str(int(one.timestamp())) for one in instants)]))
    TARGET.write_text(f"# apache-airflow {airflow.__version__}, CronDataIntervalTimetable\n" + "\n".join(lines) + "\n", encoding="utf-8")


main()
