"""Grades in the forms that others read: learning platforms, Gradescope, GitHub Actions."""
