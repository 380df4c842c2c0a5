"""`python -m cli`: the command without its installed script, as `cordon demo` starts its own processes."""

from cli.main import main

main()
