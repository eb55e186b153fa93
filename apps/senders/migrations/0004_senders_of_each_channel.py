"""A sender is of one channel, and has what that channel calls an address. The column keeps its name."""

from django.db import migrations, models

import apps.senders.providers
import apps.core.channels


class Migration(migrations.Migration):
    dependencies = [("senders", "0003_european_accounts")]

    operations = [
        migrations.RemoveConstraint(model_name="sender", name="sender_address"),
        migrations.RemoveConstraint(model_name="sender", name="sender_one_default"),
        migrations.AlterField(
            model_name="sender",
            name="email",
            field=models.EmailField(db_column="email", max_length=254, verbose_name="address people see"),
        ),
        migrations.RenameField(model_name="sender", old_name="email", new_name="address"),
        migrations.AlterField(
            model_name="sender",
            name="address",
            field=models.CharField(db_column="email", max_length=254, verbose_name="address people see"),
        ),
        migrations.AddField(
            model_name="sender",
            name="channel",
            field=models.CharField(
                choices=apps.core.channels.channel_choices, db_default="email", default="email", max_length=10
            ),
        ),
        migrations.AddConstraint(
            model_name="sender",
            constraint=models.UniqueConstraint(
                fields=("organization", "channel", "address", "name"), name="sender_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="sender",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("organization", "channel"), name="sender_one_default"
            ),
        ),
        migrations.AlterField(
            model_name="senderaccount",
            name="provider",
            field=models.CharField(
                choices=apps.senders.providers.choices, default="smtp", max_length=20, verbose_name="leaves by"
            ),
        ),
    ]
