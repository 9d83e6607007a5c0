"""From another system to this one: a mapping file is begun (drafting), an export is read by it (export_file, records)
and taken in (importing), what came is held against it (comparison), and that is signed off (signing). docs/move.md."""
