from django.db import migrations, models

_SIZES = """UPDATE deliveries_packet SET size = (SELECT COUNT(*) FROM deliveries_delivery d
    WHERE d.mailing_id = deliveries_packet.mailing_id AND d.state <> 'skipped'
        AND d.id BETWEEN deliveries_packet.first_id AND deliveries_packet.last_id)"""


def leave_room(apps, schema_editor):
    """Every row is written once and rewritten once, with its outcome: each page keeps room for that."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE deliveries_delivery SET (fillfactor = 50)")


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0002_waits_for"),
        ("deliveries", "0002_the_engine"),
        ("organizations", "0002_packets"),
        ("recipients", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_by_state",
        ),
        migrations.AddField(
            model_name="delivery",
            name="not_reached",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(state__in=("skipped", "failed", "uncertain"), then="state"), default=None
                ),
                output_field=models.CharField(max_length=10, null=True),
            ),
        ),
        migrations.AddField(
            model_name="packet",
            name="size",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["mailing", "id"], name="delivery_of_mailing"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("not_reached__isnull", False)),
                fields=["mailing", "not_reached", "id"],
                name="delivery_not_reached",
            ),
        ),
        migrations.RunSQL(_SIZES, migrations.RunSQL.noop),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
