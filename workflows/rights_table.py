"""The rights as a document: roles with what they may do where, and who sees what of an item in which state. In German, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from workflows.catalogue import PROCEDURES, WORKFLOWS
from workflows.publication import PUBLICATION
from workflows.rights import SIGHTS, STATES, Part, Relation, Sight
from workflows.vocabulary import HOUSE_WIDE, ROLES, Permission, Reach

REACHES: Final[Mapping[Reach, str]] = {
    Reach.HOUSE: "immer überall",
    Reach.ORGANISATION: "nur für eine Organisation",
    Reach.EITHER: "überall oder für eine Organisation",
}
PARTS: Final[Mapping[Part, str]] = {
    Part.EDITION: "die veröffentlichte Fassung",
    Part.ADDRESS: "die Adresse",
    Part.TITLE: "den Titel",
    Part.FROZEN: "den eingereichten Text",
    Part.WORKING: "alles",
}
RELATIONS: Final[Mapping[Relation, str]] = {
    Relation.ANYBODY: "jeder",
    Relation.HOUSE: "wer das Recht überall hat",
    Relation.KEEPER: "wer das Recht für die Organisation hat, der es gehört",
    Relation.MEMBER: "die Vertretung eines Mitglieds",
    Relation.REVIEW_LINK: "wer den Link zur Durchsicht hat",
    Relation.EMBARGO_LINK: "wer einen Link unter Sperrfrist hat",
}
OTHER_ACTS: Final[Mapping[Permission, str]] = {
    Permission.ITEM_EDIT: "Anlegen und bearbeiten",
    Permission.ITEM_EMBARGO: "Sperrfrist und persönliche Links",
    Permission.VOTE_RECORD: "Stimmen eintragen",
    Permission.IMPLEMENTATION_REPORT: "Umsetzung melden",
    Permission.IMPLEMENTATION_CONFIRM: "Meldungen bestätigen, Aufträge verfolgen",
    Permission.REPORT_WRITE: "Berichte schreiben und durchsehen",
    Permission.CONTACT_EDIT: "Kontakte und Vorsitz pflegen",
    Permission.SEARCH_EDIT: "Wörter der Suche pflegen",
    Permission.ACCOUNT_MANAGE: "Konten und Rollen verwalten",
    Permission.AUDIT_READ: "Protokoll lesen",
    Permission.DECISION_ADOPT: "Nummern ansehen",
    Permission.REUSE_OFFER: "Bedingungen bestätigen",
}
"""What a right allows beside the steps of workflows."""


def as_markdown() -> str:
    """The whole document."""
    return "\n".join([*_head(), *_roles(), *_acts(), *_sights()]) + "\n"


def _head() -> Iterator[str]:
    yield from (
        "# Wer was sehen und tun darf",
        "",
        "Diese Seite schreibt `beschlussportal workflows rights` aus der Tafel, nach der das Portal selbst entscheidet (`workflows/rights.py`,",
        "`workflows/vocabulary.py`). Ein Test vergleicht beide und fragt jede Adresse als jede Rolle.",
        "",
    )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _kinds(kinds: frozenset[str]) -> str:
    return ", ".join(f"`{kind}`" for kind in sorted(kinds)) or "alle"


def _roles() -> Iterator[str]:
    yield from ("## Rollen", "", _row(["Rolle", "Name", "Arten", "Gilt", "Zweiter Faktor"]), _row(["---"] * 5))
    for name, role in ROLES.items():
        if role.is_human:
            yield _row(
                [
                    role.title,
                    f"`{name}`",
                    _kinds(role.kinds),
                    REACHES[role.reach],
                    "ja" if role.needs_second_factor else "nein",
                ]
            )
    yield from (
        "",
        "Eine Rolle für eine Organisation wirkt nur auf das, was dieser Organisation gehört. Rechte über das ganze Haus (in der nächsten Tafel mit",
        "„Haus“) gelten nur, wo die Rolle überall gilt.",
        "",
    )


def _acts() -> Iterator[str]:
    holders = {
        right: [role.title for role in ROLES.values() if role.is_human and right in role.permits]
        for right in Permission
    }
    yield from ("## Was ein Recht erlaubt", "", _row(["Recht", "Erlaubt", "Rollen", "Haus"]), _row(["---"] * 4))
    for right in Permission:
        steps = [
            f"{step.title} ({flow.title})"
            for flow in WORKFLOWS.values()
            for step in flow.transitions.values()
            if step.permission is right
        ]
        allowed = "; ".join(filter(None, [OTHER_ACTS.get(right, ""), *dict.fromkeys(steps)]))
        if allowed and holders[right]:
            yield _row([f"`{right}`", allowed, ", ".join(holders[right]), "Haus" if right in HOUSE_WIDE else ""])
    yield ""


def _sights() -> Iterator[str]:
    yield from (
        "## Wer was sieht",
        "",
        _row(["Wer", "sieht", "Arten", "Zustände", "Recht", "Warum"]),
        _row(["---"] * 6),
    )
    for sight in SIGHTS:
        who = " oder ".join(RELATIONS[one] for one in Relation if one in sight.relations)
        rights = ", ".join(f"`{one}`" for one in sorted(sight.permissions))
        yield _row([who, PARTS[sight.part], _kinds(sight.kinds), _states(sight), rights, sight.words])
    yield from (
        "",
        "Was in keiner Zeile steht, sieht niemand: keinen Titel, keine Überschrift, keine Adresse und keine Zahl. Listen, Auswahlen, Vorschläge,",
        "„Darauf verweisen“, die Suche nach Verweisen, Hinweise und E-Mails nennen einen Eintrag so, wie die Tafel es erlaubt: mit dem Titel von heute,",
        "mit dem veröffentlichten, oder gar nicht.",
    )


def _states(sight: Sight) -> str:
    if sight.states == STATES:
        return "alle"
    missing = [PUBLICATION.states[state].title for state in PUBLICATION.states if state not in sight.states]
    more = f"; Ablauf: {_procedures(sight)}" if sight.procedures else ""
    named = [PUBLICATION.states[state].title for state in PUBLICATION.states if state in sight.states]
    return (f"alle außer: {', '.join(missing)}" if len(missing) < len(named) else ", ".join(named)) + more


def _procedures(sight: Sight) -> str:
    flows = [PROCEDURES[kind] for kind in sorted(sight.kinds)]
    titles = (flow.states[state].title for flow in flows for state in flow.states if state in sight.procedures)
    return ", ".join(dict.fromkeys(titles))
