"""The seed's extract, transform and load with pandas: `to_sql` as the chapter writes it, or with a COPY callable as pandas' own
documentation recommends. Lands Parquet, reads it back, computes the ratios, appends, and runs the seed's validation queries."""

import csv
import io
import os
import sys
import tempfile
import time

import pandas as pd
from sqlalchemy import create_engine, text

import source


def copy_rows(table, connection, keys, rows):
    """pandas' documented callable for `to_sql(method=…)`: COPY FROM STDIN of a CSV built in memory."""
    with connection.connection.cursor() as cursor:
        buffer = io.StringIO()
        csv.writer(buffer).writerows(rows)
        buffer.seek(0)
        columns = ", ".join(f'"{key}"' for key in keys)
        cursor.copy_expert(f'copy "{table.schema}"."{table.name}" ({columns}) from stdin with csv', buffer)


def validate(connection, table):
    for condition in ("ctr < 0 or ctr > 1", "cost < 0"):
        connection.execute(text(f"select count(*) from {table} where {condition}")).scalar()
    connection.execute(
        text(f"select campaign_id, platform, date, count(*) from {table} group by 1, 2, 3 having count(*) > 1")
    ).fetchall()


def main():
    s = source.settings()
    with_copy = s["method"] == "copy"
    engine = create_engine(s["databaseUrl"].replace("postgres://", "postgresql+psycopg2://"))
    folder = tempfile.mkdtemp()
    started = time.monotonic()
    s["token"] = source.token(s)
    files = []
    for account in s["accounts"]:
        frame = pd.DataFrame(list(source.rows(s, account)))
        file = os.path.join(folder, f"{account}.parquet")
        frame.to_parquet(file)
        files.append(file)
    everything = pd.concat([pd.read_parquet(file) for file in files])
    everything["ctr"] = everything["clicks"] / everything["impressions"].replace(0, 1)
    everything["cpc"] = everything["cost"] / everything["clicks"].replace(0, 1)
    everything["cvr"] = everything["conversions"] / everything["clicks"].replace(0, 1)
    everything["cpa"] = everything["cost"] / everything["conversions"].replace(0, 1)
    table = "daily_campaign_metrics"
    with engine.begin() as connection:
        connection.execute(text(f'create schema if not exists "{s["schema"]}"'))
    everything.to_sql(
        table, engine, schema=s["schema"], if_exists="append", index=False, method=copy_rows if with_copy else None, chunksize=50_000 if with_copy else None
    )
    with engine.begin() as connection:
        validate(connection, f'"{s["schema"]}".{table}')
    source.report("pandas_copy" if with_copy else "pandas_to_sql", len(everything), started)


if __name__ == "__main__":
    sys.exit(main())
