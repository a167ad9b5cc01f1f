"""`python -m framescribe` is the command `framescribe`."""

from framescribe.cli.main import main

if __name__ == "__main__":
    main()
