"""Which passwords are refused, and that what is typed on any system is the same password."""

from __future__ import annotations

import pytest

from content.schemas import InvalidInput
from content.services.accounts import accounts
from content.typed import passwords


@pytest.mark.parametrize(
    "password",
    [
        "needforspeed",
        "Passwort2024!",
        "passwordpassword",
        "P@ssw0rd12345",
        "!!!Schalke04!!!",
        "qwerty123456",
        "1qaz2wsx3edc",
        "Sonnenschein1",
        "Deutschland2025",
        "p a s s w o r t 1 2 3",
        "Beschlussportal1",
        "iloveyou1234",
        "password123456789",
    ],
)
def test_what_is_tried_first_is_refused_with_reason_and_remedy(password):
    with pytest.raises(InvalidInput) as refused:
        accounts.hash_password(password)
    assert (
        "Listen" in refused.value.errors[0].message and "Satz aus mehreren Wörtern" in refused.value.errors[0].message
    )


@pytest.mark.parametrize(
    "password", ["123456789012", "abcdefghijklm", "qwertzuiopüqwertz", "aaaabbbbcccc", "987654321098"]
)
def test_what_is_regular_is_refused(password):
    with pytest.raises(InvalidInput, match="erraten"):
        accounts.hash_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "ein recht langer Satz",
        "ein ganz neuer Satz",
        "Vier Pferde essen Gras",
        "x7Kq9!mPz2Lw",
        "Grüße aus dem Münsterland",
        "Tür-Regen-Kachel-58",
        "liebe 83 76 45 01 92 83 4",
    ],
)
def test_a_sentence_and_what_is_random_are_taken(password):
    assert accounts.hash_password(password).startswith("$argon2id$")


def test_the_list_is_sorted_and_says_no_to_what_it_does_not_hold():
    known = passwords._known()
    assert len(known) > 29_000 and passwords.is_known("123456") and not passwords.is_known("Vier Pferde essen Gras")
    assert all(passwords.is_known(word) for word in passwords.GERMAN)
    marks = [known._marks[place : place + 5] for place in range(0, len(known._marks), 5)]
    assert marks == sorted(set(marks))
