"""Loaded by pytest before Django's settings are read: tests run in their own mode, with their own data folder."""

import os
import random
import tempfile

os.environ["BEDEL_MODE"] = "test"
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="bedel-tests-"))
# WhiteNoise warns of a missing folder at the start of every test client.
os.makedirs(os.path.join(os.environ["DATA_DIR"], "static"), exist_ok=True)

# What is drawn from a table that is too long to be tried whole each time. The processes of one run draw the same.
os.environ.setdefault("SAMPLE_SEED", str(random.randrange(10_000)))


def pytest_report_header() -> str:
    return f"samples: drawn with SAMPLE_SEED={os.environ['SAMPLE_SEED']}"
