"""Parsing, without Spark: what is ours is read, what is Spark's is left alone."""

import subprocess
import sys
import time

import pytest

from headwater.sql import SqlSyntaxError, parse
from headwater.sql.alter_table.drop_constraint import DropConstraint
from headwater.sql.alter_table.foreign_key import AddForeignKey
from headwater.sql.alter_table.primary_key import AddPrimaryKey
from headwater.sql.alter_table.rename import RenameTable
from headwater.sql.alter_table.set_not_null import SetNotNull
from headwater.sql.catalogs.statements import CreateCatalog, DropCatalog, ShowCatalogs, UseCatalog
from headwater.sql.constraints import ForeignKey, PrimaryKey
from headwater.sql.functions.statements import CreateFunction, CreatePythonFunction, Parameter
from headwater.sql.grants.statements import Grant, Revoke, ShowGrants
from headwater.sql.notes.statements import CommentOn, SetOwner, SetTags, UnsetTags
from headwater.sql.parse import may_be_ours
from headwater.sql.schemas.statements import UseSchema
from headwater.sql.statement import Securable
from headwater.sql.tables.statements import Analyze
from headwater.sql.views.statements import ChangeView
from headwater.sql.volumes.statements import CreateVolume, ShowVolumes

TABLE = Securable("TABLE", ("a", "b", "t"))

PYTHON = """CREATE OR REPLACE FUNCTION f(a MAP<STRING, ARRAY<INT>> COMMENT 'x', b INT DEFAULT 1 + (2))
RETURNS DECIMAL(3, 1) NOT DETERMINISTIC LANGUAGE PYTHON COMMENT 'y' AS $$
  return '$' # it's
$$"""


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("create catalog c", CreateCatalog("c")),
        (
            "CREATE CATALOG IF NOT EXISTS `my-c` MANAGED LOCATION 's3://x' COMMENT 'it\\'s' 'one';",
            CreateCatalog("my-c", if_not_exists=True, comment="it'sone", location="s3://x"),
        ),
        ("-- why\n/* and */ DROP CATALOG IF EXISTS c CASCADE", DropCatalog("c", if_exists=True, cascade=True)),
        ("USE CATALOG c", UseCatalog("c")),
        ("SET CATALOG 'c'", UseCatalog("c")),
        ("USE c.s", UseSchema("c", "USE c.s")),
        ("USE SCHEMA c.s", UseSchema("c", "USE SCHEMA c.s")),
        ("SHOW CATALOGS LIKE 'x*'", ShowCatalogs("x*")),
        (
            "CREATE VOLUME IF NOT EXISTS a.b.v COMMENT 'x'",
            CreateVolume(("a", "b", "v"), if_not_exists=True, comment="x"),
        ),
        ("SHOW VOLUMES IN a.b", ShowVolumes(("a", "b"))),
        (
            "ALTER TABLE a.b.t ADD CONSTRAINT pk PRIMARY KEY (id, `at` TIMESERIES) NOT ENFORCED RELY",
            AddPrimaryKey(("a", "b", "t"), PrimaryKey(("id", "at"), "at", "pk")),
        ),
        ("ALTER TABLE t ADD PRIMARY KEY(id)", AddPrimaryKey(("t",), PrimaryKey(("id",)))),
        (
            "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES a.p (id) ON DELETE NO ACTION",
            AddForeignKey(("t",), ForeignKey(("x",), ("a", "p"), ("id",), "fk")),
        ),
        ("ALTER TABLE t DROP PRIMARY KEY IF EXISTS CASCADE", DropConstraint(("t",), "PRIMARY KEY", if_exists=True)),
        ("ALTER TABLE t ALTER COLUMN c SET NOT NULL", SetNotNull(("t",), ("c",))),
        ("ALTER TABLE a.t RENAME TO c.a.u", RenameTable(("a", "t"), ("c", "a", "u"), "ALTER TABLE a.t RENAME TO")),
        (
            "ALTER TABLE a.b.t SET TAGS ('k' = 'v', k2, \"k 3\" = '')",
            SetTags(TABLE, (("k", "v"), ("k2", ""), ("k 3", ""))),
        ),
        ("ALTER TABLE a.b.t UNSET TAGS ('k')", UnsetTags(TABLE, ("k",))),
        ("SET TAG ON TABLE a.b.t `cost center` = hr", SetTags(TABLE, (("cost center", "hr"),))),
        ("ALTER TABLE t ALTER COLUMN c SET TAGS ('k' = 'v')", SetTags(Securable("COLUMN", ("t",), "c"), (("k", "v"),))),
        ("ALTER SCHEMA a.b SET OWNER TO `x y`", SetOwner(Securable("SCHEMA", ("a", "b")), "x y")),
        ("ALTER CATALOG c OWNER TO me", SetOwner(Securable("CATALOG", ("c",)), "me")),
        (
            "COMMENT ON COLUMN t.c IS 'x'",
            CommentOn(Securable("COLUMN", ("t",), "c"), "x", "COMMENT ON COLUMN t.c IS 'x'"),
        ),
        ("GRANT SELECT, USE SCHEMA ON TABLE a.b.t TO `x@y.z`", Grant(("SELECT", "USE SCHEMA"), TABLE, "x@y.z")),
        ("GRANT ALL PRIVILEGES ON a.b.t TO users", Grant(("ALL PRIVILEGES",), TABLE, "users")),
        ("REVOKE SELECT ON SCHEMA `s` FROM users", Revoke(("SELECT",), Securable("SCHEMA", ("s",)), "users")),
        ("SHOW GRANTS `x y` ON CATALOG c", ShowGrants(Securable("CATALOG", ("c",)), "x y")),
        ("SHOW GRANT ON a.b.t", ShowGrants(TABLE)),
        ("ANALYZE TABLE t COMPUTE STATISTICS FOR COLUMNS a, b", Analyze(("t",), ("a", "b"))),
        ("CREATE VIEW v AS SELECT 1", ChangeView(("v",), "CREATE VIEW v AS SELECT 1", creates=True)),
        ("ALTER VIEW v RENAME TO w", ChangeView(("v",), "ALTER VIEW v RENAME TO w", ("w",))),
        (
            "CREATE FUNCTION s.f(a INT) RETURNS INT RETURN a + 1",
            CreateFunction(("s", "f"), (16, 19), "CREATE FUNCTION s.f(a INT) RETURNS INT RETURN a + 1"),
        ),
        (
            PYTHON,
            CreatePythonFunction(
                ("f",),
                (Parameter("a", "MAP<STRING, ARRAY<INT>>", comment="x"), Parameter("b", "INT", "1 + (2)")),
                "DECIMAL(3, 1)",
                "\n  return '$' # it's\n",
                comment="y",
                replace=True,
                deterministic=False,
            ),
        ),
    ],
)
def test_a_statement_of_ours_is_read(text, statement):
    assert parse(text) == statement


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM t WHERE a = 'CREATE CATALOG x'",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "CREATE TABLE t (a INT NOT NULL COMMENT 'PRIMARY KEY', b MAP<STRING, ARRAY<INT>>) USING delta PARTITIONED BY (a)",
        "CREATE TABLE t AS SELECT 1 AS `primary`, 2 AS `key`",
        "CREATE TABLE t USING parquet AS SELECT 1",
        "CREATE TABLE t (id INT PRIMARY KEY) USING parquet",
        "CREATE TABLE t LIKE u",
        "CREATE TABLE t SHALLOW CLONE u VERSION AS OF 1",
        "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
        "CREATE TEMPORARY FUNCTION f AS 'x.Y'",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
        "ALTER TABLE t ADD COLUMNS (a INT)",
        "ALTER TABLE t ALTER COLUMN c COMMENT 'SET NOT NULL'",
        "ALTER TABLE t SET TBLPROPERTIES ('a' = 'b')",
        "ALTER TABLE t CLUSTER BY (a)",
        "ALTER TABLE s.t RENAME TO s.u",
        "COMMENT ON TABLE t IS 'x'",
        "DESCRIBE HISTORY t",
        "DESCRIBE TABLE EXTENDED t PARTITION (a = 1)",
        "DESCRIBE t",
        "SET spark.sql.shuffle.partitions = 3",
        "SHOW TABLES IN a.b LIKE 'x*'",
        "USE s",
        "CREATE SCHEMA IF NOT EXISTS `s`",
        "CREATE TABLE t (a STRING DEFAULT 'no end",
        "",
        "-- nothing",
    ],
)
def test_a_statement_of_sparks_is_left_alone(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "spark"),
    [
        (
            "CREATE TABLE t (id BIGINT, -- who\n v DOUBLE,\n CONSTRAINT k PRIMARY KEY (ID),  CHECK (v > 0))\nCOMMENT 'x'",
            "CREATE TABLE t (id BIGINT NOT NULL, -- who\n v DOUBLE)\nCOMMENT 'x' TBLPROPERTIES ('p' = '1') ",
        ),
        (
            "CREATE TABLE t (id INT COMMENT 'a, b' PRIMARY KEY RELY) TBLPROPERTIES('q'='2') CLUSTER BY AUTO;",
            "CREATE TABLE t (id INT NOT NULL COMMENT 'a, b' ) TBLPROPERTIES('p' = '1', 'q'='2') ;",
        ),
        (
            "CREATE TABLE t (PRIMARY KEY (id)) USING delta AS SELECT 1 AS id",
            "CREATE TABLE t  USING delta TBLPROPERTIES ('p' = '1')  AS SELECT 1 AS id",
        ),
        (
            "CREATE TABLE t (FOREIGN KEY (a) REFERENCES p, a STRUCT<x: INT, y: STRING> NOT NULL)",
            "CREATE TABLE t ( a STRUCT<x: INT, y: STRING> NOT NULL) TBLPROPERTIES ('p' = '1') ",
        ),
    ],
)
def test_spark_is_given_the_users_text_with_pieces_cut_out_and_put_in(text, spark):
    assert parse(text).with_properties("'p' = '1'") == spark


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("CREATE CATALOG a.b", "Expected a name of one part"),
        ("ALTER TABLE t SET TAGS (\n  'k' ; 'v')", r"Expected \), found ';' in line 2, column 7"),
        ("GRANT ON t TO x", "Expected a privilege such as SELECT, found 'ON'"),
        ("GRANT SELECT ON t", "Expected TO, found 'the end'"),
        ("ALTER TABLE t ADD PRIMARY KEY (a) WHATEVER", "Expected the end of the statement, found 'WHATEVER'"),
        ("SET TAG ON NOTHING t k", "Expected one of CATALOG, COLUMN"),
        ("ALTER CATALOG c TAG (k)", "Expected OWNER TO, SET OWNER TO, SET TAGS or UNSET TAGS, found 'TAG'"),
        ("ALTER VOLUME a.b SET FROB", "Expected OWNER TO or TAGS, found 'FROB' in line 1, column 22"),
        ("DROP VOLUME", "Expected a name, found 'the end'"),
    ],
)
def test_a_statement_that_only_databricks_has_says_where_it_is_wrong(text, sentence):
    with pytest.raises(SqlSyntaxError, match=sentence):
        parse(text)


def test_the_first_look_is_quick_and_loads_no_parser():
    text = "SELECT " + ", ".join(f"c{i}" for i in range(5000)) + " FROM t"
    start = time.perf_counter()
    for _ in range(1000):
        assert not may_be_ours(text)
    assert time.perf_counter() - start < 0.5  # half a millisecond each, on any machine
    probe = (
        "import sys; from headwater.sql import parse; parse('SELECT 1'); "
        "print(bool({'sqlglot', 'headwater.features'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.strip()
        == "False"
    )
