"""The rows of a refresh, on Spark or in process: two forms of the same steps, which give the same states and metrics."""
