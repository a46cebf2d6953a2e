"""What goes into the vector files: one module a file, each with `build()`."""
