"""One module for each family of measurements, each with `measure() -> Iterator[Result]`, which yields a figure as soon as it is there."""
