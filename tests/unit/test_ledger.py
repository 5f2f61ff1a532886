"""The ledger: whatever is changed, dropped, doubled or swapped, the first false entry is named – by both checkers."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.proof import ledger, notes
from content.proof.canonical import NotCanonical, canonical_json, sha256_hex

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
            "position": position,
            "time": ledger.instant(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
            "act": "publish",
            "kind": "decision",
            "url": f"/beschluss/2021/{position:02d}",
            "item": "x",
            "edition": 1,
            "edition_sha256": sha256_hex(canonical_json(document)),
            "valid_from": "2026",
            "note": None,
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
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(alphabet=st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
)


@given(VALUES)
def test_script_and_library_write_the_same_canonical_bytes(value):
    assert checker.canonical(value) == canonical_json(value)


@pytest.mark.parametrize("body", [b"", b"\x00\xff\n", b"{}\n", b"[1]\n", b'{"type":"ledger_entry"}\n', b"9" * 100_000])
def test_script_never_fails_on_garbage(body, tmp_path):
    position, problem = checker.check(iter([body]), {})
    assert (position, bool(problem)) == (0, True)


# --- keys, times, checkpoints ---


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    path = tmp_path_factory.mktemp("fresh") / "k.pem"
    ledger.create_key(path)
    return ledger.Signer.from_file(path)


def _entry(position, previous, signer, act="publish", time="2026-01-01T00:00:00.000000Z", **more):
    fields = {
        "position": position,
        "time": time,
        "act": act,
        "kind": "decision",
        "url": f"/x/{position}",
        "item": "x",
        "edition": 1,
        "edition_sha256": "0" * 64,
        "valid_from": "2026",
        "note": None,
        **more,
    }
    return ledger.seal(fields, previous=previous, signer=signer)


def _chain(signer, *, fresh=None, count=6, change_at=4, name="x", header=None):
    """(lines, entries) of a ledger of `count` entries; the one at `change_at` hands over to `fresh`."""
    entries, previous, now = [], ledger.GENESIS, signer
    for position in range(1, count + 1):
        if fresh is not None and position == change_at:
            entry = _entry(position, previous, now, act="key", key=ledger.key_change(now, fresh, previous))
            now = fresh
        else:
            entry = _entry(position, previous, now, url=f"/{name}/{position}")
        entries.append(entry)
        previous = entry["hash"]
    keys = header or {one.key_id: one.public_pem for one in (signer, fresh) if one is not None}
    lines = [ledger.header("p", keys, has_editions=False), *entries, ledger.checkpoint(entries[-1], now)]
    return [ledger.to_line(line) for line in lines], entries


def _judged(lines, pinned, kept=()):
    """(fault of the library or None, words of the script or None) of a reader who knows the key `pinned`."""
    fault = ledger.verify_lines(lines, {pinned.key_id: pinned.public_pem})
    known = {pinned.key_id: checker.load_key(pinned.public_pem.encode())}
    _, problem = checker.check((line.encode() + b"\n" for line in lines), known, kept)
    return fault, problem


def _note(entries, position, signer):
    origin = notes.origin_of(entries[0]["hash"])
    entry = entries[position - 1]
    return notes.write(notes.Note(origin, position, entry["hash"], entry["time"], signer.key_id), signer)


@pytest.mark.parametrize("knows", ["old", "new"])
def test_a_reader_who_knows_one_key_follows_the_change_of_key(signer, fresh, knows):
    lines, _ = _chain(signer, fresh=fresh)
    assert _judged(lines, signer if knows == "old" else fresh) == (None, None)


def test_a_change_of_key_without_an_entry_is_refused(signer, fresh):
    entries, previous = [], ledger.GENESIS
    for position in range(1, 5):
        entries.append(_entry(position, previous, signer if position < 3 else fresh))
        previous = entries[-1]["hash"]
    keys = {one.key_id: one.public_pem for one in (signer, fresh)}
    lines = [
        ledger.to_line(line)
        for line in (ledger.header("p", keys, has_editions=False), *entries, ledger.checkpoint(entries[-1], fresh))
    ]
    for pinned in (signer, fresh):
        fault, problem = _judged(lines, pinned)
        assert (fault.position, fault.code) == (3, "wrong_signature")
        assert problem.startswith("FALSCH, zuerst bei Eintrag 3")


def test_a_new_key_that_does_not_prove_itself_is_refused(signer, fresh):
    entry = _entry(1, ledger.GENESIS, signer)
    change = {
        **ledger.key_change(signer, fresh, entry["hash"]),
        "proof": ledger.key_change(signer, signer, entry["hash"])["proof"],
    }
    second = _entry(2, entry["hash"], signer, act="key", key=change)
    keys = {one.key_id: one.public_pem for one in (signer, fresh)}
    lines = [
        ledger.to_line(line)
        for line in (ledger.header("p", keys, has_editions=False), entry, second, ledger.checkpoint(second, fresh))
    ]
    fault, problem = _judged(lines, signer)
    assert (fault.position, fault.code) == (2, "wrong_key_change")
    assert problem.startswith("FALSCH, zuerst bei Eintrag 2")


def test_the_old_key_signs_nothing_after_it_was_replaced(signer, fresh):
    lines, entries = _chain(signer, fresh=fresh, count=4)
    forged = _entry(5, entries[-1]["hash"], signer)
    lines = [*lines[:-1], ledger.to_line(forged), ledger.to_line(ledger.checkpoint(forged, signer))]
    fault, problem = _judged(lines, signer)
    assert (fault.position, fault.code) == (5, "wrong_signature")
    assert problem.startswith("FALSCH, zuerst bei Eintrag 5")


def test_a_key_that_only_the_head_of_the_file_names_is_not_trusted(signer, fresh):
    lines, _ = _chain(fresh)
    fault, problem = _judged(lines, signer)
    assert (fault.position, fault.code) == (1, "foreign_key")
    assert "fremde Hand" in problem


def test_an_entry_before_the_time_of_the_last_is_refused(signer):
    first = _entry(1, ledger.GENESIS, signer, time="2026-01-02T00:00:00.000000Z")
    second = _entry(2, first["hash"], signer, time="2026-01-01T00:00:00.000000Z")
    keys = {signer.key_id: signer.public_pem}
    lines = [
        ledger.to_line(line)
        for line in (ledger.header("p", keys, has_editions=False), first, second, ledger.checkpoint(second, signer))
    ]
    fault, problem = _judged(lines, signer)
    assert (fault.position, fault.code) == (2, "time_backwards")
    assert problem.startswith("FALSCH, zuerst bei Eintrag 2")


def test_the_same_signature_in_other_letters_is_refused(signer):
    lines, entries = _chain(signer, count=1)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    signature = entries[0]["signature"]
    other = signature[:-3] + letters[letters.index(signature[-3]) ^ 1] + "=="
    lines[1] = ledger.to_line({**entries[0], "signature": other})
    fault, problem = _judged(lines, signer)
    assert (fault.position, fault.code) == (1, "wrong_signature")
    assert problem.startswith("FALSCH, zuerst bei Eintrag 1")


def test_a_checkpoint_of_our_own_key_over_another_history_is_refused(signer):
    lines, _ = _chain(signer, name="one")
    _, others = _chain(signer, name="other")
    forked = [*lines[:-1], ledger.to_line(ledger.checkpoint(others[-1], signer))]
    fault, problem = _judged(forked, signer)
    assert (fault.position, fault.code) == (7, "cut_off")
    assert "Abschluss passt nicht" in problem


def test_a_kept_checkpoint_is_found_again_in_a_ledger_that_went_on(signer, fresh):
    lines, entries = _chain(signer, fresh=fresh)
    kept = [_note(entries, 2, signer), _note(entries, 4, fresh), _note(entries, 6, fresh)]
    assert _judged(lines, signer, kept) == (None, None)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("rewritten", "umgeschrieben"),
        ("forked", "gegabelt"),
        ("cut", "abgeschnitten"),
        ("foreign", "fremde Hand"),
        ("garbage", "UNBRAUCHBAR"),
    ],
)
def test_a_kept_checkpoint_tells_what_was_done_to_the_history(signer, fresh, case, words):
    lines, entries = _chain(signer)
    kept = _note(entries, 5, signer)
    if case == "rewritten":
        lines, _ = _chain(signer, name="other")
    elif (
        case == "forked"
    ):  # the first three entries are the same, then other acts take the numbers of those that are gone
        forked, previous = entries[:3], entries[2]["hash"]
        for position in (4, 5, 6):
            forked = [*forked, _entry(position, previous, signer, url=f"/neu/{position}")]
            previous = forked[-1]["hash"]
        lines = [
            lines[0],
            *(ledger.to_line(entry) for entry in forked),
            ledger.to_line(ledger.checkpoint(forked[-1], signer)),
        ]
    elif case == "cut":
        lines = [*lines[:4], ledger.to_line(ledger.checkpoint(entries[2], signer))]
    elif case == "foreign":
        kept = _note(entries, 5, fresh)
    else:
        kept = "Guten Tag\n"
    fault, problem = _judged(lines, signer, [kept])
    assert fault is None, "without what was kept, nobody sees it"
    assert words in problem


def _signed_anew(entries, start, length, signer, fresh, change):
    """The chain as who owns database and keys could write it: as it was up to `start`, other acts after it, a change of the key at `change` (0: none)."""
    chain = list(entries[:start])
    previous = chain[-1]["hash"] if chain else ledger.GENESIS
    by = fresh if any(entry["act"] == "key" for entry in chain) else signer
    for position in range(start + 1, length + 1):
        if position == change and by is signer:
            chain.append(
                _entry(
                    position,
                    previous,
                    by,
                    act="key",
                    kind="register",
                    url="/register",
                    edition=0,
                    key=ledger.key_change(by, fresh, previous),
                )
            )
            by = fresh
        else:
            chain.append(_entry(position, previous, by, url=f"/neu/{position}"))
        previous = chain[-1]["hash"]
    keys = {one.key_id: one.public_pem for one in (signer, fresh)}
    head = ledger.header("p", keys, has_editions=False)
    return [ledger.to_line(line) for line in (head, *chain, ledger.checkpoint(chain[-1], by))]


@pytest.mark.parametrize("kept_at", range(1, 7))
def test_any_past_checkpoint_names_every_other_history_and_no_going_on(signer, fresh, kept_at):
    """Each checkpoint that was ever published, against each history that begins to differ at any entry, of any length, with the key changed anywhere."""
    _, entries = _chain(signer, fresh=fresh)
    change = next(entry["position"] for entry in entries if entry["act"] == "key")
    kept = _note(entries, kept_at, fresh if kept_at >= change else signer)
    for start in range(7):
        for length in range(max(start, 1), 9):
            for other_change in (0, change, 1 if start < 1 else start + 1, 6):
                lines = _signed_anew(entries, start, length, signer, fresh, other_change)
                if start == length:
                    lines = [
                        lines[0],
                        *(ledger.to_line(entry) for entry in entries[:start]),
                        ledger.to_line(ledger.checkpoint(entries[start - 1], fresh if start >= change else signer)),
                    ]
                fault, problem = _judged(lines, signer, [kept])
                assert fault is None, "without what was kept, nobody sees it"
                assert (problem is None) is (start >= kept_at), (start, length, other_change, problem)
                assert problem is None or problem.startswith("FALSCH")


def test_a_note_is_signed_by_its_key_and_says_the_same_again(signer, fresh):
    _, entries = _chain(signer)
    note = _note(entries, 3, signer)
    assert notes.read(note).position == 3
    assert notes.is_signed(note, signer.raw_public, is_alone=True)
    assert not notes.is_signed(note, fresh.raw_public)
    for offset in range(len(note.encode())):
        raw = note.encode()
        changed = raw[:offset] + bytes([raw[offset] ^ 1]) + raw[offset + 1 :]
        assert not notes.is_signed(changed.decode(errors="replace"), signer.raw_public, is_alone=True), offset


def test_a_note_that_others_signed_too_is_still_ours(signer, fresh):
    _, entries = _chain(signer)
    note = _note(entries, 3, signer) + "— zeuge.example/by AAAA\n"
    assert notes.is_signed(note, signer.raw_public)
    assert not notes.is_signed(note, signer.raw_public, is_alone=True)
    assert checker.since(note, {1: entries[0]["hash"], 3: entries[2]["hash"]}, {}) is not None


def test_script_is_short_enough_to_be_read():
    # Keys that follow the chain and kept checkpoints need their lines: without them it found no rewritten history.
    assert len(SCRIPT.read_text().splitlines()) < 165
