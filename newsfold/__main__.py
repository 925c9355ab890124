"""`python -m newsfold` is the command `newsfold`."""

from newsfold.cli import main

if __name__ == "__main__":
    main()
