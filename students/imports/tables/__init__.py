"""Lists that people hand in: CSV and its kin in any charset, and spreadsheets. All cells become text."""

from students.imports.tables.reading import read_table
from students.imports.tables.table import MAX_BYTES, MAX_CELL, MAX_ROWS, TABLE_SENTENCES, Damage, Table

__all__ = ["MAX_BYTES", "MAX_CELL", "MAX_ROWS", "TABLE_SENTENCES", "Damage", "Table", "read_table"]
