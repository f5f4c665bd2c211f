"""The chapter's consumer: kafka-python and redis-py, a command a round trip, auto-commit. Arguments: brokers, topic, Redis URL, events.

Prints the CPU seconds of this process for those events, after a thousand that warm it up. Redis's own CPU is not counted.
"""

import json
import resource
import sys
from datetime import datetime

import redis
from kafka import KafkaConsumer


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def count(store, event):
    campaign, kind = event["campaign_id"], event["event_type"]
    daily, hourly = f"campaign:{campaign}:daily", f"campaign:{campaign}:hourly"
    hour = datetime.now().strftime("%H")
    if kind == "impression":
        store.hincrby(daily, "impressions", 1)
        store.hincrby(hourly, f"impressions:{hour}", 1)
        at = int(event["timestamp"])
        store.zadd(f"campaign:{campaign}:impression_timeline", {at: at})
    elif kind == "click":
        store.hincrby(daily, "clicks", 1)
        store.hincrby(hourly, f"clicks:{hour}", 1)
        impressions, clicks = int(store.hget(daily, "impressions") or 0), int(store.hget(daily, "clicks") or 0)
        if impressions:
            store.hset(daily, "ctr", clicks / impressions)
    else:
        store.hincrby(daily, "conversions", 1)
        store.hincrbyfloat(daily, "revenue", event.get("value", 0))
        revenue, cost = float(store.hget(daily, "revenue") or 0), float(store.hget(daily, "cost") or 0)
        if cost:
            store.hset(daily, "roas", revenue / cost)


def main(brokers, topic, url, events):
    store = redis.Redis.from_url(url)
    store.flushdb()
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=brokers,
        group_id=f"seed-{topic}",
        auto_offset_reset="earliest",
        enable_auto_commit=True,
        auto_commit_interval_ms=5000,
        max_poll_records=100,
        value_deserializer=lambda value: json.loads(value.decode("utf-8")),
    )
    before = 0.0
    for index, message in enumerate(consumer):
        if index == 1000:
            before = cpu_seconds()
        count(store, message.value)
        if index == 1000 + events:
            break
    print(json.dumps({"cpuSeconds": cpu_seconds() - before}))


main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
