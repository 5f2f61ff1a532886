"""The example content: whole, consistent, in our own words, and honest about what is not official."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import content
from content import schemas
from content.council.addresses import decision_url, meeting_url
from content.council.numbers import parse
from content.database import storage
from content.kinds import item_url
from content.services.exchange import roads
from content.services.workflow import decided
from content.text import clauses
from content.text.operative import OperativeKind
from content.typed import pictures

EXAMPLES = Path(content.__file__).parent / "examples"
FILES = EXAMPLES / "files"

NOT_SHIPPED = frozenset(
    {
        "/beschluss/2021/23",
        "/beschluss/2022/42",
        "/beschluss/2023/18",
        "/beschluss/2023/42",
        "/beschluss/2023/44",
        "/beschluss/2024/52",
    }
)
"""Decisions that exist and are named, but whose text we do not have: their links come alive when they are published."""

POINTS = {
    "2010/01": 1,
    "2010/02": 1,
    "2011/11": 6,
    "2013/28": 2,
    "2014/22": 3,
    "2014/26": 2,
    "2015/31": 5,
    "2015/46": 6,
    "2016/29": 4,
    "2016/31": 3,
    "2017/04": 3,
    "2017/31": 4,
    "2017/32": 3,
    "2017/35": 4,
    "2017/37": 4,
    "2018/02": 7,
    "2018/04": 5,
    "2018/07": 2,
    "2018/37": 4,
    "2019/13": 3,
    "2019/19": 3,
    "2019/27": 5,
    "2019/38": 4,
    "2019/40": 3,
    "2020/07": 3,
    "2021/01": 3,
    "2021/05": 5,
    "2021/14": 1,
    "2021/16": 4,
    "2021/25": 6,
    "2021/34": 2,
    "2021/39": 3,
    "2022/06": 5,
    "2022/08": 4,
    "2022/15": 3,
    "2022/32": 3,
    "2022/33": 3,
    "2022/44": 2,
    "2023/35": 4,
    "2023/43": 4,
    "2024/02": 4,
    "2024/13": 3,
    "2024/38": 4,
    "2025/03": 6,
    "2025/04": 8,
    "2025/07": 5,
}
"""Numbered points of the published decision, where the source is complete. 2018/36 is left out: its four points are not known."""

OFFICIAL_PHRASES = (
    "finanzierung des dauerhaften betriebs von efa lösungen über ein gemeinsames",
    "konsequente ausrichtung der verwaltung an den bedürfnissen von bürgerinnen",
    "ein wichtiges signal in richtung kommunen ist der heutige beschluss",
    "wir wollen die entstandene dynamik der ozg umsetzung nutzen um",
    "bieten startups und innovative unternehmen oftmals effiziente und schnelle",
    "können ca eine woche nach der sitzung hier nachgelesen werden",
)


def _lines() -> Iterator[tuple[str, int, dict[str, Any]]]:
    for path in sorted(EXAMPLES.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            yield path.name, number, json.loads(line)


ITEMS = tuple(item for _, _, item in _lines())


def of(kind: str) -> list[dict[str, Any]]:
    return [item for item in ITEMS if item["type"] == kind]


def url(item: dict[str, Any]) -> str:
    if item["type"] == "decision":
        number = parse(item["number"])
        assert number is not None
        return decision_url(item["body"], number.year, number.serial)
    if item["type"] == "meeting":
        return meeting_url(item["body"], item["kind"], ordinal=item["ordinal"], date=item["date"])
    return item_url(item["type"], item["slug"])


URLS = frozenset(map(url, ITEMS))


def number_url(number: str) -> str:
    found = parse(number)
    assert found is not None, number
    return decision_url("al-runde" if found.suffix else "it-planungsrat", found.year, found.serial)


def numbered(item: dict[str, Any]) -> clauses.DecisionText:
    tail = (item["meeting"] or "").rsplit("/", 1)[-1]
    return clauses.parse(item["text"], own_meeting=int(tail) if tail.isdigit() else None)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def prose(item: dict[str, Any]) -> Iterator[str]:
    return (text for text in strings(item) if not text.startswith(("http", "/")))


@pytest.mark.parametrize(
    ("file", "line", "item"), tuple(_lines()), ids=lambda value: "" if isinstance(value, dict) else str(value)
)
def test_line_fits_the_schema_of_its_kind(file: str, line: int, item: dict[str, Any]) -> None:
    given, _ = decided.split(item["type"], {name: value for name, value in item.items() if name != "type"})
    given, _ = roads.split(item["type"], given)
    assert schemas.clean_item(item["type"], given)["published_on"] is not None


def test_addresses_are_unique() -> None:
    assert len(URLS) == len(ITEMS)


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("body", 2),
        ("organisation", 10),
        ("meeting", 25),
        ("decision", 35),
        ("press_release", 5),
        ("report", 1),
        ("recommendation", 8),
        ("market_item", 12),
        ("term", 25),
        ("page", 4),
    ],
)
def test_fresh_portal_is_rich(kind: str, least: int) -> None:
    assert len(of(kind)) >= least


def test_files_import_in_their_sorted_order() -> None:
    seen: set[str] = set()
    for item in ITEMS:
        if item["type"] == "decision" and item["meeting"]:
            assert item["meeting"] in seen
        if item["type"] in {"decision", "meeting"}:
            assert item_url("body", item["body"]) in seen
        seen.add(url(item))


# --- references ------------------------------------------------------------------------------------------------------


def _targets(item: dict[str, Any]) -> Iterator[str]:
    yield from (number_url(number) for number in item.get("decisions", ()))
    yield from (number_url(row["decision"]) for row in item.get("agenda", ()) if row["decision"])
    yield from (number_url(row["number"]) for row in item.get("references", ()))
    yield from (
        item[name].partition("#")[0] for name in ("meeting", "report", "commissioned_by", "noted_by") if item.get(name)
    )
    yield from (item_url("recommendation", slug) for slug in item.get("recommendations", ()))
    yield from (item_url("market_item", slug) for slug in item.get("market_items", ()))
    if item["type"] == "decision":
        yield from (ref.url for clause in numbered(item).clauses for ref in clause.references if ref.url)
    for text in prose(item):
        yield from (link for link in re.findall(r"\]\((/[a-z]+/[a-z0-9/-]+)\)", text))


@pytest.mark.parametrize("item", ITEMS, ids=url)
def test_every_reference_leads_to_an_example_or_to_a_known_number(item: dict[str, Any]) -> None:
    assert set(_targets(item)) <= URLS | NOT_SHIPPED


def test_list_of_missing_targets_names_no_decision_that_is_there_or_unused() -> None:
    named = {target for item in ITEMS for target in _targets(item)}
    assert not NOT_SHIPPED & URLS
    assert named >= NOT_SHIPPED


@pytest.mark.parametrize("item", of("decision"), ids=url)
def test_cited_clause_exists_where_its_decision_is_shown(item: dict[str, Any]) -> None:
    anchors = {url(other): {clause.anchor for clause in numbered(other).clauses} for other in of("decision")}
    for clause in numbered(item).clauses:
        for reference in clause.references:
            target = reference.url or url(item)
            assert target not in anchors or set(reference.clauses) <= anchors[target]


def test_chains_of_implementation_are_linked() -> None:
    cited = {
        (url(item), ref.url)
        for item in of("decision")
        for clause in numbered(item).clauses
        for ref in clause.references
    }
    chains = [
        "2016/31 2019/19 2019/40",
        "2021/05 2021/25 2021/35 2022/06 2022/34",
        "2017/23 2017/37 2019/55 2021/40",
        "2013/28 2014/22 2016/24 2018/04 2018/37",
        "2017/04 2017/35 2018/07",
        "2014/26 2015/31 2016/29",
        "2022/21 2023/35 2023/43",
    ]
    for chain in chains:
        numbers = chain.split()
        for earlier, later in itertools.pairwise(numbers):
            assert (number_url(later), number_url(earlier)) in cited


@pytest.mark.parametrize("item", of("market_item"), ids=url)
def test_market_item_and_recommendation_name_each_other(item: dict[str, Any]) -> None:
    naming = {row["slug"] for row in of("recommendation") if item["slug"] in row["market_items"]}
    assert naming == set(item["recommendations"])


def test_report_and_its_recommendations_name_each_other() -> None:
    (report,) = of("report")
    assert [
        row["slug"] for row in of("recommendation") if (row["report"] or "").partition("#")[0] == url(report)
    ] == report["recommendations"]


# --- decisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("item", of("decision"), ids=url)
def test_decision_says_that_its_wording_is_not_official(item: dict[str, Any]) -> None:
    assert item["text_kind"] in {"condensed", "stub"}
    assert item["source_url"].startswith("https://")
    assert "nicht amtlich" in item["source_note"] or "Wortlaut liegt der Redaktion nicht vor" in item["source_note"]


@pytest.mark.parametrize("item", of("decision"), ids=url)
def test_decision_agrees_with_its_meeting_and_year(item: dict[str, Any]) -> None:
    if item["date"]:
        assert item["number"][:4] == item["date"][:4]
        assert item["published_on"] >= item["date"]
    if item["meeting"]:
        (meeting,) = [row for row in of("meeting") if url(row) == item["meeting"]]
        assert item["date"] in {meeting["date"], None}
        assert item["number"] in [row["decision"] for row in meeting["agenda"]]
        assert meeting["body"] == item["body"]


@pytest.mark.parametrize(("number", "points"), tuple(POINTS.items()))
def test_decision_has_as_many_points_as_the_published_one(number: str, points: int) -> None:
    (item,) = [row for row in of("decision") if row["number"] == number]
    found = [clause for clause in numbered(item).clauses if clause.depth == 0]
    count = sum(1 + len(clause.aliases) for clause in found if clause.anchor != "z0")
    assert (count or len(found)) == points


def test_decisions_show_what_decisions_can_do() -> None:
    every = [clause for item in of("decision") for clause in numbered(item).clauses]
    assert set(OperativeKind) - {clause.kind for clause in every} <= {OperativeKind.REPEALS}  # stands behind a request
    relations = {ref.relation.value for clause in every for ref in clause.references}
    assert {"cites", "implements", "extends", "repeals", "replaces"} <= relations
    assert any(clause.depth == 1 for clause in every)
    assert any(clause.aliases for clause in every)
    assert len([item for item in of("decision") if item["body"] == "al-runde"]) >= 2
    assert {"numbered", "special", "circulation"} == {item["kind"] for item in of("meeting")}


def test_repeal_names_both_points() -> None:
    (item,) = [row for row in of("decision") if row["number"] == "2025/03"]
    repeals = [ref for clause in numbered(item).clauses for ref in clause.references if ref.relation.value == "repeals"]
    assert [(ref.url, ref.clauses) for ref in repeals] == [("/beschluss/2023/44", ("z2", "z3"))]


# --- sessions, bodies, press -----------------------------------------------------------------------------------------


def test_top_24_of_the_36th_session_claims_no_result() -> None:
    (meeting,) = [row for row in of("meeting") if url(row) == "/sitzung/36"]
    (top,) = [row for row in meeting["agenda"] if row["top"] == "24"]
    assert (top["decision"], top["list"], top["rapporteurs"]) == (None, "green", ["HH"])
    assert "2021/18" in top["note"]


def test_sessions_follow_each_other_in_time() -> None:
    days = [
        row["date"]
        for row in sorted(of("meeting"), key=lambda row: row["ordinal"] or 0)
        if row["kind"] == "numbered" and row["body"] == "it-planungsrat"
    ]
    assert days == sorted(days)


@pytest.mark.parametrize("item", of("meeting"), ids=url)
def test_chair_of_a_session_is_that_of_its_year(item: dict[str, Any]) -> None:
    (body,) = [row for row in of("body") if row["slug"] == "it-planungsrat"]
    chairs = {row["year"]: row["land"] for row in body["chairs"]}
    assert item["chair"] == chairs.get(int(item["date"][:4]))


def test_bodies_name_no_shares_of_their_own_and_go_by_the_shipped_key() -> None:
    bodies = of("body")
    assert len(bodies) >= 2
    assert [member for body in bodies for member in body["members"] if member.get("shares")] == []


@pytest.mark.parametrize("item", of("press_release"), ids=url)
def test_contact_is_a_marked_example_without_a_person(item: dict[str, Any]) -> None:
    for contact in item["contacts"]:
        assert contact["person"] is None
        assert "Beispiel" in contact["role"]
        assert contact["email"].endswith(".example")
        assert re.fullmatch(r"030 23125-\d{3}|040 66969-\d{3}", contact["phone"])


@pytest.mark.parametrize("item", of("press_release"), ids=url)
def test_quote_is_marked_as_a_paraphrase(item: dict[str, Any]) -> None:
    assert all(quote["text"].startswith("Sinngemäß:") and "„" not in quote["text"] for quote in item["quotes"])


def test_release_of_the_36th_session_has_picture_credit_and_two_contacts() -> None:
    (release,) = [row for row in of("press_release") if row["meeting"] == "/sitzung/36"]
    assert release["image"]["credit"] == "Illustration: Beschlussportal"
    assert len(release["image"]["alt"]) > 40
    assert len(release["contacts"]) == 2


# --- examples that are marked as such --------------------------------------------------------------------------------


@pytest.mark.parametrize("item", of("recommendation"), ids=url)
def test_state_of_a_recommendation_is_marked_as_an_example(item: dict[str, Any]) -> None:
    assert "Beispielstand" in item["text"]


def test_recommendations_stand_in_different_states() -> None:
    assert len({item["state"] for item in of("recommendation")}) >= 5


@pytest.mark.parametrize("item", of("market_item"), ids=url)
def test_market_item_is_marked_as_an_example_and_has_an_offer(item: dict[str, Any]) -> None:
    assert "Beispielangaben" in item["text"]
    assert re.fullmatch(r"10\d{3}", item["ozg_id"])
    assert all("Beispielangebot" in offer["note"] for offer in item["offers"])
    assert item["offers"]


def test_report_tells_three_obstacles_and_that_its_decision_is_unknown() -> None:
    (report,) = of("report")
    assert [row["kind"] for row in report["sections"]].count("obstacle") == 3
    assert len(report["sections"]) >= 6
    assert report["noted_by"] == "/sitzung/36"
    assert "nicht bekannt" in report["text"]


def test_pages_have_marked_placeholders_and_the_procedure_of_enforcement() -> None:
    pages = {item["slug"]: item["text"] for item in of("page")}
    assert {"impressum", "datenschutz", "barrierefreiheit", "ueber"} == set(pages)
    assert "Platzhalter" in pages["impressum"]
    assert "keine Cookies" in pages["datenschutz"]
    assert "§\u00a016 BGG" in pages["barrierefreiheit"]
    assert "/ledger" in pages["ueber"]


# --- files -----------------------------------------------------------------------------------------------------------


def _named_files() -> set[str]:
    attached = {row["file"] for item in ITEMS for row in item.get("attachments", ()) if row["file"]}
    return attached | {item["image"]["file"] for item in of("press_release") if item["image"]}


def test_files_are_exactly_those_that_are_named() -> None:
    assert {path.name for path in FILES.iterdir()} == _named_files()


@pytest.mark.parametrize("name", sorted(_named_files()))
def test_file_is_taken_and_small(name: str) -> None:
    body = (FILES / name).read_bytes()
    kind = storage.check_upload(body, name)
    assert len(body) <= (40_000 if kind == "application/pdf" else 60_000)
    if kind.startswith("image/"):
        assert pictures.prepare(body).main.width == 1280


def test_withheld_attachment_says_why() -> None:
    withheld = [row for item in ITEMS for row in item.get("attachments", ()) if row["visibility"] == "withheld"]
    assert withheld
    assert all(row["reason"] and row["file"] is None for row in withheld)


# --- language --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("item", ITEMS, ids=url)
def test_text_is_set_as_german_is_set(item: dict[str, Any]) -> None:
    for words in prose(item):
        text = re.sub(
            r"!\[([^\]]*)\]\(/datei/[^)]*\)", r"\1", words
        )  # Markdown sets what stands below a figure in straight quotes
        assert '"' not in text
        assert text.count("„") == text.count("“")
        assert " - " not in text
        assert not re.search(r"§ \d|\b(?:Abs\.|Nr\.) \d|\d %", text), "NBSP is missing"
        assert not re.search(r"  |\(\s|\s[,.;!?]", text.replace("  \n", "\n").replace("\n   ", "\n"))


@pytest.mark.parametrize("item", ITEMS, ids=url)
def test_text_has_no_phrase_of_the_official_wording(item: dict[str, Any]) -> None:
    words = " ".join(re.findall(r"\w+", " ".join(prose(item)).lower()))
    assert not [phrase for phrase in OFFICIAL_PHRASES if phrase in words]


def test_every_service_is_tied_to_a_recommendation_and_three_of_the_reports_recommendations_to_services() -> None:
    served = {slug: set(row["market_items"]) for row in of("recommendation") for slug in (row["slug"],)}
    tied = set().union(*served.values()) | {item["slug"] for item in of("market_item") if item.get("recommendations")}
    assert {item["slug"] for item in of("market_item")} <= tied
    assert len([row for row in of("recommendation") if row["report"] and row["market_items"]]) >= 3
