"""Rules as data: layers, settings, locks."""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from portal.settings import SettingError, load

ROOT = Path(__file__).parent.parent.parent


def test_layers_hold():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_import_names_belong_to_our_distribution_only():
    owners = metadata.packages_distributions()
    found = {
        name: set(owners.get(name, ["beschlussportal"])) for name in ("workflows", "content", "portal", "templates")
    }
    assert all(who == {"beschlussportal"} for who in found.values()), found


@pytest.mark.parametrize("name", ["runtime", "test", "node"])
def test_lock_file_has_hashes_and_names_no_host(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text


def test_npm_lock_names_no_host():
    assert "://registry" not in (ROOT / "package-lock.json").read_text()


def test_lock_holds_every_direct_dependency():
    locked = {
        re.split(r"[=\[ ;]", line)[0].lower().replace("_", "-").replace(".", "-")
        for line in (ROOT / "requirements/runtime.txt").read_text().splitlines()
        if "==" in line
    }
    wanted = {
        re.split(r"[<\[]", line.strip())[0].lower().replace("_", "-").replace(".", "-")
        for line in (ROOT / "setup.cfg")
        .read_text()
        .split("install_requires =")[1]
        .split("[options.")[0]
        .strip()
        .splitlines()
    }
    assert wanted <= locked


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "abc"), ("PORT", "0"), ("SERVER", "iis"), ("BASE_URL", "ftp://x"), ("THREADS", "-1")]
)
def test_setting_that_cannot_be_read_is_named(name, value):
    with pytest.raises(SettingError, match=name):
        load({name: value})


def test_no_button_holds_hidden_words_which_make_it_narrow_as_an_icon():
    hidden = re.compile(r"<button(?:(?!</button>).)*kern-label(?:(?!</button>).)*kern-sr-only", re.DOTALL)
    found = [path.name for path in sorted((ROOT / "templates").rglob("*.html")) if hidden.search(path.read_text())]
    assert found == [], "use aria-label"
