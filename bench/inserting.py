"""Many rows of a model by one statement that counts from 1 to their number, on PostgreSQL and on SQLite."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction

from apps.organizations.scoping import without_scope

_NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)"


def insert_numbered(
    model: type[models.Model], number: int, columns: Mapping[str, str], source: str = "numbers", words: str = ""
) -> int:
    """Insert `number` rows of `model` into the organisation of the open scope; the n-th gets the id base + n.

    `columns` are SQL expressions over n (and what `source` joins to it) by field name; every other field gets its
    default. `words` are further common table expressions. Returns base.
    """
    with without_scope():
        base = model._default_manager.aggregate(last=models.Max("id"))["last"] or 0
    fields, expressions, parameters = _expressions(model, {"id": f"{base} + n", **columns})
    table = model._meta.db_table
    source = source.replace("%", "%%")
    sql = f"{_NUMBERS}{words} INSERT INTO {table} ({fields}) SELECT {expressions} FROM {source}"
    with connection.cursor() as cursor:
        cursor.execute(sql, [number, *parameters])
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)
    return base


def _expressions(model: type[models.Model], columns: Mapping[str, str]) -> tuple[str, str, list[Any]]:
    """The columns of the table, what each gets, and the parameters of the defaults among them."""
    fields, expressions, parameters = [], [], []
    for field in model._meta.concrete_fields:
        fields.append(str(field.column))
        if field.name in columns:
            expressions.append(columns[field.name].replace("%", "%%"))
        else:
            expressions.append("%s")
            parameters.append(field.get_db_prep_save(field.pre_save(model(), add=True), connection))
    return ", ".join(fields), ", ".join(expressions), parameters


@contextmanager
def without_triggers() -> Iterator[None]:
    """A transaction in which PostgreSQL does not look up every foreign key: what is written here fits."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
        yield


def settle() -> None:
    """Let the planner know what was written, and have it written to disk before anything is measured."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
        else:
            cursor.execute("ANALYZE")
