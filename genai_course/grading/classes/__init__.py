"""The trusted half of grading a class: finds submissions, reads them without running anything, and reports. Answers run in the sandbox."""
