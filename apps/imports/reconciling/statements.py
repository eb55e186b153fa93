"""The statements of one import: the same on PostgreSQL and on SQLite, all with the same named parameters."""

from typing import Any

from django.db import connection

# To sort and compare in memory, without compiling expressions, which takes longer than they do, and with statistics
# from a few rows of each table that is made.
_FOR_LARGE_SETS = """SET LOCAL work_mem = '64MB'; SET LOCAL jit = off; SET LOCAL default_statistics_target = 10"""
# What is on record may have come a minute ago, unknown to the planner: then it would look up row by row.
_FOR_WHOLE_TABLES = "SET LOCAL enable_nestloop = off"
_NUMBERS = {"id", "n", "who", "behind", "hub", "label", "place", "known", "asked", "row_number"}


class Statements:
    """Runs statements in the open transaction. `tables` that it makes go with the transaction or by drop()."""

    def __init__(self, is_large: bool = False, **parameters: Any):
        self.parameters = parameters
        self.is_postgresql = connection.vendor == "postgresql"
        self._tables: list[str] = []
        if self.is_postgresql:
            self.run(f"{_FOR_LARGE_SETS}; {_FOR_WHOLE_TABLES}" if is_large else _FOR_LARGE_SETS)

    def run(self, sql: str) -> int:
        """Execute; returns the number of rows it touched."""
        with connection.cursor() as cursor:
            cursor.execute(sql, self.parameters)
            return cursor.rowcount

    def rows(self, sql: str, **more: Any) -> list[tuple]:
        """What it answers; `more`: parameters of this statement alone."""
        with connection.cursor() as cursor:
            cursor.execute(sql, self.parameters | more)
            return cursor.fetchall()

    def value(self, sql: str) -> Any:
        """The one value that it answers."""
        return self.rows(sql)[0][0]

    def table(self, name: str, select: str, index: str = "") -> None:
        """A temporary table of what `select` answers, known to the planner; on SQLite with indexes (`a, b; c`)."""
        self.run(f"DROP TABLE IF EXISTS {self._home}.{name}")
        if self.is_postgresql:
            self.run(f"CREATE TEMPORARY TABLE {name} AS {select}")
        else:
            self.run(f"CREATE TEMPORARY TABLE {name} ({self._declared(select)})")
            self.run(f"INSERT INTO {name} {select}")
            for number, columns in enumerate(filter(None, index.split("; "))):
                self.run(f"CREATE INDEX temp.{name}_by_{number} ON {name} ({columns})")
        self._tables.append(name)
        self.settle(name)

    def _declared(self, select: str) -> str:
        """The columns with their types: SQLite compares by an index only what it knows to be of one type."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({select}) LIMIT 0", self.parameters)
            names = [column[0] for column in cursor.description]
        return ", ".join(f"{name} {'integer' if _is_number(name) else ''}" for name in names)

    def settle(self, *names: str) -> None:
        """Let the planner know what is in the tables now."""
        for name in names:
            self.run(f"ANALYZE {name}")

    def fill(self, name: str, rows: list[tuple]) -> None:
        """Put a few rows into a table of table()."""
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {name} VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)

    def drop(self) -> None:
        """Drop every table made by table()."""
        for name in self._tables:
            self.run(f"DROP TABLE IF EXISTS {self._home}.{name}")
        self._tables = []

    @property
    def _home(self) -> str:
        return "pg_temp" if self.is_postgresql else "temp"


def _is_number(column: str) -> bool:
    # The numbers of a school's own system are text: SQLite would make 7 of 007, and 1000 of 1e3.
    return column in _NUMBERS or (column.endswith("_id") and column != "external_id")
