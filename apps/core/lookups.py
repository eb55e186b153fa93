"""A lookup for many numeric ids at once: one parameter for the whole list, where `__in` takes one for each."""

import json
from typing import Any

from django.db.models import Field, ForeignObject, Lookup


@ForeignObject.register_lookup
@Field.register_lookup
class AnyOf(Lookup):
    """`filter(pk__any_of=ids)`: an array on PostgreSQL, a JSON list on SQLite, of any length."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            # As text: the driver takes its time over each element of a list.
            return f"{column} = ANY(%s::bigint[])", (*parameters, "{" + ",".join(map(str, map(int, self.rhs))) + "}")
        return f"{column} IN (SELECT value FROM json_each(%s))", (*parameters, json.dumps(list(self.rhs)))
