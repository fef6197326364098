"""How long the costly steps take; `make bench` prints the table. Each `measure_*` module here adds rows to it."""
