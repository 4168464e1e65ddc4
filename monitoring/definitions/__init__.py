"""What is watched: monitors, thresholds, windows."""
