"""One module for each command, each with `run(options, others) -> exit status`."""
