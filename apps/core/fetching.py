"""Many plain rows, without Django's conversion of each value: for what is read by the thousand while mail is sent."""

from django.db import connection
from django.db.models import QuerySet


def fetch(values: QuerySet) -> list[tuple]:
    """The rows of `queryset.values_list(...)` as the driver gives them.

    Numbers and texts come as they are; JSON comes as text, and a moment on SQLite too.
    """
    sql, parameters = values.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
