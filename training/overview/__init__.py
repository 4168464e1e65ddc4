"""Pages of a run for people: the search, and the challenger beside the champion. One small HTML file each, without scripts."""
