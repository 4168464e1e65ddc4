"""What a worker does with a bucket, in a process without Headwater."""

import datetime as dt
import os
import subprocess
import sys

import pyarrow as pa
from pyspark.cloudpickle import dumps

from headwater.features.joins.dealing import send_matching_by_value
from headwater.features.joins.matching.bucket_match import BucketMatch, MatchedLookup


def test_a_bucket_is_matched_where_headwater_cannot_be_imported(tmp_path):
    send_matching_by_value()
    at = dt.datetime(2024, 1, 1)
    labels = pa.table({"k": ["a", "b"], "at": [at, at]})
    rows = {"k": ["a", "a", "b"], "ts": [at, at, at + dt.timedelta(hours=1)], "v": [1.0, float("nan"), 2.0]}
    lookup = MatchedLookup(("k",), "at", ("k",), "ts", (("v", "v"),), ("v",), 3_600_000_000)
    match = BucketMatch((("k", "k"), ("at", "at")), (lookup,))
    (tmp_path / "sent").write_bytes(dumps((match, labels, pa.table(rows))))
    program = (
        "import pickle, sys; sys.modules['headwater'] = None\n"
        "match, labels, rows = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(match.matched(labels, rows)['v'].to_pylist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "sent"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert (done.stdout.strip(), done.returncode) == ("[nan, None]", 0), done.stderr
