"""DuckDB and PostgreSQL for `cargo xtask bench statistics`: counts every table of `tables.json` over the records of the
folder, by places, periods and all margins, with grouping sets.

    python statistics_peer.py duckdb|postgres FOLDER
"""

import getpass
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

database, folder = sys.argv[1], pathlib.Path(sys.argv[2])
tables = json.loads((folder / "tables.json").read_text())
kinds = sorted({table["kind"] for table in tables})
lists = sorted({d["fact"] for table in tables for d in table["dimensions"] if d.get("list")})
sums = sorted({fact for table in tables for d in table["dimensions"] for fact in d.get("sums", [])})


def sets(columns):
    """All subsets of some columns, as grouping sets need them."""
    return [list(some) for n in range(len(columns) + 1) for some in itertools.combinations(columns, n)]


def queries(table):
    """The counts of a table: one query for each choice of lists that are taken apart, since a record has several codes there."""
    dimensions = table["dimensions"]
    summed = next((d["sums"] for d in dimensions if "sums" in d), None)
    counts = ", ".join(f"sum({fact})" for fact in summed) if summed else "count(*)"
    counts = "count(DISTINCT device)" if table["phones"] else counts
    named = [d["fact"] for d in dimensions if not d.get("list") and "fact" in d]
    plain = ["commune" if fact == "screen_commune" else fact for fact in named]
    # of two dimensions over one list each takes it apart for itself
    several = [(f"l{n}", d["fact"]) for n, d in enumerate(dimensions) if d.get("list")]
    places = [[], ["province"]] if table["provincial"] else [[]]
    periods = [[], ["year"], ["year", "quarter"]] if table["quarterly"] else [[], ["year"]]
    for apart in sets(several):
        names = [name for name, _ in apart]
        groups = [p + q + r + names for p in places for q in periods for r in sets(plain)]
        grouping = ", ".join("(" + ", ".join(group) + ")" for group in groups)
        columns = ["province", "year", "quarter"] if table["provincial"] else ["year", "quarter"]
        columns = [c for c in columns if any(c in group for group in groups)] + plain + names
        kind = table["kind"]
        taken = "".join(f", unnest({kind}.{fact}) AS of_{name}({name})" for name, fact in apart)
        source = f"{kind}{taken} WHERE {table['filter']}"
        yield f"SELECT {', '.join(columns + [counts])} FROM {source} GROUP BY GROUPING SETS ({grouping})"


def loading(kind, is_duck):
    """Statements that bring the records of a kind in: codes as text, lists as lists, sums as numbers."""
    file = folder / f"{kind}.csv"
    header = file.open().readline().strip().split(",")
    split = (lambda c: f"string_split({c}, ';')") if is_duck else (lambda c: f"string_to_array({c}, ';')")

    def column(name):
        if name in lists:
            return f"CASE WHEN {name} = '' OR {name} IS NULL THEN NULL ELSE {split(name)} END AS {name}"
        if name in sums or name in ("device", "year", "quarter"):
            return f"CAST(nullif({name}, '') AS INTEGER) AS {name}"
        return f"nullif({name}, '') AS {name}"

    columns = ", ".join(map(column, header))
    if is_duck:
        return [f"CREATE TABLE {kind} AS SELECT {columns} FROM read_csv('{file}', header = true, all_varchar = true)"]
    texts = ", ".join(f"{name} text" for name in header)
    return [
        f"CREATE UNLOGGED TABLE raw_{kind} ({texts})",
        f"COPY raw_{kind} FROM '{file}' (FORMAT csv, HEADER true)",
        f"CREATE UNLOGGED TABLE {kind} AS SELECT {columns} FROM raw_{kind}",
        f"VACUUM ANALYZE {kind}",
    ]


class DuckDB:
    def __init__(self):
        import duckdb

        self.connection = duckdb.connect()

    def run(self, statement):
        return self.connection.execute(statement).fetchall()


class PostgreSQL:
    """A cluster of its own in a folder that goes at the end, on a socket alone."""

    def __init__(self):
        import psycopg

        found = shutil.which("pg_ctl") or "/usr/lib/postgresql/15/bin/pg_ctl"
        programs = pathlib.Path(found).resolve().parent
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tabara-pg-"))
        # PostgreSQL does not run as root
        who = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if who:
            shutil.chown(self.home, "postgres")
            folder.chmod(0o755)
            folder.parent.chmod(0o755)
        data = self.home / "data"
        user = "postgres" if who else getpass.getuser()
        quiet = {"stdout": subprocess.DEVNULL, "check": True}
        subprocess.run([*who, programs / "initdb", "-D", data, "-A", "trust"], **quiet)
        options = f"-k {self.home} -c listen_addresses='' -c shared_buffers=512MB -c work_mem=256MB -c fsync=off"
        self.stop = [*who, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"]
        subprocess.run([*who, programs / "pg_ctl", "-D", data, "-o", options, "-w", "start"], **quiet)
        self.connection = psycopg.connect(host=str(self.home), user=user, dbname="postgres", autocommit=True)

    def run(self, statement):
        cursor = self.connection.execute(statement)
        return cursor.fetchall() if cursor.description else []

    def close(self):
        subprocess.run(self.stop, stdout=subprocess.DEVNULL)
        shutil.rmtree(self.home, ignore_errors=True)


peer = DuckDB() if database == "duckdb" else PostgreSQL()
try:
    for kind in kinds:
        for statement in loading(kind, database == "duckdb"):
            peer.run(statement)
    counts = [query for table in tables for query in queries(table)]
    print("ready", flush=True)
    for _ in sys.stdin:
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            for query in counts:
                peer.run(query)
            times.append(time.perf_counter() - begun)
        print(min(times) * 1e6, flush=True)
finally:
    if hasattr(peer, "close"):
        peer.close()
