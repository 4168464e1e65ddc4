"""A spec evaluated for given rows: on Spark, in this process, or without Spark."""
