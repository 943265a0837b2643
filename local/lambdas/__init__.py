"""Lambda on a laptop: each execution environment is a process that ends, dies and runs out of time as AWS's do."""
