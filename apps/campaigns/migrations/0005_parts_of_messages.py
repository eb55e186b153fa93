from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("campaigns", "0004_frozen_sender"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="parts",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
