"""Finds the members of a workload's segments with another engine: what malgrupp is measured against.

In come a form (which way the question is asked), the rules as the workload generator gives them, a folder with the logs
events/ and consent/, and two instants. Out come, on standard output, the number of members of each segment, and with
--members the ids themselves as CSV. The engines lie in the folder that --site names.
"""

import argparse
import json
import string
import sys
from pathlib import Path

HERE = Path(__file__).parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("form", choices=sorted(FORMS))
    parser.add_argument("--site", required=True, help="folder with the engines")
    parser.add_argument("--rules", required=True, help="JSON file with the rules")
    parser.add_argument("--log", required=True, help="folder with events/ and consent/")
    parser.add_argument("--as-of", required=True, help="where windows end")
    parser.add_argument("--known-by", required=True, help="what was recorded later is hidden")
    parser.add_argument("--kept", help="folder of the hits that were kept from one night to the next")
    parser.add_argument("--memory", help="most memory that the engine takes, such as 2GB")
    parser.add_argument("--members", help="file for the ids of members")
    return parser.parse_args()


def literal(value):
    return "NULL" if not value else "'" + str(value).replace("'", "''") + "'"


class Duck:
    """A DuckDB with the views events and consent, the table rules and the empty table members."""

    def __init__(self, options, rules):
        import duckdb

        self.options, self.rules = options, rules
        self.words = {
            "as_of": f"TIMESTAMPTZ '{options.as_of}'",
            "known_by": f"TIMESTAMPTZ '{options.known_by}'",
        }
        self.db = duckdb.connect()
        self.db.execute("SET threads = 2; SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
        if options.memory:
            spill = Path(options.rules).with_name("spill")
            self.db.execute(f"SET memory_limit = '{options.memory}'; SET temp_directory = '{spill}'")
        self.view("consent", f"{options.log}/consent/*/*.parquet")
        self.db.execute(
            "CREATE TEMP TABLE rules (segment INTEGER, name VARCHAR, event VARCHAR, prefix VARCHAR, site VARCHAR,"
            " app VARCHAR, metric VARCHAR, least INTEGER, days INTEGER, \"from\" TIMESTAMPTZ);"
            "CREATE TEMP TABLE members (segment INTEGER, device INTEGER)"
        )
        rows = ", ".join(
            f"({n}, {literal(r['name'])}, {literal(r['event'])}, {literal(r['prefix'])}, {literal(r['site'])},"
            f" {literal(r['app'])}, '{r['metric']}', {r['least']}, {r['days']}, {self.start(r)})"
            for n, r in enumerate(rules)
        )
        self.db.execute("INSERT INTO rules VALUES " + rows)

    def start(self, rule):
        return f"({self.words['as_of']} - INTERVAL {rule['days']} DAY)"

    def view(self, name, files):
        self.db.execute(f"CREATE VIEW {name} AS FROM read_parquet('{files}', hive_partitioning = false)")

    def events(self):
        self.view("events", f"{self.options.log}/events/*/*.parquet")

    def run(self, name, **words):
        """Runs a file of statements with words filled in."""
        text = (HERE / "sql" / f"{name}.sql").read_text()
        self.db.execute(string.Template(text).substitute(self.words, **words))

    def numbers(self, table, column, words):
        """Makes a table of words and their numbers."""
        rows = ", ".join(f"({n}, {literal(word)})" for n, word in enumerate(words))
        self.db.execute(f"CREATE TEMP TABLE {table} AS SELECT n::TINYINT AS n, {column} FROM (VALUES {rows}) v (n, {column})")

    def counts(self):
        rows = self.db.execute(
            "SELECT r.name, count(m.device) FROM rules r LEFT JOIN members m USING (segment) GROUP BY r.name, segment"
            " ORDER BY segment"
        ).fetchall()
        return rows

    def write_members(self, file):
        self.db.execute(
            "COPY (SELECT r.name, g.device_id FROM members m JOIN rules r USING (segment) JOIN granted g ON m.device = g.n)"
            f" TO '{file}' (FORMAT csv, HEADER false)"
        )


def plain(duck):
    """One query for each segment."""
    duck.events()
    duck.run("ledger")
    for n, r in enumerate(duck.rules):
        measured = {"": "count(*)", "sum(value)": "sum(e.value)", "distinct(page_path)": "count(DISTINCT e.page_path)"}
        duck.run(
            "plain", n=n, event=literal(r["event"]), prefix=literal(r["prefix"]), site=literal(r["site"]),
            app=literal(r["app"]), having=f"{measured[r['metric']]} >= {r['least']}", **{"from": duck.start(r)},
        )


def page(duck):
    """All segments at once, joined on pages."""
    duck.events()
    duck.run("ledger")
    duck.run("page", id_of_row="", once="")
    duck.run("members")


def folder(duck):
    """All segments at once, joined on folders."""
    duck.events()
    duck.run("ledger")
    duck.run("folder")
    duck.run("members")


def ids(duck):
    """Copies fall first, then as page does."""
    duck.view("log", f"{duck.options.log}/events/*/*.parquet")
    duck.run("ids")
    duck.run("ledger")
    duck.run("page", id_of_row="", once="")
    duck.run("members")


def ids_late(duck):
    """Copies fall only among the rows that some segment asks for: in this log copies do not contradict one another."""
    duck.events()
    duck.run("ledger")
    duck.run("page", id_of_row="e.event_id,", once="DISTINCT ON (o.event_id)")
    duck.run("members")


def filters(duck):
    """All segments at once, an aggregate with a FILTER for each."""
    duck.events()
    duck.run("ledger")
    measured = {"": "count(*)", "sum(value)": "sum(e.value)", "distinct(page_path)": "count(DISTINCT e.page_path)"}
    columns = []
    for n, r in enumerate(duck.rules):
        tests = [f"e.event_name = {literal(r['event'])}", f"starts_with(e.page_path, {literal(r['prefix'])})",
                 f"e.event_time >= {duck.start(r)}"]
        tests += [f"e.{c} = {literal(r[c])}" for c in ("site", "app") if r[c]]
        columns.append(f"coalesce({measured[r['metric']]} FILTER ({' AND '.join(tests)}), 0) >= {r['least']} AS s{n}")
    duck.db.execute(
        f"CREATE TEMP TABLE wide AS SELECT g.n AS device, {', '.join(columns)} FROM events e JOIN granted g"
        " ON e.device_id = g.device_id AND e.event_time >= g.since"
        f" WHERE e.event_time < {duck.words['as_of']} GROUP BY g.n"
    )
    for n in range(len(duck.rules)):
        duck.db.execute(f"INSERT INTO members SELECT {n}, device FROM wide WHERE s{n}")


def asof(duck):
    """Sequences, one after another, on narrow numbers."""
    duck.events()
    duck.run("ledger")
    words = sorted({r[k] for r in duck.rules for k in ("event", "then", "without")})
    prefixes = sorted({r["prefix"] for r in duck.rules})
    duck.numbers("words", "event", words)
    duck.numbers("prefixes", "prefix", prefixes)
    duck.run("moves")
    for n, r in enumerate(duck.rules):
        duck.run(
            "asof", n=n, event=words.index(r["event"]), section=prefixes.index(r["prefix"]), then=words.index(r["then"]),
            without=words.index(r["without"]), **{"from": duck.start(r)},
        )


def keep(duck):
    """Finds and keeps the hits of a night, for kept on the next one."""
    duck.events()
    duck.run("ledger")
    duck.run("keep", kept=duck.options.kept, file="before")


def kept(duck):
    """The second night: hits that were kept, and the rows of the last day alone."""
    last = sorted(Path(duck.options.log, "events").glob("dt=*"))[-1]
    duck.view("events", f"{last}/*.parquet")
    duck.run("ledger")
    duck.run("keep", kept=duck.options.kept, file="tonight")
    duck.run("kept", kept=duck.options.kept, last_known_by=f"({duck.words['known_by']} - INTERVAL 1 DAY)")
    duck.run("members")


FORMS = {"plain": plain, "page": page, "folder": folder, "filter": filters, "ids": ids, "ids-late": ids_late, "asof": asof,
         "keep": keep, "kept": kept, "polars": None}


def main():
    options = arguments()
    sys.path.insert(0, options.site)
    rules = json.loads(Path(options.rules).read_text())
    if options.form == "polars":
        import peer_polars

        members, granted = peer_polars.page(options, rules)
        found = peer_polars.counts(members, rules)
    else:
        duck = Duck(options, rules)
        FORMS[options.form](duck)
        found = duck.counts()
    for name, n in found:
        print(name, n)
    if options.members and options.form == "polars":
        peer_polars.write_members(members, granted, options.members)
    elif options.members:
        duck.write_members(options.members)


if __name__ == "__main__":
    main()
