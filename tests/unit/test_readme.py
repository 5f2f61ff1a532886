"""What stands at the door of the repository says the same in both languages, and leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TWINS = ("README.md", "README.de.md")
DOORS = (*TWINS, "CONTRIBUTING.md", "SECURITY.md")


def _links(name: str) -> list[str]:
    return re.findall(r"\]\(([^)]+)\)", (ROOT / name).read_text())


def _commands(name: str) -> list[str]:
    """The lines of its code blocks, without the remarks behind them."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)
    return [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]


def test_both_languages_of_the_readme_name_the_same_commands():
    english, german = (_commands(name) for name in TWINS)
    assert english == german
    assert english[:2] == ["make serve", "make test"]


def test_both_languages_of_the_readme_lead_to_the_same_places():
    english, german = (set(_links(name)) - set(TWINS) for name in TWINS)
    assert english == german


def test_each_readme_leads_to_its_twin():
    assert "README.de.md" in _links("README.md")
    assert "README.md" in _links("README.de.md")


def test_every_document_for_users_is_reached_from_the_readme():
    documents = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert documents
    assert documents <= set(_links("README.md"))


@pytest.mark.parametrize("name", DOORS)
def test_every_place_that_a_door_names_is_there(name):
    text = (ROOT / name).read_text()
    named = {link for link in _links(name) if "://" not in link} | set(
        re.findall(r"`((?:docs|\.ci)/[^` ]*|[A-Z]+(?:\.md)?)`", text)
    )
    places = {place for place in named if "/" in place or place.endswith(".md") or place == "LICENSE"}
    assert places
    assert [place for place in sorted(places) if not (ROOT / place).exists()] == []


def test_every_target_that_a_door_names_is_a_target_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        word
        for name in DOORS
        for words in re.findall(r"`make ([a-z ]+)`|^make ([a-z ]+)", (ROOT / name).read_text(), re.MULTILINE)
        for word in "".join(words).split()
    }
    assert {"serve", "test"} <= named
    assert named <= targets


def test_the_licence_is_the_one_that_the_package_names():
    assert (ROOT / "LICENSE").read_text().startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    assert "license = EUPL-1.2" in (ROOT / "setup.cfg").read_text()


def _guide() -> str:
    return (ROOT / "docs" / "entwicklung.md").read_text()


def test_every_module_and_folder_that_the_guide_for_developers_names_is_there():
    named = set(re.findall(r"`([\w/]+(?:\.py|\.js|/))`", _guide()))
    packages = ("workflows", "content", "portal", "templates", "tests")
    lying = [
        path.relative_to(ROOT).as_posix() + ("/" if path.is_dir() else "")
        for package in packages
        for path in (ROOT / package, *(ROOT / package).rglob("*"))
        if "__pycache__" not in path.parts
    ]
    lying.append("docs/")
    assert len(named) > 60
    assert [name for name in sorted(named) if not any(f"/{path}".endswith(f"/{name}") for path in lying)] == []


def test_the_glossary_of_our_own_words_stays_short():
    rows = _guide().split("## Glossary")[1].split("\n## ")[0].strip().splitlines()[2:]
    assert 10 <= len(rows) <= 20
