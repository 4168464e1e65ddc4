"""Where feature rows come from: one file each."""
