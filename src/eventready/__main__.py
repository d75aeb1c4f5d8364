"""`python -m eventready` is `eventready`."""

from eventready.cli.main import main

main()
