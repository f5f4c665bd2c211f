"""A small Airbyte source for tests: one stream of campaign days, read from a file of JSON lines.

It fails as it is told: `fail` names a kind of failure, `crash_after` ends the process after so many days, once for every
file `marker` that is not there yet.
"""

import json
import logging
import os
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import date, timedelta
from typing import Any

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import ConnectorSpecification, FailureType, SyncMode
from airbyte_cdk.sources import AbstractSource
from airbyte_cdk.sources.streams import CheckpointMixin, Stream
from airbyte_cdk.utils import AirbyteTracedException

NUMBER = {"type": ["null", "number"]}
SCHEMA = {
    "type": "object",
    "properties": {
        "day": {"type": "string", "format": "date"},
        "campaign": {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "name": {"type": ["null", "string"]}, "state": {"type": "string"}},
        },
        "metrics": {
            "type": "object",
            "properties": {"shown": NUMBER, "clicked": NUMBER, "spend": {"type": "string"}, "orders": NUMBER},
        },
    },
}


class CampaignDays(Stream, CheckpointMixin):
    name = "campaign_days"
    primary_key = None
    cursor_field = "day"
    state_checkpoint_interval = None

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._state: MutableMapping[str, Any] = {}

    @property
    def state(self) -> MutableMapping[str, Any]:
        return self._state

    @state.setter
    def state(self, value: MutableMapping[str, Any]) -> None:
        self._state = value

    def get_json_schema(self) -> Mapping[str, Any]:
        return SCHEMA

    def stream_slices(self, *, sync_mode: SyncMode, cursor_field: Any = None, stream_state: Any = None) -> Iterable[Mapping[str, Any]]:
        first = date.fromisoformat(self._config["start_date"])
        last = date.fromisoformat(self._config["end_date"])
        done = (stream_state or {}).get("day")
        if done:
            first = max(first, date.fromisoformat(done) + timedelta(days=1))
        for offset in range((last - first).days + 1):
            yield {"day": (first + timedelta(days=offset)).isoformat()}

    def read_records(self, sync_mode: SyncMode, cursor_field: Any = None, stream_slice: Any = None, stream_state: Any = None) -> Iterable[Mapping[str, Any]]:
        day = stream_slice["day"]
        with open(self._config["rows"], encoding="utf-8") as rows:
            for line in rows:
                row = json.loads(line)
                if row["day"] == day:
                    yield row
                    self._crash(day)
        self._state = {"day": day}

    def _crash(self, day: str) -> None:
        at, marker = self._config.get("crash_on"), self._config.get("marker")
        if day == at and marker and not os.path.exists(marker):
            open(marker, "w", encoding="utf-8").close()
            sys.stdout.flush()
            os._exit(1)


class Source(AbstractSource):
    def spec(self, logger: logging.Logger) -> ConnectorSpecification:
        return ConnectorSpecification(
            connectionSpecification={
                "type": "object",
                "required": ["rows", "start_date", "end_date", "token"],
                "properties": {
                    "rows": {"type": "string"},
                    "start_date": {"type": "string"},
                    "end_date": {"type": "string"},
                    "token": {"type": "string", "airbyte_secret": True},
                },
                "additionalProperties": True,
            }
        )

    def check_connection(self, logger: logging.Logger, config: Mapping[str, Any]) -> tuple[bool, Any]:
        return (True, None) if os.path.exists(config["rows"]) else (False, f"there is no {config['rows']}")

    def streams(self, config: Mapping[str, Any]) -> list[Stream]:
        fail = config.get("fail")
        if fail and sys.argv[1] == "read":
            kinds = {"config": FailureType.config_error, "transient": FailureType.transient_error, "system": FailureType.system_error}
            message = f"this source was told to fail with {config['token']}"
            raise AirbyteTracedException(message=message, internal_message=message, failure_type=kinds[fail])
        return [CampaignDays(config)]


if __name__ == "__main__":
    launch(Source(), sys.argv[1:])
