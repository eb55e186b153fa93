from django.db import migrations


def grant(apps, schema_editor):
    """Members could be let in on the command line alone: now administrators do it on a page."""
    for role in apps.get_model("organizations", "Role")._base_manager.filter(name="administrator"):
        if "manage_members" not in role.permissions:
            role.permissions = sorted([*role.permissions, "manage_members"])
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("organizations", "0004_letter_text")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
