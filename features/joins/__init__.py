"""The one point-in-time join: its door, its planner, its forms, what it leaves out."""
