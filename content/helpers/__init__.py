"""Heavy work in processes of their own: typesetting, and reading what may be hostile. No thread that serves pages does it.

`helper.Helper` is this process's side: a small queue, one job at a time, limits of time and memory, a new process where
the old one died. `process` is the other side. What they say to each other is framed JSON with bytes beside it (`frames`).
"""
