"""Each version of the tables, and the way from one to the next; `HEAD` is what `issuer.models` says.

A change of the models is a new file in `versions/` and a new HEAD; a test holds both against each other. SQLite cannot
change most of a table in place: `op.batch_alter_table` makes it anew.
"""

FIRST = "0001"
HEAD = "0002"
