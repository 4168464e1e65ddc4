"""What README shows runs as it stands."""

import datetime as dt
import re
from pathlib import Path

import mlflow
import mlflow.sklearn
from sklearn.dummy import DummyClassifier

from headwater import lakehouse

README = Path(__file__).parents[2] / "README.md"


def test_the_example_with_data_of_ones_own_runs(spark):
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    day = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    customers = spark.createDataFrame([(1, day, 2.0), (2, day, 3.0)], "id long, since timestamp, tier double")
    orders = spark.createDataFrame([(1, day, 0), (3, day, 1)], "id long, at timestamp, returned int")
    names = {
        "customers": customers,
        "orders": orders,
        "new_orders": orders.drop("returned"),
        "model": DummyClassifier().fit([[0.0]], [1]),
        "mlflow": mlflow,
    }
    exec(compile(example, "README.md", "exec"), names)
    assert sorted(names["frame"].select("id", "tier", "returned").collect()) == [(1, 2.0, 0), (3, None, 1)]
    assert sorted(names["scores"].select("id", "prediction").collect()) == [(1, 1.0), (3, 1.0)]
    lakehouse.drop_table(spark, "ml.customers")
