"""Articles from files: read by one process, placed by one or several, resumed where an earlier run ended."""
