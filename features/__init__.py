"""Features: definitions, specs, the point-in-time join, windows and materialisation."""
