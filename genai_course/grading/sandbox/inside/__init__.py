"""All of the grader that a sandbox sees. Stands alone: it runs there as the package `inside`, and imports the standard library only."""
