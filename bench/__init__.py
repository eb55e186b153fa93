"""How fast Bedel is, measured with the real parts: PostgreSQL, Redis, workers, and mail servers of this machine.

`bin/bench --list` names the questions; CONTRIBUTING.md says how to ask them.
"""
