"""What a workspace has and this machine has not: paths, dbutils, widgets, secrets, task values."""
