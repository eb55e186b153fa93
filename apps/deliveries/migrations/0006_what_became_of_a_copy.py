import django.db.models.deletion
from django.db import migrations, models

# Until now what came back later was "failed", and what was delivered stayed "sent".
_HARD = """UPDATE deliveries_event SET is_hard = TRUE WHERE kind IN ('bounced', 'rejected') AND (detail LIKE '%5.1.1%'
    OR detail LIKE '%5.1.2%' OR detail LIKE '%5.1.3%' OR detail LIKE '%5.1.6%')"""
_BOUNCED = """UPDATE deliveries_delivery SET state = 'bounced', updated_at = heard.at
FROM (SELECT delivery_id, MAX(at) AS at FROM deliveries_event WHERE kind IN ('bounced', 'rejected')
    GROUP BY delivery_id) AS heard
WHERE id = heard.delivery_id AND state = 'failed' AND sent_at IS NOT NULL"""
_DELIVERED = """UPDATE deliveries_delivery SET state = 'delivered', updated_at = heard.at
FROM (SELECT delivery_id, MAX(at) AS at FROM deliveries_event WHERE kind = 'delivered' GROUP BY delivery_id) AS heard
WHERE id = heard.delivery_id AND state = 'sent'"""
_COUNT = """INSERT INTO deliveries_deliveredcount (organization_id, mailing_id, slot, number)
SELECT organization_id, mailing_id, id % 16, COUNT(*) FROM deliveries_delivery WHERE state = 'delivered'
GROUP BY organization_id, mailing_id, id % 16"""

_NOT_BOUNCED = "UPDATE deliveries_delivery SET state = 'failed' WHERE state = 'bounced'"
_NOT_DELIVERED = "UPDATE deliveries_delivery SET state = 'sent' WHERE state = 'delivered'"


class Migration(migrations.Migration):
    """What a generated column says cannot be changed: it goes, with its index, and comes again.

    That writes the table once more, on PostgreSQL; so the rows are corrected before, without any index.
    """

    dependencies = [
        ("campaigns", "0004_frozen_sender"),
        ("deliveries", "0005_details_of_outcomes"),
        ("organizations", "0005_manage_members"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="delivery", name="delivery_not_reached"),
        migrations.RemoveField(model_name="delivery", name="not_reached"),
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(
                choices=[
                    ("skipped", "Skipped"),
                    ("waiting", "Waiting"),
                    ("in_flight", "In flight"),
                    ("sent", "Sent"),
                    ("delivered", "Delivered"),
                    ("bounced", "Came back"),
                    ("failed", "Failed"),
                    ("uncertain", "Uncertain"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AddField(model_name="event", name="is_hard", field=models.BooleanField(default=False)),
        migrations.CreateModel(
            name="DeliveredCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot", models.PositiveSmallIntegerField()),
                ("number", models.IntegerField()),
                (
                    "mailing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delivered_counts",
                        to="campaigns.mailing",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "mailing", "slot"), name="delivered_count_once")
                ],
            },
        ),
        migrations.RunSQL(_HARD, migrations.RunSQL.noop),
        migrations.RunSQL(_BOUNCED, _NOT_BOUNCED),
        migrations.RunSQL(_DELIVERED, _NOT_DELIVERED),
        migrations.AddField(
            model_name="delivery",
            name="not_reached",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(state__in=("skipped", "bounced", "failed", "uncertain"), then="state"), default=None
                ),
                output_field=models.CharField(max_length=10, null=True),
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("not_reached__isnull", False)),
                fields=["mailing", "not_reached", "id"],
                name="delivery_not_reached",
            ),
        ),
        migrations.RunSQL(_COUNT, migrations.RunSQL.noop),
    ]
