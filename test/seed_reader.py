"""A reader of the chapter's keys with plain redis-py. Argument: the server's URL. Prints each campaign's daily and hourly hash."""

import json
import sys

import redis

store = redis.Redis.from_url(sys.argv[1], decode_responses=True)
print(
    json.dumps(
        {
            campaign: {kind: store.hgetall(f"campaign:{campaign}:{kind}") for kind in ("daily", "hourly")}
            for campaign in ("camp_001", "camp_002", "camp_003")
        }
    )
)
