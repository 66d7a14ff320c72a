"""`python -m genai_course.grading build [--check]`."""

import sys

from genai_course.grading.build import main

if __name__ == "__main__": sys.exit(main())
