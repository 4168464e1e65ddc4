"""What SQL made is there in a new process."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
FIRST = """
from headwater import session
spark = session()
for statement in '''
CREATE CATALOG empty COMMENT 'nothing in it';
CREATE CATALOG dev;
CREATE SCHEMA dev.s COMMENT 'kept';
ALTER SCHEMA dev.s SET TAGS ('a' = 'b');
CREATE TABLE dev.s.t (id BIGINT, v DOUBLE, CONSTRAINT k PRIMARY KEY (id));
INSERT INTO dev.s.t VALUES (1, 2.5);
ALTER TABLE dev.s.t SET TAGS ('team' = 'x');
CREATE VOLUME dev.s.files;
CREATE FUNCTION dev.s.plus(a DOUBLE) RETURNS DOUBLE RETURN a + 1;
CREATE FUNCTION dev.s.twice(a DOUBLE) RETURNS DOUBLE LANGUAGE PYTHON AS $$ return 2 * a $$;
USE dev.s;
CREATE VIEW one AS SELECT id, plus(v) AS p FROM t;
CREATE VIEW another COMMENT 'of a view' AS SELECT p + 1 AS q FROM one;
GRANT SELECT ON VIEW one TO users;
CREATE TABLE main.default.loose AS SELECT 1 AS a
'''.split(';'):
    spark.sql(statement)
"""
SECOND = """
from headwater import FeatureEngineeringClient, session
spark = session()
def rows(text): return [tuple(row) for row in spark.sql(text).collect()]
print(rows("SHOW CATALOGS"))
print(rows("SELECT * FROM dev.s.another"), rows("SELECT dev.s.twice(v), dev.s.plus(v) FROM dev.s.t"))
said = dict(rows("DESCRIBE SCHEMA EXTENDED dev.s"))
print(said["Comment"], said["Tags"], rows("SHOW VOLUMES IN dev.s"), rows("SHOW GRANTS ON VIEW dev.s.one"))
table = FeatureEngineeringClient().get_table(name="dev.s.t")
print(table.primary_keys, table.tags, rows("SELECT * FROM loose"))
spark.sql("DROP VIEW dev.s.another")
spark.sql("DROP CATALOG empty")
"""


def _run(script, home):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HEADWATER_HOME": str(home / "h"), "HEADWATER_MASTER": "local[1]"}
    env["HEADWATER_DRIVER_MEMORY"] = "2g"
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def test_a_new_process_has_all_that_sql_made(tmp_path):
    _run(FIRST, tmp_path)
    assert _run(SECOND, tmp_path) == [
        "[('dev',), ('empty',), ('main',)]",
        "[(4.5,)] [(5.0, 3.5)]",
        "kept a=b [('s', 'files')] [('users', 'SELECT', 'VIEW', 'dev.s.one')]",
        "('id',) {'team': 'x'} [(1,)]",
    ]
    assert not (tmp_path / "h" / "warehouse" / "dev" / "s.db" / "_views" / "another.json").exists()
    assert not (tmp_path / "h" / "catalog" / "catalog" / "empty.json").exists()
