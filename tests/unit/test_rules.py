"""Rules as data: layers, workflows, kinds, settings, locks."""

import datetime as dt
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from portal.settings import SettingError, load
from workflows.definition import State, Transition, Workflow, WorkflowError
from workflows.engine import Ask, Blocked, Step, plan, require
from workflows.publication import PUBLICATION
from workflows.vocabulary import Permission

ROOT = Path(__file__).parent.parent.parent
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_layers_hold():
    done = subprocess.run([str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_import_names_belong_to_our_distribution_only():
    owners = metadata.packages_distributions()
    found = {name: set(owners.get(name, ["beschlussportal"])) for name in ("workflows", "content", "portal", "templates")}
    assert all(who == {"beschlussportal"} for who in found.values()), found


@pytest.mark.parametrize("name", ["runtime", "test", "node"])
def test_lock_file_has_hashes_and_names_no_host(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text


def test_npm_lock_names_no_host():
    assert "://registry" not in (ROOT / "package-lock.json").read_text()


def test_lock_holds_every_direct_dependency():
    locked = {re.split(r"[=\[ ;]", line)[0].lower().replace("_", "-").replace(".", "-") for line in (ROOT / "requirements/runtime.txt").read_text().splitlines() if "==" in line}
    wanted = {re.split(r"[<\[]", line.strip())[0].lower().replace("_", "-").replace(".", "-") for line in (ROOT / "setup.cfg").read_text().split("install_requires =")[1].split("[options.")[0].strip().splitlines()}
    assert wanted <= locked


def _ask(state="draft", permits=frozenset(Permission), **fields):
    return Ask("editor", permits, NOW, state, fields)


def test_step_is_planned_when_nothing_stands_in_the_way():
    assert plan(PUBLICATION, "publish", _ask()) == Step("publish", "draft", "published", PUBLICATION.transitions["publish"].effects)


def test_refusal_names_every_reason_at_once():
    with pytest.raises(Blocked) as refusal:
        require(PUBLICATION, "correct", _ask(state="draft", permits=frozenset()))
    assert {blocker.code for blocker in refusal.value.blockers} == {"wrong_state", "no_permission", "missing_note"}


@pytest.mark.parametrize("state", sorted(PUBLICATION.states))
@pytest.mark.parametrize("name", sorted(PUBLICATION.transitions))
def test_transition_is_possible_exactly_from_its_sources(name, state):
    answer = plan(PUBLICATION, name, _ask(state=state, note="x"))
    assert isinstance(answer, Step) == (state in PUBLICATION.transitions[name].sources)


def test_ask_without_actor_is_an_error():
    with pytest.raises(ValueError, match="actor"):
        Ask("", frozenset(), NOW, "draft")


def test_broken_definition_tells_all_faults_at_once():
    with pytest.raises(WorkflowError) as error:
        Workflow("x", 1, "s", "nowhere", {"a": State(""), "b": State("B", is_final=True)}, {"t": Transition(frozenset({"b", "q"}), "b", Permission.ITEM_PUBLISH, "", frozenset({"f"}))})
    assert len(error.value.faults) >= 6


@pytest.mark.parametrize(("name", "value"), [("PORT", "abc"), ("PORT", "0"), ("SERVER", "iis"), ("BASE_URL", "ftp://x"), ("THREADS", "-1")])
def test_setting_that_cannot_be_read_is_named(name, value):
    with pytest.raises(SettingError, match=name):
        load({name: value})


