"""Writes what dbt-core's own builder of batches answers to windows of every size into src/transform/native/golden/batches.json:

    ~/.cache/millrace-services/dbt/bin/python scripts/golden/dbt-batches.py > src/transform/native/golden/batches.json
"""

import json
import random
import sys
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

from dbt.artifacts.resources.types import BatchSize
from dbt.contracts.graph.nodes import NodeConfig
from dbt.materializations.incremental.microbatch import MicrobatchBuilder

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SPAN_HOURS = {"hour": 40, "day": 40 * 24, "month": 30 * 700, "year": 12 * 8760}


def millis(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def moment(chance: random.Random, around: datetime, hours: int) -> datetime:
    step = timedelta(hours=chance.randrange(hours))
    rest = timedelta(minutes=chance.randrange(60), seconds=chance.randrange(60), milliseconds=chance.randrange(1000))
    return around + step + chance.choice([rest, timedelta(0), timedelta(0)])


def case(chance: random.Random) -> dict:
    size = chance.choice(["hour", "day", "month", "year"])
    begin = moment(chance, chance.choice([datetime(1999, 12, 30), datetime(2023, 12, 1), datetime(2024, 2, 27)]), 60)
    now = moment(chance, begin, SPAN_HOURS[size])
    if chance.random() < 0.2:
        now = begin
    start, end = None, None
    if chance.random() < 0.3:
        start = moment(chance, begin, 40)
        end = moment(chance, start, SPAN_HOURS[size])
    lookback, incremental = chance.randrange(4), chance.random() < 0.5
    config = NodeConfig(materialized="incremental", incremental_strategy="microbatch")
    config.batch_size, config.begin, config.lookback = BatchSize(size), begin, lookback
    builder = MicrobatchBuilder(
        SimpleNamespace(name="m", config=config), incremental, start, end, now.replace(tzinfo=timezone.utc)
    )
    until = builder.build_end_time()
    batches = builder.build_batches(builder.build_start_time(until), until)
    utc = lambda given: None if given is None else millis(given.replace(tzinfo=timezone.utc))
    return {
        "window": {
            "size": size,
            "beginMs": utc(begin),
            "lookback": lookback,
            "isIncremental": incremental,
            "startMs": utc(start),
            "endMs": utc(end),
            "nowMs": utc(now),
        },
        "count": len(batches),
        "first": [millis(batches[0][0]), millis(batches[0][1])],
        "last": [millis(batches[-1][0]), millis(batches[-1][1])],
        "ids": [MicrobatchBuilder.batch_id(batches[0][0], size), MicrobatchBuilder.batch_id(batches[-1][0], size)],
        "label": MicrobatchBuilder.format_batch_start(batches[-1][0], size),
    }


chance = random.Random(20260101)
cases = [case(chance) for _ in range(200)]
sys.stdout.write("[\n" + ",\n".join(json.dumps(one) for one in cases) + "\n]\n")
