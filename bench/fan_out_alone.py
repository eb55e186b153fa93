"""Fans out one mailing in a process of its own, and prints the seconds and the peak memory of that process as JSON.

`python -m bench.fan_out_alone MAILING ORGANISATION`, with the environment of the installation.
"""

import json
import os
import sys
import time

import django


def main(mailing_id: int, organization_id: int) -> None:
    django.setup()
    from apps.campaigns.models import Mailing
    from apps.deliveries.fan_out import fan_out
    from apps.organizations.models import Organization
    from apps.organizations.scoping import in_organization
    from bench.processes import peak_memory_mb

    with in_organization(Organization.objects.get(pk=organization_id)):
        mailing = Mailing.objects.select_related("organization").get(pk=mailing_id)
        begun = time.perf_counter()
        done = fan_out(mailing)
        seconds = time.perf_counter() - begun
    print(json.dumps({"done": done, "seconds": seconds, "peak_mb": peak_memory_mb(os.getpid())}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
