"""Model quality per window, slice and model, over the rows whose label is known: aggregates in Spark, exact.

ROC areas come from counts by distinct score and a running sum over them, so that no window's rows meet in one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from headwater.lakehouse import ColumnTypeError, column, quoted
from headwater.monitoring.definitions.monitor import Monitor, MonitorInferenceLog
from headwater.monitoring.definitions.windows import BASELINE
from headwater.monitoring.metrics.classification import auc_scores, classification_scores, fairness
from headwater.monitoring.states.cells import CELL, in_cells, only_popular, same_cell
from headwater.monitoring.states.columns import class_name, class_of_text, in_words_of, prepared
from headwater.monitoring.states.state_rows import arrow_schema
from headwater.monitoring.tables.schemas import parsed

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructType

    from headwater.monitoring.definitions.windows import Span

__all__ = ["CLASSIFICATION", "EPSILON", "REGRESSION", "quality", "quality_schema", "scores_of"]

_METRIC: Final = "struct<one_vs_all:map<string,double>,macro:double,weighted:double>"
CLASSIFICATION: Final = {
    "accuracy_score": "double",
    "confusion_matrix": "array<struct<prediction:string,label:string,count:bigint>>",
    "precision": _METRIC,
    "recall": _METRIC,
    "f1_score": _METRIC,
    "log_loss": "double",
    "roc_auc_score": "struct<one_vs_all:map<string,double>,one_vs_one:struct<macro:double,weighted:double>>",
    "predictive_parity": "map<string,double>",
    "predictive_equality": "map<string,double>",
    "equal_opportunity": "map<string,double>",
    "statistical_parity": "map<string,double>",
}
REGRESSION: Final = (
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_average_error",
    "mean_absolute_percentage_error",
    "r2_score",
)
EPSILON: Final = 2.0**-52


def quality(
    df: DataFrame, monitor: Monitor, spans: Sequence[Span], popular: DataFrame | None, *, timeless: bool
) -> DataFrame | None:
    """Return the columns of `CELL` and the quality metrics, a row per cell that has labelled rows; None without a label.

    A row counts if its prediction and its label are neither NULL nor NaN; for log loss and ROC area its probability must
    be neither, too. No action; three shuffles, of counts.
    """
    log = monitor.inference
    if log is None or log.label_col is None or log.label_col not in df.columns or log.prediction_col not in df.columns:
        return None
    from pyspark.sql import functions as F

    types = {field.name: field.dataType.simpleString() for field in df.schema}
    classes = log.problem_type == "classification"
    values = {"prediction": column(log.prediction_col).cast("double"), "label": column(log.label_col).cast("double")}
    if classes:
        values = {
            "prediction": class_name(log.prediction_col, types[log.prediction_col]),
            "label": class_name(log.label_col, types[log.label_col]),
        }
        if log.prediction_proba_col is not None and log.prediction_proba_col in types:
            values["score"] = _probabilities(log, types, values["label"])
        values["prediction"] = in_words_of(values["prediction"], values["label"])
    rows = prepared(df, (), monitor, timeless=timeless, extra=values).where(
        "prediction IS NOT NULL AND label IS NOT NULL"
    )
    if not classes:
        rows = rows.where("NOT isnan(prediction) AND NOT isnan(label)")
    cells = only_popular(in_cells(rows, spans, monitor.slicing_exprs, list(values)), popular)
    found = _classification(cells) if classes else _regression(cells)
    return found.withColumn("granularity", F.nullif(F.col("granularity"), F.lit(BASELINE)))


def _probabilities(log: MonitorInferenceLog, types: dict[str, str], label: Column) -> Column:
    """Return the probabilities as ``array<struct<class:string,p:double>>``; classes are called as labels are."""
    from pyspark.sql import functions as F

    assert log.prediction_proba_col is not None
    assert log.label_col is not None
    found = types[log.prediction_proba_col]
    value = column(log.prediction_proba_col)

    def entry(name: Column, probability: Column) -> Column:
        named = in_words_of(class_of_text(name.cast("string")), label)
        return F.struct(named.alias("class"), probability.cast("double").alias("p"))

    if found.startswith("map<"):
        return F.transform(F.map_entries(value), lambda pair: entry(pair["key"], pair["value"]))
    if found.startswith("array<"):
        return F.transform(value, lambda p, i: entry(i, p))
    if found in ("float", "double") or found.startswith("decimal"):
        positive = log.positive_class or ("true" if types[log.label_col] == "boolean" else "1")
        return F.array(entry(F.lit(positive), value))
    where = "the column of probabilities"
    raise ColumnTypeError(where, {log.prediction_proba_col: (found, "double, map<string,double> or array<double>")})


def _classification(cells: DataFrame) -> DataFrame:
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    scored = "score" in cells.columns
    loss = _row_loss() if scored else F.lit(None).cast("double")
    pairs = (
        cells.withColumn("loss", loss)
        .groupBy(*CELL, "prediction", "label")
        .agg(F.count("*").alias("count"), F.sum("loss").alias("loss"), F.count("loss").alias("losses"))
    )
    matrix = pairs.groupBy(*CELL).agg(
        F.array_sort(F.collect_list(F.struct("prediction", "label", "count"))).alias("confusion"),
        (F.sum("loss") / F.nullif(F.sum("losses"), F.lit(0))).alias("log_loss"),
    )
    slices = Window.partitionBy("granularity", "window_index", "slice_key", "model_id")
    others = F.first(F.when(F.col("slice_value") == "false", F.col("confusion")), ignorenulls=True).over(slices)
    found = matrix.withColumn("others", F.when(F.col("slice_value") == "true", others))
    if scored:
        wins = _wins(cells)
        found = found.join(wins, same_cell(found, wins), "left").select(
            *[found[c] for c in found.columns], wins["wins"]
        )
    else:
        found = found.withColumn(
            "wins", F.lit(None).cast("array<struct<class:string,label:string,wins:double,rows:bigint>>")
        )
    schema = quality_schema("classification")
    out = arrow_schema(schema)

    def scores(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for batch in batches:
            yield pa.RecordBatch.from_pylist([scores_of(row) for row in batch.to_pylist()], schema=out)

    return found.mapInArrow(scores, schema)


def _row_loss() -> Column:
    """Return minus the logarithm of the label's probability, held off 0 and 1 by one bit as scikit-learn does."""
    from pyspark.sql import functions as F

    score = F.col("score")
    own = F.filter(score, lambda pair: pair["class"] == F.col("label"))
    first, only = F.get(own, F.lit(0))["p"], F.get(score, F.lit(0))["p"]  # NULL where the array is too short
    single = F.when(F.size(own) > 0, first).otherwise(1 - only)
    many = F.when(F.size(own) > 0, first).otherwise(F.lit(0.0))
    p = F.when(F.size(score) == 1, single).when(F.size(score) > 1, many)
    p = F.when(~F.isnan(p), p)
    # greatest and least pass over NULL, which must stay NULL.
    return F.when(p.isNotNull(), -F.log(F.greatest(F.lit(EPSILON), F.least(F.lit(1 - EPSILON), p))))


def _wins(cells: DataFrame) -> DataFrame:
    """Return per cell, class and label how many pairs of rows the class's score puts in the right order."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    counts = (
        cells.select(*CELL, "label", F.explode("score").alias("s"))
        .select(*CELL, "label", F.col("s.class").alias("class"), F.col("s.p").alias("p"))
        .where("p IS NOT NULL AND NOT isnan(p)")
        .groupBy(*CELL, "class", "label", "p")
        .agg(F.count("*").alias("rows"))
    )
    own = F.sum(F.when(F.col("class") == F.col("label"), F.col("rows")).otherwise(0))
    part = Window.partitionBy(*CELL, "class")
    ranked = part.orderBy("p")
    upto = own.over(ranked.rangeBetween(Window.unboundedPreceding, 0))
    tied = own.over(ranked.rangeBetween(0, 0))
    above = own.over(part) - upto
    won = F.when(F.col("class") != F.col("label"), F.col("rows") * (above + tied / 2)).otherwise(0.0)
    return (
        counts.withColumn("wins", won.cast("double"))
        .groupBy(*CELL, "class", "label")
        .agg(F.sum("wins").alias("wins"), F.sum("rows").alias("rows"))
        .groupBy(*CELL)
        .agg(F.collect_list(F.struct("class", "label", "wins", "rows")).alias("wins"))
    )


def quality_schema(problem_type: str) -> StructType:
    """Return the columns of `CELL` and the problem's metrics; needs a Spark session."""
    key = "granularity string, window_index bigint, slice_key string, slice_value string, model_id string"
    metrics = CLASSIFICATION if problem_type == "classification" else dict.fromkeys(REGRESSION, "double")
    return parsed(f"{key}, " + ", ".join(f"{quoted(name)} {kind}" for name, kind in metrics.items()))


def scores_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return the metrics of a cell from its confusion matrix, that of the `others`, its log loss and pairwise wins."""
    confusion = [(c["prediction"], c["label"], c["count"]) for c in row["confusion"]]
    found: dict[str, Any] = {name: row[name] for name in CELL} | {"log_loss": row["log_loss"]}
    found["confusion_matrix"] = row["confusion"]
    scores = classification_scores(confusion)
    for name in ("precision", "recall", "f1_score"):
        scores[name]["one_vs_all"] = list(scores[name]["one_vs_all"].items())
    area = auc_scores([(w["class"], w["label"], w["wins"], w["rows"]) for w in row["wins"] or ()])
    if area is not None:
        area["one_vs_all"] = list(area["one_vs_all"].items())
    if row["others"] is not None:
        others = [(c["prediction"], c["label"], c["count"]) for c in row["others"]]
        found |= {metric: list(by_class.items()) for metric, by_class in fairness(confusion, others).items()}
    return found | scores | {"roc_auc_score": area}


def _regression(cells: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    error = F.col("prediction") - F.col("label")
    squared = F.avg(error * error)
    share = F.abs(error) / F.greatest(F.abs("label"), F.lit(EPSILON))
    spread = F.var_pop("label")
    return cells.groupBy(*CELL).agg(
        squared.alias("mean_squared_error"),
        F.sqrt(squared).alias("root_mean_squared_error"),
        F.avg(F.abs(error)).alias("mean_average_error"),
        F.avg(share).alias("mean_absolute_percentage_error"),
        F.when(spread > 0, 1 - squared / spread).alias("r2_score"),
    )
