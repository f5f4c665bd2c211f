"""dlt's way: a resource of rows, its own schema and state tables, replace of the table by its Postgres destination."""

import os
import sys
import tempfile
import time

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DATA_WRITER__FILE_MAX_ITEMS"] = "200000"

import dlt  # noqa: E402

import source  # noqa: E402


def main():
    s = source.settings()
    started = time.monotonic()
    s["token"] = source.token(s)

    # dlt's own row counts add up what each of its steps saw; what the sandbox answered is counted here.
    counted = {"rows": 0}

    @dlt.resource(name="daily_campaign_metrics", write_disposition="append")
    def metrics():
        for account in s["accounts"]:
            batch = []
            for row in source.rows(s, account):
                counted["rows"] += 1
                batch.append(row)
                if len(batch) == 10_000:
                    yield batch
                    batch = []
            yield batch

    pipeline = dlt.pipeline(
        pipeline_name="rival",
        pipelines_dir=tempfile.mkdtemp(),
        destination=dlt.destinations.postgres(s["databaseUrl"].replace("postgres://", "postgresql://")),
        dataset_name=s["schema"],
    )
    pipeline.run(metrics(), loader_file_format="csv" if s.get("loader") != "insert" else None)
    source.report("dlt", counted["rows"], started)


if __name__ == "__main__":
    sys.exit(main())
