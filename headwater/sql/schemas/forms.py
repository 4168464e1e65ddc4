"""Statements on schemas: how each begins, and what does it."""

from __future__ import annotations

from headwater.sql.registry import Form
from headwater.sql.schemas import grammar, verbs
from headwater.sql.schemas.statements import CreateSchema, DescribeSchema, DropSchema, UseSchema

__all__ = ["FORMS"]

FORMS = (
    Form(
        ("CREATE DATABASE|SCHEMA",),
        grammar.create_schema,
        {CreateSchema: verbs.create_schema},
        ("CREATE SCHEMA c.s COMMENT 'x' MANAGED LOCATION 's3://y'",),
    ),
    Form(
        ("DROP DATABASE|SCHEMA",),
        grammar.drop_schema,
        {DropSchema: verbs.drop_schema},
        ("DROP SCHEMA IF EXISTS c.s CASCADE",),
    ),
    Form(("USE",), grammar.use_schema, {UseSchema: verbs.use_schema}, ("USE c.s", "USE SCHEMA c.s")),
    Form(
        ("DESC|DESCRIBE DATABASE|SCHEMA",),
        grammar.describe_schema,
        {DescribeSchema: verbs.describe_schema},
        ("DESCRIBE SCHEMA EXTENDED c.s",),
    ),
)
