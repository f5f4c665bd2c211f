"""The chapter's producer: topic ad-events, key campaign_id, JSON in UTF-8, gzip, acks=all, with kafka-python.

Arguments: brokers, topic, number of events. Sends what the chapter sends and prints, as its last line, what it sent:
by campaign and day of Seoul, counted before sending and never read back.
"""

import json
import random
import sys
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

from kafka import KafkaProducer

SEOUL = timezone(timedelta(hours=9))


def event():
    kind = random.choices(["impression", "click", "conversion"], weights=[80, 15, 5])[0]
    made = {
        "event_type": kind,
        "campaign_id": random.choice(["camp_001", "camp_002", "camp_003"]),
        "user_id": f"user_{random.randint(1, 10000)}",
        "timestamp": time.time(),
        "device": random.choice(["mobile", "desktop", "tablet"]),
        "geo": random.choice(["KR", "US", "JP"]),
    }
    if kind == "conversion":
        made["value"] = random.uniform(1000, 50000)
    return made


def micros(value):
    return int(Decimal(json.dumps(value)).quantize(Decimal("0.000001"), ROUND_HALF_UP) * 1_000_000)


def main(brokers, topic, count):
    random.seed(7)
    producer = KafkaProducer(
        bootstrap_servers=brokers,
        value_serializer=lambda value: json.dumps(value).encode("utf-8"),
        key_serializer=lambda key: str(key).encode("utf-8"),
        acks="all",
        retries=3,
        batch_size=16384,
        linger_ms=10,
        compression_type="gzip",
    )
    sent = {}
    futures = []
    for _ in range(count):
        made = event()
        at = datetime.fromtimestamp(made["timestamp"], SEOUL)
        counts = sent.setdefault(made["campaign_id"], {}).setdefault(at.strftime("%Y%m%d"), Counter())
        counts[made["event_type"] + "s"] += 1
        counts[f"{made['event_type']}s:{at:%H}"] += 1
        counts["revenue_micros"] += micros(made.get("value", 0))
        futures.append(producer.send(topic, key=made["campaign_id"], value=made, timestamp_ms=int(time.time() * 1000)))
    for future in futures:
        future.get(timeout=10)
    producer.close()
    print(json.dumps(sent))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
