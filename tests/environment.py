"""Loaded by pytest before Django's settings are read: tests run in their own mode, with their own data folder."""

import os
import tempfile

os.environ["BEDEL_MODE"] = "test"
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="bedel-tests-"))
# WhiteNoise warns of a missing folder at the start of every test client.
os.makedirs(os.path.join(os.environ["DATA_DIR"], "static"), exist_ok=True)
