"""Prüft ein Veröffentlichungsregister: python pruefe_ledger.py DATEI [--key schluessel.pem] [--min-position N]
DATEI: /ledger.jsonl oder voller Export (dann auch jede Fassung). Ergebnis: 0 richtig, 1 falsch, 2 unbrauchbar.
"""

import argparse, base64, hashlib, json, sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

load_key = serialization.load_pem_public_key
ENTRY, CHECKPOINT = b"beschlussportal-ledger-v1\n", b"beschlussportal-checkpoint-v1\n"


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


def check_seal(entry, domain, keys):
    body = {name: value for name, value in entry.items() if name not in ("hash", "signature")}
    digest = hashlib.sha256(canonical(body)).hexdigest()
    if entry.get("hash") != digest:
        raise Falsch("Der Inhalt passt nicht zur Prüfsumme.")
    signature = base64.b64decode(str(entry.get("signature")), validate=True)
    if base64.b64encode(signature).decode() != entry["signature"] or entry.get("key_id") not in keys:
        raise Falsch("Die Signatur ist falsch oder von fremder Hand.")
    keys[entry["key_id"]].verify(signature, domain + bytes.fromhex(digest))
    return digest


def check(lines, pinned):
    keys, position, previous, editions, needs, done = dict(pinned), 0, "0" * 64, {}, False, False
    try:
        for raw in lines:
            entry = json.loads(raw)
            if canonical(entry) + b"\n" != raw:
                raise Falsch("Die Zeile steht nicht in kanonischer Form.")
            kind = entry.get("type")
            if kind == "ledger_header":
                needs = entry["has_editions"]
                if not pinned:
                    keys = {name: load_key(pem.encode()) for name, pem in entry["public_keys"].items()}
            elif kind == "edition":
                editions[entry["position"]] = hashlib.sha256(canonical(entry["document"])).hexdigest()
            elif kind in ("ledger_entry", "ledger_checkpoint") and done:
                raise Falsch("Nach dem Abschluss folgt noch ein Eintrag.")
            elif kind == "ledger_entry":
                if entry.get("position") != position + 1 or entry.get("previous") != previous:
                    raise Falsch("Er fehlt, steht doppelt, an falscher Stelle oder schließt nicht an den vorigen an.")
                digest = check_seal(entry, ENTRY, keys)
                missing = None if needs and entry["act"] != "withdraw" else entry["edition_sha256"]
                if editions.pop(position + 1, missing) != entry["edition_sha256"]:
                    raise Falsch("Die Fassung fehlt oder ist nicht die veröffentlichte.")
                position, previous = position + 1, digest
            elif kind == "ledger_checkpoint":
                if (entry.get("position"), entry.get("entry_hash")) != (position, previous):
                    raise Falsch("Der Abschluss passt nicht: Am Ende fehlt etwas.")
                check_seal(entry, CHECKPOINT, keys)
                done = True
        if not done or editions:
            raise Falsch("Der signierte Abschluss fehlt, oder eine Fassung gehört zu keinem Eintrag.")
    except (Falsch, InvalidSignature, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = str(error) if isinstance(error, Falsch) else "Die Zeile oder ihre Signatur ist falsch."
        return position, f"FALSCH, zuerst bei Eintrag {position + 1}: {reason}"
    return position, None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datei"), parser.add_argument("--key"), parser.add_argument("--min-position", type=int, default=1)
    given = parser.parse_args()
    try:
        pinned = {}
        if given.key:
            with open(given.key, "rb") as file:
                key = load_key(file.read())
            pinned = {hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]: key}
        with open(given.datei, "rb") as file:
            position, problem = check(file, pinned)
    except (OSError, ValueError) as error:
        print(f"Nicht lesbar: {error}", file=sys.stderr)
        return 2
    if not problem and position < given.min_position:
        problem = f"FALSCH: nur {position} Einträge statt mindestens {given.min_position}."
    print(problem or f"Richtig: {position} Einträge, Kette und Signaturen stimmen.")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
