"""Map the top-level folders to the sub-packages of `kentongan`; everything else is in pyproject.toml."""

from setuptools import find_packages, setup

FOLDERS = ("at", "queue", "mqtt", "daemon")

setup(
    packages=[
        f"kentongan.{name}"
        for folder in FOLDERS
        for name in [folder, *(f"{folder}.{sub}" for sub in find_packages(folder))]
    ],
    package_dir={f"kentongan.{folder}": folder for folder in FOLDERS},
    package_data={f"kentongan.{folder}": ["py.typed", "*.toml"] for folder in FOLDERS},
)
