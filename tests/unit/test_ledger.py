"""The ledger: whatever is changed, dropped, doubled or swapped, the first false entry is named – by both checkers."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content import ledger
from content.canonical import NotCanonical, canonical_json, sha256_hex

SCRIPT = Path(__file__).parent.parent.parent / "portal" / "static" / "pruefe_ledger.py"
_spec = importlib.util.spec_from_file_location("pruefe_ledger", SCRIPT)
checker = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(checker)


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "k.pem"
    ledger.create_key(path)
    return ledger.Signer.from_file(path)


def _lines(signer, count=12):
    lines = [ledger.to_line(ledger.header("p", {signer.key_id: signer.public_pem}, has_editions=True))]
    previous, entry = ledger.GENESIS, {}
    for position in range(1, count + 1):
        document = {"title": f"Beschluss {position}", "text": "äöü"}
        lines.append(ledger.to_line({"type": "edition", "position": position, "document": document}))
        fields = {
            "position": position, "time": ledger.instant(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)), "act": "publish",
            "kind": "decision", "url": f"/beschluss/2021/{position:02d}", "item": "x", "edition": 1,
            "edition_sha256": sha256_hex(canonical_json(document)), "valid_from": "2026", "note": None,
        }
        entry = ledger.seal(fields, previous=previous, signer=signer)
        previous = entry["hash"]
        lines.append(ledger.to_line(entry))
    return [*lines, ledger.to_line(ledger.checkpoint(entry, signer))]


def _verdicts(lines, signer):
    """(position named by the library, position named by the script); None: found right."""
    fault = ledger.verify_lines(lines, {signer.key_id: signer.public_pem}, needs_editions=True)
    pinned = {signer.key_id: checker.load_key(signer.public_pem.encode())}
    position, problem = checker.check((line.encode() + b"\n" for line in lines), pinned)
    return fault and fault.position, problem and position + 1


def _position_of(line):
    value = json.loads(line)
    return value.get("position") if value["type"] != "ledger_checkpoint" else value["position"] + 1


def test_true_ledger_is_found_right(signer):
    assert _verdicts(_lines(signer), signer) == (None, None)


def test_one_changed_byte_is_found_wherever_it_stands(signer):
    lines = _lines(signer, 3)
    for number, line in enumerate(lines[1:], start=1):
        raw = line.encode()
        for offset in range(0, len(raw), 3):
            changed = raw[:offset] + bytes([raw[offset] ^ 1]) + raw[offset + 1 :]
            try:
                text = changed.decode()
            except UnicodeDecodeError:
                continue
            library, script = _verdicts([*lines[:number], text, *lines[number + 1 :]], signer)
            assert library is not None and script is not None, (number, offset, text)


@pytest.mark.parametrize("index", range(1, 26))
def test_dropped_line_is_named(signer, index):
    lines = _lines(signer)
    library, script = _verdicts(lines[:index] + lines[index + 1 :], signer)
    expected = min(_position_of(lines[index]), 13)
    assert library == expected and script == expected


@pytest.mark.parametrize("position", range(1, 13))
def test_doubled_entry_is_named(signer, position):
    lines = _lines(signer)
    index = 2 * position
    library, script = _verdicts([*lines[: index + 1], lines[index], *lines[index + 1 :]], signer)
    assert library == script == position + 1


@pytest.mark.parametrize("position", range(1, 12))
def test_swapped_neighbours_are_named(signer, position):
    lines = _lines(signer)
    one, other = 2 * position, 2 * position + 2
    lines[one], lines[other] = lines[other], lines[one]
    assert _verdicts(lines, signer) == (position, position)


def test_cut_off_end_is_seen(signer):
    lines = _lines(signer)
    library, script = _verdicts(lines[:-3], signer)
    assert library == script == 12
    library, script = _verdicts([*lines[:-3], lines[-1]], signer)
    assert library == script == 12


def test_ledger_sealed_by_another_key_is_refused(signer, tmp_path):
    ledger.create_key(tmp_path / "other.pem")
    other = ledger.Signer.from_file(tmp_path / "other.pem")
    assert _verdicts(_lines(other), signer) == (1, 1)


def test_key_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "k.pem"
    ledger.create_key(path)
    path.chmod(0o644)
    with pytest.raises(ledger.KeyFileError, match="chmod 600"):
        ledger.Signer.from_file(path)


def test_existing_key_is_never_overwritten(tmp_path):
    ledger.create_key(tmp_path / "k.pem")
    with pytest.raises(FileExistsError):
        ledger.create_key(tmp_path / "k.pem")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, {"x": "\ud800"}])
def test_value_without_canonical_form_is_refused(value):
    with pytest.raises(NotCanonical):
        canonical_json(value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet=st.characters(exclude_categories=["Cs"])), inner, max_size=4),
)


@given(VALUES)
def test_script_and_library_write_the_same_canonical_bytes(value):
    assert checker.canonical(value) == canonical_json(value)


@pytest.mark.parametrize("body", [b"", b"\x00\xff\n", b"{}\n", b"[1]\n", b'{"type":"ledger_entry"}\n', b"9" * 100_000])
def test_script_never_fails_on_garbage(body, tmp_path):
    position, problem = checker.check(iter([body]), {})
    assert (position, bool(problem)) == (0, True)


def test_script_is_short_enough_to_be_read():
    assert len(SCRIPT.read_text().splitlines()) < 100
