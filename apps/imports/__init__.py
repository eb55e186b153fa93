"""Files of schools become people on record.

- `pages`: what the office sees: four steps from the file to the load, saved imports, what is to be decided, the past.
- `runs`: one import, from the upload to the last row; `sources`: a file that comes again and again; `conflicts`: where
  a file and a detail mended by hand differ; `tasks`, `management`: the worker, and the command for the night.
- `reconciling`: how the facts of a file are compared with the record, and loaded. What reads files is `apps.rosters`.
"""
