"""The roof: the client, the command line and the jobs."""
