"""Fans out one mailing in a process of its own, and prints as JSON what that took.

`seconds` in all, `by_table` of them for each table that is written, and `peak_mb` of this process.

`python -m bench.fan_out_alone MAILING ORGANISATION`, with the environment of the installation.
"""

import json
import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import django

_WRITTEN = re.compile(r"^(?:INSERT INTO|UPDATE) [\"\w]*?_?(\w+)\b", re.MULTILINE)


class Stopwatch:
    """An execute wrapper of Django: `seconds` by the table that a statement writes; of all others under "reading"."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def __call__(self, execute: Callable, sql: str, params: Any, many: bool, context: dict) -> Any:
        found = _WRITTEN.search(sql)
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds[found[1] if found else "reading"] += time.perf_counter() - begun


def main(mailing_id: int, organization_id: int) -> None:
    django.setup()
    from django.db import connection

    from apps.campaigns.models import Mailing
    from apps.deliveries.engine.fan_out import fan_out
    from apps.organizations.models import Organization
    from apps.organizations.scoping import in_organization
    from bench.processes import peak_memory_mb

    with in_organization(Organization.objects.get(pk=organization_id)):
        mailing = Mailing.objects.select_related("organization").get(pk=mailing_id)
        begun, watch = time.perf_counter(), Stopwatch()
        with connection.execute_wrapper(watch):
            done = fan_out(mailing)
        seconds = time.perf_counter() - begun
    # The foreign keys are looked up at the commit, which is no statement of a cursor.
    watch.seconds["commit and Python"] = seconds - sum(watch.seconds.values())
    memory = peak_memory_mb(os.getpid())
    print(json.dumps({"done": done, "seconds": seconds, "by_table": watch.seconds, "peak_mb": memory}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
