"""One module for each family of measurements, each with `measure() -> list[Result]`."""
