"""docs/features.md tells the truth: it lists the rows that tests name, no more and no fewer."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
_MARK = re.compile(r'mark\.feature\("([A-Z]\d*(?:\.\d+)?)"\)')
_ROW = re.compile(r"^\| ([A-Z]\d*(?:\.\d+)?) \|", re.MULTILINE)


def test_the_list_of_features_names_the_rows_that_tests_prove():
    proved = {row for path in (ROOT / "tests").rglob("*.py") for row in _MARK.findall(path.read_text())}
    listed = set(_ROW.findall((ROOT / "docs" / "features.md").read_text()))
    assert listed == proved
