"""Fold the names on record anew: a middle dot (gal·la) is no longer part of a folded name."""

from django.db import migrations
from django.db.models import F, Value
from django.db.models.functions import Replace

_DOTS = "·•‧∙⋅"
_COLUMNS = (("Person", "search_name"), ("Person", "imported_name"), ("FormerNumber", "known_as"))


def fold(apps, schema_editor):
    for model, column in _COLUMNS:
        # Managers ask for an open organisation; this is for all of them.
        rows = apps.get_model("recipients", model)._base_manager.using(schema_editor.connection.alias)
        for dot in _DOTS:
            folded = Replace(F(column), Value(dot), Value(""))
            rows.filter(**{f"{column}__contains": dot}).update(**{column: folded})


class Migration(migrations.Migration):
    dependencies = [("recipients", "0008_merged_records")]
    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
