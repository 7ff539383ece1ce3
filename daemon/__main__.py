"""`python -m kentongan.daemon` is `kentongan`."""

from kentongan.daemon.main import main

if __name__ == "__main__":
    main()
