"""Codes are put in the order that is written down, by the ORM and in statements written by hand alike."""

import pytest
from django.db import connection

from apps.core.ranking import first_sql, rank, rank_sql
from apps.recipients.models import Person

# In no alphabet.
ORDER = (Person.Kind.STUDENT, Person.Kind.ACCOUNT, Person.Kind.GUARDIAN)


@pytest.fixture
def people(scoped):
    for kind in ("guardian", "lead", "student", "account"):
        Person.objects.create(kind=kind, first_name="Ana", last_name=kind)
    return Person.objects.all()


def test_rows_come_in_the_order_that_is_written_down_and_others_last(people):
    ranked = people.order_by(rank("kind", ORDER))
    assert list(ranked.values_list("kind", flat=True)) == ["student", "account", "guardian", "lead"]
    assert ranked.last().kind == "lead"


def test_a_statement_written_by_hand_has_the_same_order(people):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT kind FROM recipients_person ORDER BY {rank_sql('kind', ORDER)}")
        assert [kind for (kind,) in cursor.fetchall()] == ["student", "account", "guardian", "lead"]


@pytest.mark.parametrize(
    ("kinds", "first"),
    [
        (("guardian", "student"), "student"),
        (("guardian", "account"), "account"),
        (("guardian", "lead"), "guardian"),
        (("lead",), None),
    ],
)
def test_of_a_group_the_value_that_counts_first_is_taken(people, kinds, first):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {first_sql('kind', ORDER)} FROM recipients_person WHERE kind IN (%s, %s)", [kinds[0], kinds[-1]]
        )
        assert cursor.fetchone() == (first,)


def test_quotation_marks_stay_within_a_code_and_signs_of_parameters_are_refused():
    assert rank_sql("kind", ("l'estat",)) == "CASE kind WHEN 'l''estat' THEN 0 ELSE 1 END"
    with pytest.raises(ValueError, match="parameter"):
        rank_sql("kind", ("5%",))
