"""Build every part of generative AI yourself: the library that the course's lessons export."""

__version__ = "0.1.0"
