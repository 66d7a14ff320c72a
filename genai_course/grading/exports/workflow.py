"""The GitHub Actions workflow that grades a class's repository."""

from genai_course.grading.exports.gradescope import TEMPLATES


def workflow(stem: str) -> str:
    "The text of the workflow for the exercise of the lesson `stem`."
    return (TEMPLATES / "grade.yml").read_text(encoding="utf-8").replace("LESSON", stem)
