"""Prüft ein Veröffentlichungsregister: python pruefe_ledger.py DATEI [--key schluessel.pem] [--seit checkpoint.txt …]
DATEI: /ledger.jsonl oder voller Export (dann auch jede Fassung). Ergebnis: 0 richtig, 1 falsch, 2 unbrauchbar.
--key: ein öffentlicher Schlüssel, den Sie kennen, der heutige oder ein früherer. --seit: ein früher aufgehobener Checkpoint.
"""

import argparse, base64, hashlib, json, sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

load_key = serialization.load_pem_public_key
ENTRY, CHECKPOINT = b"beschlussportal-ledger-v1\n", b"beschlussportal-checkpoint-v1\n"
CHANGE, NOTE = b"beschlussportal-key-v1\n", "Beschlussportal-Checkpoint 1"


class Falsch(Exception): ...

def canonical(value):  # RFC 8785 für Werte ohne Kommazahlen
    if isinstance(value, float):
        raise ValueError("Kommazahlen kommen im Register nicht vor")
    if isinstance(value, dict):
        rows = sorted(value.items(), key=lambda row: row[0].encode("utf-16-be"))
        return b"{" + b",".join(canonical(key) + b":" + canonical(entry) for key, entry in rows) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    return json.dumps(value, ensure_ascii=False).encode()


def check_seal(entry, domain, key):
    body = {name: value for name, value in entry.items() if name not in ("hash", "signature")}
    digest = hashlib.sha256(canonical(body)).hexdigest()
    if entry.get("hash") != digest:
        raise Falsch("Der Inhalt passt nicht zur Prüfsumme.")
    signature = base64.b64decode(str(entry.get("signature")), validate=True)
    if base64.b64encode(signature).decode() != entry["signature"] or key is None or key_id(key) != entry.get("key_id"):
        raise Falsch("Die Signatur ist falsch oder von fremder Hand.")
    key.verify(signature, domain + bytes.fromhex(digest))
    return digest


def key_id(key):
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def next_key(entry, key):  # Der neue Schlüssel bürgt mit seiner Unterschrift für alles vor diesem Eintrag.
    change = entry["key"]
    new = Ed25519PublicKey.from_public_bytes(base64.b64decode(change["public_key"], validate=True))
    new.verify(base64.b64decode(change["proof"], validate=True), CHANGE + bytes.fromhex(entry["previous"]))
    if change["id"] != key_id(new) or base64.b64decode(change["replaces"]) != key.public_bytes_raw():
        raise Falsch("Der Wechsel des Schlüssels ist falsch.")
    return new


def check(lines, pinned, kept=(), told=None):
    """Liefert (Zahl der richtigen Einträge, Fehler oder None). `kept`: aufgehobene Checkpoints als Text."""
    offered, position, previous, time, editions, needs, done = dict(pinned), 0, "0" * 64, "", {}, False, False
    key, trusted, hashes, signers, restored = None, not pinned, {}, {}, []
    try:
        for raw in lines:
            entry = json.loads(raw)
            if canonical(entry) + b"\n" != raw:
                raise Falsch("Die Zeile steht nicht in kanonischer Form.")
            kind = entry.get("type")
            if kind == "ledger_header":
                needs = entry["has_editions"]
                offered = {name: load_key(pem.encode()) for name, pem in entry["public_keys"].items()} | offered
            elif kind == "edition":
                editions[entry["position"]] = hashlib.sha256(canonical(entry["document"])).hexdigest()
            elif kind in ("ledger_entry", "ledger_checkpoint") and done:
                raise Falsch("Nach dem Abschluss folgt noch ein Eintrag.")
            elif kind == "ledger_entry":
                if entry.get("position") != position + 1 or entry.get("previous") != previous:
                    raise Falsch("Er fehlt, steht doppelt, an falscher Stelle oder schließt nicht an den vorigen an.")
                key = key or offered.get(entry.get("key_id"))
                digest = check_seal(entry, ENTRY, key)
                missing = None if needs and entry["act"] != "withdraw" else entry["edition_sha256"]
                if editions.pop(position + 1, missing) != entry["edition_sha256"]:
                    raise Falsch("Die Fassung fehlt oder ist nicht die veröffentlichte.")
                if entry["time"] < time:
                    raise Falsch("Seine Zeit liegt vor der des vorigen Eintrags.")
                trusted = trusted or key_id(key) in pinned
                key = next_key(entry, key) if entry["act"] == "key" else key
                trusted = trusted or key_id(key) in pinned
                restored += [entry] if entry["act"] == "restored" else []
                position, previous, time = position + 1, digest, entry["time"]
                hashes[position], signers[position] = digest, key
            elif kind == "ledger_checkpoint":
                if (entry.get("position"), entry.get("entry_hash")) != (position, previous):
                    raise Falsch("Der Abschluss passt nicht: Am Ende fehlt etwas.")
                check_seal(entry, CHECKPOINT, key)
                done = True
        if not done or editions:
            raise Falsch("Der signierte Abschluss fehlt, oder eine Fassung gehört zu keinem Eintrag.")
    except (Falsch, InvalidSignature, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = str(error) if isinstance(error, Falsch) else "Die Zeile oder ihre Signatur ist falsch."
        return position, f"FALSCH, zuerst bei Eintrag {position + 1}: {reason}"
    if not trusted:
        return 0, "FALSCH, zuerst bei Eintrag 1: Kein Eintrag ist mit dem angegebenen Schlüssel unterschrieben: fremde Hand."
    for entry in restored:
        (told if told is not None else []).append(f"Eintrag {entry['position']}: aus einer Sicherung wiederhergestellt.")
    problems = [problem for text in kept if (problem := since(text, hashes, signers))]
    return position, problems[0] if problems else None


def since(text, hashes, signers):  # Was ein aufgehobener Checkpoint von diesem Register sagt
    try:
        head, _, marks = text.partition("\n\n")
        title, *rows = head.split("\n")
        said = dict(row.partition(" ")[::2] for row in rows)
        position, signed = int(said["position"]), base64.b64decode(marks.split("\n")[0].rsplit(" ", 1)[1])[4:]
        if title != NOTE or not signed:
            raise ValueError
    except (ValueError, KeyError, IndexError):
        return "UNBRAUCHBAR: Die Datei zu --seit ist kein Checkpoint dieses Portals."
    if said["origin"] != "beschlussportal/" + hashes.get(1, ""):
        return "FALSCH, zuerst bei Eintrag 1: Der Checkpoint gehört zu einem anderen Register, oder es ist von Anfang an umgeschrieben."
    by = next((key for key in signers.values() if key_id(key) == said["key"]), None)
    try:
        by and by.verify(signed, (head + "\n").encode())
        ours = by is not None
    except InvalidSignature:
        ours = False
    if not ours:
        return f"FALSCH: Den Checkpoint zu Eintrag {position} hat kein Schlüssel dieses Registers unterschrieben: fremde Hand, hier oder dort."
    if position > len(hashes):
        return f"FALSCH: Der Checkpoint kennt {position} Einträge, das Register nur {len(hashes)}: abgeschnitten oder zurückgesetzt."
    if hashes.get(position) != said["entry"]:
        return f"FALSCH, spätestens bei Eintrag {position}: umgeschrieben oder gegabelt. Derselbe Schlüssel hat zwei Verläufe unterschrieben."
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datei"), parser.add_argument("--key"), parser.add_argument("--min-position", type=int, default=1)
    parser.add_argument("--seit", action="append", default=[], metavar="CHECKPOINT")
    given, told = parser.parse_args(), []
    try:
        pinned = {}
        if given.key:
            with open(given.key, "rb") as file:
                key = load_key(file.read())
            pinned = {key_id(key): key}
        kept = [open(name, encoding="utf-8", newline="").read() for name in given.seit]
        with open(given.datei, "rb") as file:
            position, problem = check(file, pinned, kept, told)
    except (OSError, ValueError) as error:
        print(f"Nicht lesbar: {error}", file=sys.stderr)
        return 2
    if not problem and position < given.min_position:
        problem = f"FALSCH: nur {position} Einträge statt mindestens {given.min_position}."
    print(problem or f"Richtig: {position} Einträge, Kette und Signaturen stimmen.", *told, sep="\n")
    if not problem:
        print("" if pinned else "Nicht geprüft: wessen Schlüssel das ist (--key mit einem, den Sie kennen).", end="" if pinned else "\n")
        print(f"Gegen {len(kept)} aufgehobene Stände verglichen; was danach geschah, kann erst ein späterer Stand bezeugen." if kept else
              "Nicht geprüft: ob die Geschichte schon einmal anders lautete. Das zeigt nur ein früher aufgehobener Checkpoint (--seit).")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
