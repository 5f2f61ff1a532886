"""The commands `workflows` and `step`: prove, simulate and draw workflows; take one step as a person of the desk.

A step goes the same way as the button: `transition.take` with the rights of the person named, and every reason is told.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from content import models
from content.house import House, Work
from content.services.accounts import accounts
from content.services.base import lookup, workflow_rows
from content.services.workflow import second_person, transition
from portal.desk import step_fields
from workflows import rights
from workflows.catalogue import PROMISES, RULES, WORKFLOWS
from workflows.definition import Workflow
from workflows.diagram import svg
from workflows.engine import Blocked
from workflows.proof import prove, simulate
from workflows.publication import PUBLICATION
from workflows.rights_table import as_markdown
from workflows.vocabulary import ROLES

ACTIONS: Final = {
    "check": "Zusagen beweisen, Zustände und Fassungen in der Datenbank zählen",
    "simulate": "was eine Rolle darf",
    "table": "als Tafel",
    "diagram": "als Bilder (SVG)",
    "rights": "wer was sehen und tun darf (Markdown)",
}
WHERE: Final = "Kommandozeile"
"""What the log notes instead of a network address."""


class Unusable(Exception):  # noqa: N818 - named for the situation
    """The command was used wrongly; the message (German) says what to do."""


@dataclass(slots=True)
class Answer:
    """What to say, and what is wrong."""

    said: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def add_workflow_arguments(parser: argparse.ArgumentParser) -> None:
    """What `workflows` takes."""
    parser.add_argument(
        "action", choices=list(ACTIONS), help="; ".join(f"{name}: {text}" for name, text in ACTIONS.items())
    )
    parser.add_argument("--workflow", default="publication", choices=sorted(WORKFLOWS), help="Ablauf (bei simulate)")
    parser.add_argument("--role", default="secretariat", help="Rolle (bei simulate)")
    parser.add_argument("--state", default="", help="Zustand (bei simulate; leer: jeder)")
    parser.add_argument(
        "--into", metavar="DIR", type=Path, default=Path("docs/workflows"), help="Ordner für die Bilder (bei diagram)"
    )


def targets(arguments: argparse.Namespace) -> list[Path]:
    """What `workflows` would write."""
    return (
        [arguments.into, *(arguments.into / f"{name}.svg" for name in WORKFLOWS)]
        if arguments.action == "diagram"
        else []
    )


def add_step_arguments(parser: argparse.ArgumentParser) -> None:
    """What `step` takes."""
    parser.add_argument("url", metavar="URL", help="Adresse des Eintrags, etwa /beschluss/2021/39")
    parser.add_argument("name", metavar="NAME", help="Schritt, etwa submit; „workflows table“ zeigt alle")
    parser.add_argument(
        "--as", dest="login", required=True, metavar="LOGIN", help="in wessen Namen und mit wessen Rechten"
    )
    parser.add_argument("--workflow", default="", help="Ablauf, wenn zwei Abläufe einen Schritt dieses Namens haben")
    parser.add_argument(
        "--ask",
        metavar="REASON",
        default="",
        help="den Schritt nur beantragen, mit diesem Grund; ein zweites Konto bestätigt ihn ohne --ask",
    )
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="K=V",
        help="Angabe zum Schritt, mehrfach: note=…, comment=…, decision=2021/39",
    )


def check(house: House | None) -> Answer:
    """Prove the definitions and, where there is a portal, count what its rows say."""
    answer = Answer(faults=[str(fault) for fault in prove(WORKFLOWS, PROMISES, rules=RULES)])
    steps = sum(len(flow.transitions) for flow in WORKFLOWS.values())
    answer.said.append(
        f"{len(WORKFLOWS)} Abläufe, {steps} Schritte, {len(PROMISES)} Zusagen und {len(RULES)} Regeln geprüft."
    )
    if house is None:
        answer.said.append("Kein Portal in diesem Ordner: Zeilen wurden nicht gezählt.")
        return answer
    with house.reading() as connection:
        tallies = [*workflow_rows.states(connection), *workflow_rows.versions(connection)]
    for row in tallies:
        if row.fault:
            answer.faults.append(
                f"Unbekannt: {row.words}: {row.count}. Bitte mit der Version des Portals öffnen, die das geschrieben hat."
            )
        else:
            answer.said.append(f"{row.words}: {row.count}")
    return answer


def show(arguments: argparse.Namespace) -> list[str]:
    """The lines of `table`, `simulate`, `diagram` and `rights`. Raises `Unusable`."""
    return {"table": _table, "simulate": _simulate, "diagram": _diagram, "rights": _rights}[arguments.action](arguments)


def _table(_arguments: argparse.Namespace) -> list[str]:
    lines = []
    for flow in WORKFLOWS.values():
        lines.append(f"# {flow.title} ({flow.name})")
        for name, step in flow.transitions.items():
            sources = ", ".join(flow.states[state].title for state in flow.states if state in step.sources)
            lines.append(f"{step.title} ({name}): {sources} → {flow.states[step.target].title}")
    return lines


def _simulate(arguments: argparse.Namespace) -> list[str]:
    workflow = WORKFLOWS[arguments.workflow]
    if arguments.role not in ROLES:
        raise Unusable(f"Die Rolle „{arguments.role}“ gibt es nicht. Möglich sind: {', '.join(ROLES)}.")
    if arguments.state and arguments.state not in workflow.states:
        raise Unusable(f"Den Zustand „{arguments.state}“ gibt es nicht. Möglich sind: {', '.join(workflow.states)}.")
    lines = []
    for state in [arguments.state] if arguments.state else list(workflow.states):
        steps = simulate(workflow, arguments.role, state)
        shown = ", ".join(f"{step.title} → {workflow.states[step.target].title}" for _, step in steps)
        lines.append(f"{workflow.states[state].title}: {shown or 'nichts'}")
    return lines


def _diagram(arguments: argparse.Namespace) -> list[str]:
    folder: Path = arguments.into
    folder.mkdir(parents=True, exist_ok=True)
    for flow in WORKFLOWS.values():
        (folder / f"{flow.name}.svg").write_text(svg(flow))
    return [f"{len(WORKFLOWS)} Bilder in {folder} geschrieben."]


def _rights(_arguments: argparse.Namespace) -> list[str]:
    return as_markdown().splitlines()


def step(arguments: argparse.Namespace, house: House) -> Answer:
    """Take the step; a refusal tells every reason. Raises `Unusable`."""
    given = dict(_pair(text) for text in arguments.field)
    try:
        with house.writing("operator", address=WHERE) as work:
            account, item = _account(work, arguments.login), _item(work, arguments.url)
            workflow = _workflow(item, arguments.name, arguments.workflow)
            if extra := step_fields.unknown(workflow, arguments.name, given):
                known = ", ".join(sorted(workflow.transitions[arguments.name].needs)) or "keine"
                raise Unusable(f"Der Schritt fragt nicht nach {', '.join(extra)}. Angaben sind: {known}.")
            grants = accounts.grants_of(account)
            permits = rights.permits_on(grants, item.kind, item.owner)
            desk = replace(work.desk, actor=account.login, actor_name=account.name, permits=permits, grants=grants)
            if arguments.ask:
                second_person.ask(
                    desk,
                    item,
                    workflow,
                    arguments.name,
                    arguments.ask,
                    fields=step_fields.read(workflow, arguments.name, given),
                )
                return Answer(
                    said=[
                        f"{item.url}: „{workflow.transitions[arguments.name].title}“ ist beantragt, durch {account.name}. Eine zweite Person bestätigt."
                    ]
                )
            entry = transition.take(
                desk, item, workflow, arguments.name, step_fields.read(workflow, arguments.name, given)
            )
            shown = f"{workflow.states[entry.source].title} → {workflow.states[entry.target].title}"
            return Answer(said=[f"{item.url}: {shown}, Revision {entry.rev}, durch {account.name}"])
    except Blocked as refused:
        return Answer(faults=[blocker.message for blocker in refused.blockers])
    except transition.Stale as refused:
        return Answer(faults=[str(refused)])


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Unusable(f"„{text[:80]}“ ist keine Angabe. Erwartet wird NAME=WERT, etwa note=Tippfehler.")
    return name.strip(), value


def _account(work: Work, login: str) -> models.Account:
    account = accounts.find(work.session, login)
    if account is None or not account.is_active:
        raise Unusable(f"Das Konto „{login}“ gibt es nicht oder es ist gesperrt. „user list“ zeigt alle.")
    return account


def _item(work: Work, url: str) -> models.Item:
    path = unquote(urlsplit(url).path).rstrip("/")
    item = lookup.find(work.session, path)
    if item is None:
        raise Unusable(
            f"{path or url} gibt es nicht. Erwartet wird die Adresse eines Eintrags, etwa /beschluss/2021/39."
        )
    return item


def _workflow(item: models.Item, name: str, wanted: str) -> Workflow:
    procedure = transition.procedure_of(item)
    flows: Sequence[Workflow] = [flow for flow in (PUBLICATION, procedure) if flow is not None]
    if wanted and wanted not in {flow.name for flow in flows}:
        raise Unusable(
            f"Den Ablauf „{wanted}“ gibt es hier nicht. Möglich sind: {', '.join(flow.name for flow in flows)}."
        )
    having = [flow for flow in flows if name in flow.transitions and wanted in {"", flow.name}]
    if not having:
        known = ", ".join(step for flow in flows if wanted in {"", flow.name} for step in flow.transitions)
        raise Unusable(f"Den Schritt „{name}“ gibt es hier nicht. Möglich sind: {known}.")
    if len(having) > 1:
        raise Unusable(
            f"„{name}“ gibt es in zwei Abläufen. Bitte --workflow angeben: {' oder '.join(flow.name for flow in having)}."
        )
    return having[0]
