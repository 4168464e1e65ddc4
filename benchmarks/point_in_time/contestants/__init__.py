"""What is measured: each file a program of its own, run in its own environment; they import nothing of Headwater's but ours."""
