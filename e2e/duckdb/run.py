"""Runs SQL statements in DuckDB: one JSON object a line comes in, {"sql": ...}, and one goes out, {"rows": ...} or {"error": ...}.

A statement file may set options before the query; the rows are those of the last statement. The engine lies in the folder
that the first argument names.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

import duckdb  # noqa: E402

connection = duckdb.connect()
connection.execute("SET threads = 2")
connection.execute("SET TimeZone = 'UTC'")
for line in sys.stdin:
    try:
        rows = connection.execute(json.loads(line)["sql"]).fetchall()
        answer = {"rows": rows}
    except duckdb.Error as error:
        answer = {"error": str(error)}
    print(json.dumps(answer, default=str), flush=True)
