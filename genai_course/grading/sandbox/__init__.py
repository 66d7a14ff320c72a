"""The untrusted half of grading: answers run in a sandboxed worker that can return only data; tests run here."""
