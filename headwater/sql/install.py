"""Puts the SQL layer in front of ``spark.sql``.

``spark.newSession()``, ``SparkSession.getActiveSession()`` and ``df.sparkSession`` give other Python objects around the
same Spark, so a method set on one object would not hold for the others. The method of the class is wrapped, once per
process; it looks at each session whether it belongs to an embedded store for which the layer was installed, and is Spark's
own method for all others. (Spark's way in, a parser of one's own by ``spark.sql.extensions``, takes a class of Java's.)
Sessions of Spark Connect and of Databricks are of another class, or never embedded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from headwater.sql.parse import parse

if TYPE_CHECKING:
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import AnalysisException
    from pyspark.sql import DataFrame, SparkSession

    from headwater.sql.call import Call

__all__ = ["install", "uninstall"]

_homes: set[str] = set()
_READY = "_headwater_sql"
_NO_CATALOG = "REQUIRES_SINGLE_PART_NAMESPACE"  # what Spark says of a name whose catalog it does not know
_NO_TABLE = {"TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", _NO_CATALOG}
_CATALOG_TAKEN = {"REQUIRES_SINGLE_PART_NAMESPACE", "MISSING_DATABASE_FOR_V1_SESSION_CATALOG"}
_NO_FUNCTION = {"UNRESOLVED_ROUTINE", "ROUTINE_NOT_FOUND", "CANNOT_LOAD_FUNCTION_CLASS"}


def install(spark: SparkSession) -> SparkSession:
    """Let this embedded session, and all others of its store, understand Databricks' SQL; return it.

    Does nothing to a session that is not embedded, and nothing when done again.
    """
    from headwater import lakehouse

    if lakehouse.on_databricks() or not hasattr(spark, "_jsparkSession") or not lakehouse.is_embedded(spark):
        return spark
    _homes.add(_home(spark))
    _wrap(type(spark))
    _prepare(spark)
    return spark


def uninstall(spark: SparkSession) -> None:
    """Give the sessions of this store Spark's own ``sql`` back."""
    _homes.discard(_home(spark))


def _wrap(session: type[SparkSession]) -> None:
    spark_sql = session.sql
    if hasattr(spark_sql, "headwater"):
        return

    plain_sql = functools.partial(_schemas_before_catalogs, spark_sql)

    @functools.wraps(spark_sql)
    def sql(self: SparkSession, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803 - Spark's
        if not _homes or not isinstance(sqlQuery, str) or not _is_ours(self):
            return spark_sql(self, sqlQuery, args, **kwargs)
        return _answer(self, plain_sql, sqlQuery, args, kwargs)

    sql.headwater = plain_sql  # type: ignore[attr-defined]
    session.sql = sql  # type: ignore[method-assign]


def _answer(
    spark: SparkSession, spark_sql: Callable[..., DataFrame], text: str, args: Any, frames: dict[str, Any]
) -> DataFrame:
    """Run a statement of ours; give Spark any other, and again if it named what was made elsewhere in the meantime."""
    from pyspark.errors import AnalysisException

    from headwater import lakehouse

    statement = parse(text, args)
    if statement is not None:
        from headwater.sql.call import Call
        from headwater.sql.registry import execute

        return execute(statement, Call(spark, spark_sql, args, frames))
    try:
        with lakehouse.faults_named():  # of statements that run at once; of frames Spark's own error names the file
            return spark_sql(spark, text, args, **frames)
    except AnalysisException as error:
        condition = (error.getCondition() or "").split(".")[0]
        if not _look_again(spark, spark_sql, condition):
            raise
    try:
        return spark_sql(spark, text, args, **frames)
    except AnalysisException as error:
        _name_other_catalogs(spark, error)
        raise


def _name_other_catalogs(spark: SparkSession, error: AnalysisException) -> None:
    """Add to an error on a table or catalog that is not there which catalogs there are, or have one of its schema and name."""
    from headwater import lakehouse

    if error.getCondition() == _NO_CATALOG:
        names = ", ".join(lakehouse.catalogs(lakehouse.settings_of(spark).warehouse))
        error.add_note(f"Known catalogs: {names}. CREATE CATALOG makes one.")
        return
    name = (error.getMessageParameters() or {}).get("relationName", "")
    if error.getCondition() == "TABLE_OR_VIEW_NOT_FOUND" and name:
        elsewhere = lakehouse.folders_elsewhere(spark, lakehouse.complete(spark, name))
        if elsewhere:
            error.add_note(f"Another catalog has {', '.join(elsewhere)}: catalogs do not share their tables.")


def _schemas_before_catalogs(
    spark_sql: Callable[..., DataFrame], spark: SparkSession, text: str, args: Any = None, **frames: Any
) -> DataFrame:
    """Let Spark run a statement; again with ``a.t`` as a schema's table where Spark took `a` for the catalog of that name."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import AnalysisException

    from headwater import lakehouse

    try:
        return spark_sql(spark, text, args, **frames)
    except (AnalysisException, Py4JJavaError) as error:
        if not _took_for_catalog(error):
            raise
        with lakehouse.schemas_first(spark) as changed:
            if not changed:
                raise
            return spark_sql(spark, text, args, **frames)


def _took_for_catalog(error: AnalysisException | Py4JJavaError) -> bool:
    from pyspark.errors import AnalysisException

    if isinstance(error, AnalysisException):
        return (error.getCondition() or "").split(".")[0] in _CATALOG_TAKEN
    return "DatabaseNameInSessionCatalog" in str(error)  # an assertion of Spark's own


def _look_again(spark: SparkSession, spark_sql: Callable[..., DataFrame], condition: str) -> bool:
    """Take in what other processes have made since; say whether it is worth another try."""
    from headwater import lakehouse
    from headwater.sql.call import Call
    from headwater.sql.functions.verbs import register_kept_functions

    if condition in _NO_FUNCTION:
        register_kept_functions(Call(spark, spark_sql))
    elif condition in _NO_TABLE:
        lakehouse.refresh(spark)
    return condition in _NO_FUNCTION | _NO_TABLE


def _is_ours(spark: SparkSession) -> bool:
    """Say whether the session belongs to a store with the layer; a new session of it is made ready first."""
    ready = spark.__dict__.get(_READY)
    if ready is None or ready not in _homes:
        home = _home(spark)
        if home not in _homes:
            return False
        _prepare(spark)
    return True


def _home(spark: SparkSession) -> str:
    return str(spark.conf.get("spark.headwater.home", "") or "")


def _prepare(spark: SparkSession) -> None:
    """Let the session know the catalogs of its store, and schemas their comments."""
    if spark.__dict__.get(_READY):
        return
    spark.__dict__[_READY] = _home(spark)
    from headwater.sql.call import Call
    from headwater.sql.catalogs.verbs import add_kept_catalogs
    from headwater.sql.schemas.verbs import comment_kept_schemas

    call: Call = Call(spark, type(spark).sql.headwater)  # type: ignore[attr-defined]
    add_kept_catalogs(call)
    comment_kept_schemas(call)
