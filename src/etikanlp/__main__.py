"""``python -m etikanlp``: the command line."""

from etikanlp.cli import main

main(prog_name="etikanlp")
