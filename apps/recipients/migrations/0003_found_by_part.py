from django.db import migrations

# A part of a name, an address or a number is found by its groups of three letters; SQLite reads through its few rows.
_INDEXES = (
    "CREATE INDEX person_by_part_of_name ON recipients_person USING gin (search_name gin_trgm_ops)",
    "CREATE INDEX contact_point_by_part ON recipients_contactpoint USING gin (normalized gin_trgm_ops)",
)
# What a school's own system numbers was brought by an import.
_SOURCES = """UPDATE recipients_enrolment SET source = 'import' WHERE EXISTS (
    SELECT 1 FROM recipients_person p WHERE p.id = recipients_enrolment.person_id AND p.external_id <> '');
UPDATE recipients_guardianship SET source = 'import' WHERE EXISTS (
    SELECT 1 FROM recipients_person p WHERE p.id = recipients_guardianship.student_id AND p.external_id <> '')"""


def index_parts(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in ("CREATE EXTENSION IF NOT EXISTS pg_trgm", *_INDEXES):
            schema_editor.execute(statement)


def forget_parts(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX person_by_part_of_name, contact_point_by_part")


class Migration(migrations.Migration):
    dependencies = [("recipients", "0002_people_and_lists")]

    operations = [
        migrations.RunSQL(_SOURCES, migrations.RunSQL.noop),
        migrations.RunPython(index_parts, forget_parts),
    ]
