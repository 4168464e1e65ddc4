"""What an endpoint hands to a model beside the rows."""

from __future__ import annotations

import warnings

import pytest

from headwater.serving.http.executors import fastest_executor
from headwater.serving.http.requests import Request
from headwater.serving.http.served import ServedModel


def _scaled():
    """Return a model that multiplies a column by a parameter."""
    import mlflow

    class Scaled(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            del context
            return model_input["x"] * (params or {}).get("factor", 1.0)

    return Scaled()


@pytest.fixture(params=[True, False], ids=["with params in its signature", "without"])
def scaled(request, tmp_path):
    """Give a served model, and whether its signature has the parameter `factor`."""
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

    params = ParamSchema([ParamSpec("factor", DataType.double, 1.0)]) if request.param else None
    signature = ModelSignature(Schema([ColSpec(DataType.double, "x")]), params=params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.pyfunc.save_model(str(tmp_path / "m"), python_model=_scaled(), signature=signature, pip_requirements=[])
        executor = fastest_executor(tmp_path / "m", None)
    return ServedModel("scaled", "scaled/1", None, executor, executor.columns), request.param


def test_params_of_the_signature_reach_the_model_and_others_are_ignored_in_silence(scaled, capsys):
    served, has_params = scaled
    request = Request([{"x": 2.0}], params={"factor": 3.0, "nobody's": 1})
    assert served.answer(request, traced=False).body == {"predictions": [6.0 if has_params else 2.0]}
    assert "nobody's" not in capsys.readouterr().err
