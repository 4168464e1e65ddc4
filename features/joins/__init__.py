"""The one point-in-time join: its door, its planner, what it leaves out."""
