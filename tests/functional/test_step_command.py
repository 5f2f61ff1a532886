"""Steps and workflows at the command line: the same answers as the buttons, with exit codes for scripts."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from content import models
from content.services.accounts import accounts
from content.services.base import lookup
from content.services.workflow import transition
from portal.commands import cli
from workflows.publication import PUBLICATION
from workflows.recommendation import RECOMMENDATION

URL = "/empfehlung/efa-vorrang"


@pytest.fixture
def run(portal, capsys):
    """(house, a command on it: exit code, output, errors)."""
    _, house = portal

    def command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(["--data", str(house.data), *words])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    with house.writing("test") as work:
        for login, role, organisation in (("gerda", "secretariat", ""), ("hanna", "land", "hamburg")):
            account = accounts.create(work.session, login=login, name=login.title(), email="", now=work.desk.now)
            accounts.grant(work.session, account, role, organisation, by="test", now=work.desk.now)
        row = lookup.find(work.session, URL)
        row.procedure_state = "proposed"
    return house, command


def _entries(house):
    with house.writing("test") as work:
        return [
            (row.workflow, row.transition, row.actor)
            for row in work.session.scalars(
                sa.select(models.StepEntry).where(models.StepEntry.actor.in_(["gerda", "gustav", "hanna"]))
            )
        ]


def test_a_step_is_taken_in_the_name_of_a_person_and_noted(run):
    house, command = run
    code, out, _ = command(
        "step",
        f"https://beschluesse.example{URL}",
        "postpone",
        "--as",
        "gerda",
        "--field",
        "comment=Noch offene Fragen",
    )
    assert (code, "vorgeschlagen → vertagt" in out) == (cli.OK, True)
    assert _entries(house) == [("recommendation", "postpone", "gerda")]
    with house.writing("test") as work:
        entry = work.session.scalars(
            sa.select(models.AuditEntry).where(
                models.AuditEntry.actor == "gerda", models.AuditEntry.action.like("step.%")
            )
        ).one()
        assert (entry.actor_name, entry.address) == ("Gerda", "Kommandozeile")
        # The log names the thing and the step; the words stand in the history of the thing, for those who may read them.
        assert (
            entry.detail == "vorgeschlagen → vertagt"
            and transition.history(work.session, lookup.find(work.session, URL))[-1].comment == "Noch offene Fragen"
        )


def test_a_refusal_tells_every_reason_ends_with_1_and_changes_nothing(run):
    house, command = run
    code, out, err = command("step", URL, "adopt", "--as", "hanna")
    assert (code, out) == (cli.FAULTY, "")
    reasons = err.strip().splitlines()
    assert len(reasons) == 4 and all(
        any(word in row for row in reasons)
        for word in ("fehlt das Recht", "Der Beschluss fehlt", "nennt diese Empfehlung nicht", "keine Abstimmung")
    )
    assert _entries(house) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["/empfehlung/nichts", "adopt", "--as", "gerda"], "gibt es nicht"),
        ([URL, "adopt", "--as", "niemand"], "Konto „niemand“"),
        ([URL, "fliegen", "--as", "gerda"], "Möglich sind: submit"),
        ([URL, "withdraw", "--as", "gerda"], "publication oder recommendation"),
        ([URL, "adopt", "--as", "gerda", "--workflow", "reuse"], "gibt es hier nicht"),
        ([URL, "postpone", "--as", "gerda", "--field", "comment"], "NAME=WERT"),
        ([URL, "postpone", "--as", "gerda", "--field", "hinweis=x"], "Angaben sind: comment"),
    ],
)
def test_wrong_use_is_told_with_its_remedy_and_ends_with_2(run, words, told):
    house, command = run
    code, _, err = command("step", *words)
    assert (code, told in err) == (cli.UNUSABLE, True)
    assert _entries(house) == []


def test_a_locked_account_takes_no_step(run):
    house, command = run
    with house.writing("test") as work:
        accounts.find(work.session, "gerda").is_active = False
    assert command("step", URL, "postpone", "--as", "gerda", "--field", "comment=x")[0] == cli.UNUSABLE


def test_withdrawing_takes_the_workflow_that_is_named(run):
    house, command = run
    step = ("step", URL, "withdraw", "--workflow", "publication")
    code, _, told = command(*step, "--as", "gerda", "--field", "note=Irrtum")
    assert code == cli.FAULTY and "zu zweit" in told
    assert command(*step, "--as", "gerda", "--ask", "Irrtum")[0] == cli.OK
    assert command(*step, "--as", "gerda")[0] == cli.FAULTY
    with house.writing("test") as work:
        second = accounts.create(
            work.session, login="gustav", name="Gustav", email="gustav@amt.example", now=work.desk.now
        )
        accounts.grant(work.session, second, "secretariat", "", by="test", now=work.desk.now)
    assert command(*step, "--as", "gustav")[0] == cli.OK
    assert _entries(house) == [("publication", "ask:withdraw", "gerda"), ("publication", "withdraw", "gustav")]


def test_check_counts_rows_and_finds_states_and_versions_that_the_program_does_not_know(run):
    house, command = run
    code, out, _ = command("workflows", "check")
    assert code == cli.OK and "Empfehlung: vorgeschlagen: " in out and "Nachnutzung: bestellt: " in out
    assert f"Schritte nach Fassung {PUBLICATION.version} (heute Fassung {PUBLICATION.version})" in out
    with house.writing("test") as work:
        row = lookup.find(work.session, URL)
        work.session.execute(sa.update(models.Item).where(models.Item.id == row.id).values(procedure_state="verloren"))
        work.session.add(
            models.StepEntry(
                item_id=row.id,
                workflow="recommendation",
                version=99,
                transition="adopt",
                source="draft",
                target="adopted",
                actor="x",
                actor_name="X",
                at=dt.datetime.now(dt.UTC),
                rev=1,
                sha256="0" * 64,
            )
        )
    code, _, err = command("workflows", "check")
    assert (
        code == cli.FAULTY
        and "Empfehlung: unbekannter Zustand „verloren“: 1" in err
        and f"Fassung 99 (heute Fassung {RECOMMENDATION.version}): 1" in err
    )


def test_without_a_portal_the_definitions_are_checked_alone(tmp_path, capsys):
    assert cli.main(["--data", str(tmp_path), "workflows", "check"]) == cli.OK
    assert "nicht gezählt" in capsys.readouterr().out


def test_pictures_are_written_into_a_folder(tmp_path, capsys):
    assert (
        cli.main(["--data", str(tmp_path / "data"), "workflows", "diagram", "--into", str(tmp_path / "bilder")])
        == cli.OK
    )
    assert {path.name for path in (tmp_path / "bilder").iterdir()} == {
        "publication.svg",
        "recommendation.svg",
        "decision.svg",
        "report.svg",
        "reuse.svg",
    }
