"""The tables of the index in PostgreSQL, and what tells whether they are whole.

`document.terms` is a `tsvector` filled from our own analysis: each lexeme is a field's letter and a term, with the places where it stands;
what stands twice has a second lexeme, and so on. Documents are *loose* first: a GIN index finds their postings. Many loose ones are packed
into a *segment* that never changes: its postings are stored whole (`postings`), so that reading one costs the same for any number of
documents. A document that changes is loose again.
"""

from __future__ import annotations

from typing import Any, Final

from content.search.interface import Field

SCHEMA: Final = "search_index"
LETTERS: Final = {Field.TITLE: "t", Field.TEXT: "x", Field.PARTS: "p", Field.FILES: "f"}
LAST: Final = "\U0010ffff"

_TABLES: Final = """
CREATE SCHEMA {schema};
CREATE TABLE {schema}.state (
    only_one boolean PRIMARY KEY CHECK (only_one), identity uuid NOT NULL, generation bigint NOT NULL, position bigint NOT NULL, pair_sum bigint NOT NULL,
    segments integer NOT NULL
);
INSERT INTO {schema}.state VALUES (true, gen_random_uuid(), 0, 0, 0, 0);
CREATE TABLE {schema}.document (
    edition_id bigint PRIMARY KEY, generation bigint NOT NULL, is_gone boolean NOT NULL, stamp text NOT NULL, day integer NOT NULL,
    since double precision NOT NULL, until double precision NOT NULL, length integer NOT NULL, filters jsonb NOT NULL,
    terms tsvector NOT NULL, sum text NOT NULL, segment integer NOT NULL
);
CREATE TABLE {schema}.segment (number integer PRIMARY KEY, ids bytea NOT NULL, amount integer NOT NULL, sum text NOT NULL);
CREATE TABLE {schema}.posting (lexeme text COLLATE "C", segment integer, data bytea NOT NULL, sum text NOT NULL, PRIMARY KEY (lexeme, segment));
CREATE TABLE {schema}.written (edition_id bigint PRIMARY KEY, words text[] NOT NULL);
ALTER TABLE {schema}.document ALTER COLUMN terms SET STORAGE EXTERNAL;
ALTER TABLE {schema}.posting ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TABLE {schema}.lexeme (lexeme text COLLATE "C" PRIMARY KEY);
CREATE TABLE {schema}.written_word (term text COLLATE "C", word text COLLATE "C", PRIMARY KEY (term, word));
CREATE TABLE {schema}.word (word text COLLATE "C" PRIMARY KEY, amount integer NOT NULL);
"""
_INDEXES: Final = """
CREATE INDEX ON {schema}.document USING gin (terms) WITH (fastupdate = off) WHERE segment = 0;
CREATE INDEX ON {schema}.document (generation);
CREATE INDEX ON {schema}.document (segment);
ANALYZE {schema}.document (generation, segment);
"""
NEWEST: Final = f"SELECT to_regnamespace('{SCHEMA}') IS NULL, to_regclass('{SCHEMA}.posting') IS NOT NULL"
"""Whether there is no index, and whether it is in this format: one without this table is an older version's."""
SUM: Final = "md5(ROW(generation, stamp, day, since, until, length, filters, terms)::text)"
"""What a row says of itself when it is written; another value later means that somebody else has changed it."""
PUT: Final = f"""
INSERT INTO {{schema}}.document SELECT fresh.*, {SUM}, %s::integer FROM (SELECT
    %s::bigint AS edition_id, %s::bigint AS generation, false AS is_gone, %s::text AS stamp, %s::integer AS day, %s::float8 AS since,
    %s::float8 AS until, %s::integer AS length, %s::jsonb AS filters, %s::tsvector AS terms) AS fresh
ON CONFLICT (edition_id) DO UPDATE SET (generation, is_gone, stamp, day, since, until, length, filters, terms, sum, segment) =
    (EXCLUDED.generation, false, EXCLUDED.stamp, EXCLUDED.day, EXCLUDED.since, EXCLUDED.until, EXCLUDED.length, EXCLUDED.filters,
     EXCLUDED.terms, EXCLUDED.sum, EXCLUDED.segment)
"""
PAIR_SUM: Final = "coalesce(sum(hashtext(term || ' ' || word)), 0)"
LOST: Final = "Tabellen des Suchindex fehlen."
WHOLE: Final = f"""
SELECT count(*) = 1
    AND (SELECT count(*) FROM pg_tables WHERE schemaname = '{SCHEMA}' AND tablename IN ('document', 'segment', 'posting', 'written', 'written_word', 'lexeme', 'word')) = 7
    AND (SELECT count(*) FROM pg_indexes WHERE schemaname = '{SCHEMA}' AND tablename = 'document') >= 4
FROM {SCHEMA}.state
"""
DISAGREEING: Final = (
    f"SELECT 1 FROM {SCHEMA}.document LEFT JOIN {SCHEMA}.written USING (edition_id) WHERE NOT is_gone AND words IS NULL LIMIT 1",
    f"""
    SELECT 1 FROM (SELECT word, count(*) AS amount FROM {SCHEMA}.written, unnest(words) AS word GROUP BY word) AS counted
    FULL JOIN (SELECT word, amount FROM {SCHEMA}.word WHERE amount > 0) AS kept USING (word) WHERE counted.amount IS DISTINCT FROM kept.amount LIMIT 1
    """,
    f"""
    SELECT 1 FROM (SELECT DISTINCT lexeme FROM {SCHEMA}.document, unnest(tsvector_to_array(terms)) AS lexeme WHERE lexeme LIKE '_=%' AND lexeme NOT LIKE '%\x02%') AS used
    LEFT JOIN {SCHEMA}.lexeme AS kept USING (lexeme) WHERE kept.lexeme IS NULL LIMIT 1
    """,
    f"SELECT 1 FROM {SCHEMA}.state WHERE pair_sum <> (SELECT {PAIR_SUM} FROM {SCHEMA}.written_word)",
    f"SELECT 1 FROM {SCHEMA}.state WHERE segments <> (SELECT count(*) FROM {SCHEMA}.segment)",
    f"SELECT 1 FROM {SCHEMA}.posting WHERE sum <> md5(convert_to(lexeme, 'UTF8') || data) LIMIT 1",
    f"""
    SELECT 1 FROM {SCHEMA}.segment FULL JOIN (SELECT segment AS number, count(*) AS amount FROM {SCHEMA}.posting GROUP BY segment) AS counted USING (number)
    WHERE segment.amount IS DISTINCT FROM counted.amount OR segment.sum <> md5(ids) LIMIT 1
    """,
)
"""Each finds something where what lies beside the documents does not agree with them or with itself."""


def create(driver: Any, schema: str) -> None:
    """Make the tables, without the indexes that only searching needs."""
    driver.execute(_TABLES.format(schema=schema))


def create_indexes(driver: Any, schema: str) -> None:
    """Make the rest: quicker when all rows are there."""
    driver.execute(_INDEXES.format(schema=schema))
