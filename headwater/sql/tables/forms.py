"""Statements on tables: how each begins, and what does it."""

from __future__ import annotations

from headwater.sql.registry import Form
from headwater.sql.tables import create, create_grammar, grammar, verbs
from headwater.sql.tables.statements import Analyze, CreateTable, DescribeTable, ShowCreateTable, ShowTables

__all__ = ["FORMS"]

FORMS = (
    Form(
        ("CREATE TABLE", "CREATE OR REPLACE TABLE", "REPLACE TABLE"),
        create_grammar.create_table,
        {CreateTable: create.create_table},
        ("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE OR REPLACE TABLE t (id INT, CHECK (id > 0))"),
    ),
    Form(
        ("DESC|DESCRIBE EXTENDED", "DESC|DESCRIBE TABLE EXTENDED"),
        grammar.describe_table,
        {DescribeTable: verbs.describe_table},
        ("DESCRIBE TABLE EXTENDED t", "DESC EXTENDED t"),
    ),
    Form(
        ("SHOW CREATE TABLE",),
        grammar.show_create_table,
        {ShowCreateTable: verbs.show_create_table},
        ("SHOW CREATE TABLE t",),
    ),
    Form(("SHOW TABLES",), grammar.show_tables, {ShowTables: verbs.show_tables}, ("SHOW TABLES IN c.s", "SHOW TABLES")),
    Form(
        ("ANALYZE TABLE",),
        grammar.analyze,
        {Analyze: verbs.analyze},
        ("ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS a, b",),
    ),
)
