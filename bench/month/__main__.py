"""`python -m esb.bench.month`: the command by itself."""

from esb.bench.month.command import month

if __name__ == "__main__":
    month(prog_name="python -m esb.bench.month")
