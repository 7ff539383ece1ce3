# ruff: noqa: INP001 - a script
"""Write what is inside an image as SPDX 2.3: each Debian package with version, source and the licences it names."""

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path


def licences(docs: Path, package: str) -> str:
    """Name the licences that a package's own copyright file names; most such files are machine-readable."""
    try:
        text = (docs / package / "copyright").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "NOASSERTION"
    found = sorted(set(re.findall(r"^License:[ \t]*(\S.*)$", text, re.MULTILINE)))
    return "; ".join(found) if found else f"see /usr/share/doc/{package}/copyright"


def document(table: Path, docs: Path, version: str, epoch: int) -> dict[str, object]:
    """Describe every package of the table."""
    packages = []
    for line in sorted(table.read_text().splitlines()):
        name, number, arch, source, source_version = line.split("\t")
        packages.append(
            {
                "SPDXID": f"SPDXRef-{re.sub(r'[^A-Za-z0-9.-]', '-', name)}",
                "name": name,
                "versionInfo": number,
                "sourceInfo": f"Debian source {source} {source_version}",
                "downloadLocation": "NOASSERTION",
                "licenseDeclared": "NOASSERTION",
                "licenseComments": licences(docs, name),
                "externalRefs": [
                    {
                        "referenceCategory": "PACKAGE-MANAGER",
                        "referenceType": "purl",
                        "referenceLocator": f"pkg:deb/debian/{name}@{number}?arch={arch}",
                    }
                ],
            }
        )
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"kentongan-{version}-arm64",
        "documentNamespace": f"https://kentongan.invalid/sbom/{version}/{epoch}",
        "creationInfo": {
            "created": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: image/sbom.py"],
        },
        "packages": packages,
    }


if __name__ == "__main__":
    json.dump(document(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])), sys.stdout, indent=1)
