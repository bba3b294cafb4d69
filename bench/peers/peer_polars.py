"""The page join in Polars: lazy scans, one pass over the events, streamed.

In come the options and rules of peer.py; out comes a table of segment names and device ids.
"""

import os
from datetime import datetime, timedelta

os.environ.setdefault("POLARS_MAX_THREADS", "2")


def page(options, rules):
    """Finds the members of all segments at once."""
    import polars as pl

    as_of, known_by = datetime.fromisoformat(options.as_of), datetime.fromisoformat(options.known_by)
    asks = pl.DataFrame(
        [
            {
                "segment": n, "event_name": r["event"], "prefix": r["prefix"], "want_site": r["site"] or None,
                "want_app": r["app"] or None, "from": as_of - timedelta(days=r["days"]),
            }
            for n, r in enumerate(rules)
        ],
        schema={
            "segment": pl.Int32, "event_name": pl.String, "prefix": pl.String, "want_site": pl.String,
            "want_app": pl.String, "from": pl.Datetime("us", "UTC"),
        },
    )
    events = pl.scan_parquet(f"{options.log}/events/*/*.parquet", hive_partitioning=False)
    granted = ledger(pl, options.log, known_by).collect(engine="streaming")
    pages = events.select("page_path").unique().collect(engine="streaming")
    asking = pages.join(asks, how="cross").filter(pl.col("page_path").str.starts_with(pl.col("prefix")))
    asked = asking.select("page_path", "event_name").unique().with_row_index("asked")
    asking = asking.join(asked, on=["page_path", "event_name"]).drop("page_path", "event_name", "prefix")
    hits = (
        events.filter(pl.col("event_time") < as_of)
        .join(asked.lazy(), on=["page_path", "event_name"])
        .join(granted.lazy(), on="device_id")
        .filter(pl.col("event_time") >= pl.col("since"))
        .select("asked", "device", "event_time", "site", "app", "value")
        .join(asking.lazy(), on="asked")
        .filter(
            pl.col("event_time") >= pl.col("from"),
            pl.col("want_site").is_null() | (pl.col("want_site") == pl.col("site")),
            pl.col("want_app").is_null() | (pl.col("want_app") == pl.col("app")),
        )
        .group_by("segment", "device", "asked")
        .agg(n=pl.len(), total=pl.col("value").sum())
        .group_by("segment", "device")
        .agg(n=pl.col("n").sum(), pages=pl.len(), total=pl.col("total").sum())
    )
    least = pl.DataFrame(
        [{"segment": n, "name": r["name"], "metric": r["metric"], "least": r["least"]} for n, r in enumerate(rules)],
        schema_overrides={"segment": pl.Int32},
    )
    score = (
        pl.when(pl.col("metric") == "").then(pl.col("n").cast(pl.Decimal(38, 2)))
        .when(pl.col("metric") == "sum(value)").then(pl.col("total").cast(pl.Decimal(38, 2)))
        .otherwise(pl.col("pages").cast(pl.Decimal(38, 2)))
    )
    members = (
        hits.join(least.lazy(), on="segment").filter(score >= pl.col("least")).select("segment", "name", "device")
        .collect(engine="streaming")
    )
    return members, granted


def ledger(pl, log, known_by):
    """Says who allows what a list of devices takes, and since when; see sql/ledger.sql."""
    grant = pl.col("action") == "grant"
    profile, activate = pl.col("purpose") == "profile", pl.col("purpose") == "activate:bench"
    return (
        pl.scan_parquet(f"{log}/consent/*/*.parquet", hive_partitioning=False)
        .filter(
            pl.col("subject_type") == "device", pl.col("recorded_at") < known_by,
            pl.col("purpose").is_in(["profile", "activate:bench", "*"]),
        )
        .group_by(device_id=pl.col("subject_id"))
        .agg(
            profile=pl.col("at").filter(grant & profile).min(), activate=pl.col("at").filter(grant & activate).min(),
            denials=(~grant).sum(),
        )
        .filter(pl.col("profile").is_not_null(), pl.col("activate").is_not_null(), pl.col("denials") == 0)
        .select("device_id", since=pl.max_horizontal("profile", "activate"))
        .with_row_index("device")
    )


def counts(members, rules):
    """Says how many members each segment has, in the order of the rules."""
    found = dict(members.group_by("name").len().iter_rows())
    return [(r["name"], found.get(r["name"], 0)) for r in rules]


def write_members(members, granted, file):
    """Writes segment and device id, one pair a line."""
    members.join(granted, on="device").select("name", "device_id").write_csv(file, include_header=False)
