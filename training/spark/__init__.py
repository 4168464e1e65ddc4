"""Training on Spark itself: families of pyspark.ml, whose training rows are never collected."""
