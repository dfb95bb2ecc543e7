"""One module a subject; each gives its figures from a `Bench`."""
