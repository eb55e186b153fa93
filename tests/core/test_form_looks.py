"""Text that people type into one line, as it is kept."""

import pytest

from apps.core.form_looks import one_line


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  School   of  Almendral ", "School of Almendral"),
        ("\u202eloohcS", "loohcS"),
        ("Tri\u200bp\ufeff", "Trip"),
        ("Família 👩\u200d👧", "Família 👩\u200d👧"),
    ],
)
def test_signs_of_no_width_are_dropped_and_joiners_of_emoji_are_kept(typed, kept):
    assert one_line(typed) == kept
