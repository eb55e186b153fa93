from django.db import migrations


def grant(apps, schema_editor):
    """Whoever may manage people could make no lists yet: now lists are a permission of their own."""
    for role in apps.get_model("organizations", "Role")._base_manager.all():
        if "manage_people" in role.permissions and "manage_lists" not in role.permissions:
            role.permissions = sorted([*role.permissions, "manage_lists"])
            role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("organizations", "0002_packets")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
