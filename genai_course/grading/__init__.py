"""Graded exercises: built from masters, checked in the notebook. `exercise` is what a learner's notebook imports."""

from genai_course.grading.notebook import exercise
from genai_course.grading.record import lessons

__all__ = ["exercise", "lessons"]
