"""Imports one file in a process of its own, and prints as JSON what that took: seconds, counts, peak memory.

`python -m bench.import_alone FILE ORGANISATION SOURCE`, with the environment of the installation.
"""

import json
import os
import sys
import time
from pathlib import Path

import django


def main(path: Path, organization_id: int, source_id: int) -> None:
    django.setup()
    from apps.imports.reconciling.comparing_and_loading import load
    from apps.organizations.models import Organization
    from apps.organizations.scoping import in_organization
    from apps.recipients.models import ImportRun, ImportSource
    from apps.rosters.readers import read
    from bench.processes import peak_memory_mb
    from bench.roster_file import FIELDS

    organization = Organization.objects.get(pk=organization_id)
    with in_organization(organization):
        source = ImportSource.objects.get(pk=source_id)
        run = ImportRun.objects.create(
            source=source,
            file_name=path.name,
            format="table",
            mapping={"fields": list(FIELDS)},
            options={"year": "2026-27", "kind": "student"},
        )
        begun = time.perf_counter()
        facts = read(
            path,
            path.name,
            format=run.format,
            mapping=run.mapping,
            dialect={},
            options=run.options,
            country=organization.country,
        )
        outcome = load(run, facts)
        seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "counts": outcome.counts, "peak_mb": peak_memory_mb(os.getpid())}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
