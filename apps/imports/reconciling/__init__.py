"""Facts of a file, compared with what is on record, or loaded: `comparing_and_loading` has both, in this order.

`staging` takes the facts into temporary tables. `uniting` (with `former_numbers`) tells who in them is one person,
`matching` (with `alike_names`) who of them is on record. `deciding_...` and `withdrawing` say what comes of it, each in
tables of its own, without what was taken away by hand (`taken_away`). `counts`, `mistakes` and `examples` tell that to
the office, `safety_stop` may hold it, and `applying` writes it. `statements` runs the SQL; `expressions` has parts of
it that several need.
"""
