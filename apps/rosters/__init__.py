"""Readers of the files that schools have. They know neither the database nor pages: bytes come in, facts go out.

What others may use:

- `readers`: look() at a file, detect() its format, read() its facts. The door to all formats.
- `facts`: what is read: a person, an address, a class, a mistake ...
- `refusing`: FileRefused, by which a file as a whole is turned down with a sentence.
- `columns`, `guessing_columns`: what a column of a table may hold, and what its heading says.
- `accepted_formats`, `encoding_choices`, `csv_tables.DELIMITERS`, `mending`: what a page says of a file, or changes.
- `opening`: refuse_too_large(), and open_uploaded_table() for a table with any columns; `tables`: what that gives.
- `excel.plain_text`: how a cell of Excel is written, for whoever writes some of them otherwise (`tables.CellText`).
- `school_years`: how a school year is called.

How it goes inside: `opening` finds the table or the set of files (`csv_tables`, `finding_encoding`, `excel`). A module
for each format reads them: `people_table` a single table, `power_school` another one, `oneroster` and
`school_data_sync` sets of files (`file_sets`, `known_people`, `finding_columns`). All of them read cells by `cells`,
whose words, like those of headings, stand in `words/*.toml` (`vocabulary`).
"""
