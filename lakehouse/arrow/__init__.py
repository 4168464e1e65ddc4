"""Delta files read, and frames made, by Arrow: without a Spark job."""
