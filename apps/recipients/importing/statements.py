"""The statements of one import: the same on PostgreSQL and on SQLite, all with the same named parameters."""

from typing import Any

from django.db import connection

# To sort and compare in memory, and without compiling expressions, which takes longer than they do.
_FOR_LARGE_SETS = "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off"
# What is on record may have come a minute ago, unknown to the planner: then it would look up row by row.
_FOR_WHOLE_TABLES = "SET LOCAL enable_nestloop = off"


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

    def rows(self, sql: str) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(sql, self.parameters)
            return cursor.fetchall()

    def value(self, sql: str) -> Any:
        """The one value that it answers."""
        return self.rows(sql)[0][0]

    def table(self, name: str, select: str, index: str = "") -> None:
        """A temporary table of what `select` answers; with an index on SQLite, and statistics on PostgreSQL."""
        self.run(f"DROP TABLE IF EXISTS {self._home}.{name}")
        self.run(f"CREATE TEMPORARY TABLE {name} AS {select}")
        self._tables.append(name)
        self.settle(name, index)

    def settle(self, name: str, index: str = "") -> None:
        """Let the planner know what is in the table now."""
        if self.is_postgresql:
            self.run(f"ANALYZE {name}")
        elif index:
            self.run(f"CREATE INDEX temp.{name}_by ON {name} ({index})")

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
