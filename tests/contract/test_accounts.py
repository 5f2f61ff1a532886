"""Many at once, on both databases: what may happen once happens once."""

from __future__ import annotations

import datetime as dt
import re
import threading

import pyotp
import pytest
import sqlalchemy as sa

from content import models
from content.schemas import InvalidInput
from content.services.accounts import accounts, challenges, limits, second_factor
from content.services.accounts.accounts import SignInRefused
from content.services.base import outbox
from content.services.editing import people
from content.services.notifications import digest, notify
from content.services.notifications.notify import Way
from workflows.vocabulary import ROLES

NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def crowd(request):
    """(house, a function that runs something in many threads at once and gives all results)."""
    house = request.getfixturevalue("house" if request.param == "sqlite" else "postgres_house")
    with house.writing("test") as work:
        for login in ("adam", "eva"):
            account = accounts.create(
                work.session, login=login, name=login.title(), email=f"{login}@amt.example", now=NOW
            )
            accounts.grant(work.session, account, "administrator", "", by="test", now=NOW)

    def at_once(jobs):
        results, start = [], threading.Barrier(len(jobs))

        def one(job):
            start.wait()
            try:
                results.append(job())
            except Exception as error:
                results.append(error)

        threads = [threading.Thread(target=one, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    return house, at_once


def test_guesses_at_once_get_no_further_than_guesses_in_a_row(crowd):
    house, at_once = crowd
    tried = []

    def guess():
        with limits.attempt(house, "sign-in", "adam", "10.0.0.1", NOW):
            tried.append(1)
            raise SignInRefused("wrong")

    results = at_once([guess] * 20)
    assert all(isinstance(result, SignInRefused) for result in results)
    assert len(tried) <= limits.LIMITS["sign-in"].by_both


def test_a_link_is_used_by_one_of_many(crowd):
    house, at_once = crowd
    with house.writing("test") as work:
        secret = accounts.issue_ticket(work.session, accounts.find(work.session, "adam"), "reset", NOW)

    def use():
        with house.writing("x") as work:
            return accounts.use_ticket(work.session, secret, NOW) is not None

    assert sorted(at_once([use] * 8)) == [False] * 7 + [True]


def test_a_challenge_is_answered_by_one_of_many(crowd):
    house, at_once = crowd
    with house.writing("test") as work:
        challenges.ask(work.session, "oidc", "s", NOW, payload={"a": 1})

    def take():
        with house.writing("x") as work:
            return challenges.take(work.session, "oidc", "s", NOW) is not None

    assert sorted(at_once([take] * 8)) == [False] * 7 + [True]


@pytest.mark.parametrize("kind", ["totp", "recovery"])
def test_a_code_counts_once_even_at_once(crowd, kind):
    house, at_once = crowd
    with house.writing("test") as work:
        account = accounts.find(work.session, "adam")
        secret = second_factor.new_totp()
        codes = second_factor.confirm_totp(work.session, account, secret, pyotp.TOTP(secret).at(NOW), NOW)
        account_id = account.id
    later = NOW + dt.timedelta(minutes=3)
    code = pyotp.TOTP(secret).at(later) if kind == "totp" else codes[0]

    def take():
        with house.writing("x") as work:
            return second_factor.take(work.session, work.session.get_one(models.Account, account_id), code, later)

    assert [result for result in at_once([take] * 8) if not isinstance(result, SignInRefused)] == [kind]


def test_two_administrators_cannot_remove_each_other(crowd):
    house, at_once = crowd

    def revoke(who, whom):
        with house.writing(who, permits=ROLES["administrator"].permits) as work:
            return people.revoke(work.desk, accounts.find(work.session, whom), "administrator", "")

    results = at_once([lambda: revoke("adam", "eva"), lambda: revoke("eva", "adam")])
    assert sum(isinstance(result, InvalidInput) for result in results) == 1 and True in results
    with house.writing("test") as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(models.Grant)) == 1


def test_of_many_workers_one_claims_the_job(crowd):
    house, at_once = crowd
    with house.writing("test") as work:
        outbox.put(work.session, "mail.x", "k", {"to": "a"}, due_at=NOW)
        job = work.session.scalar(sa.select(models.Job.id))

    def claim():
        with house.writing("x") as work:
            return outbox.claim(work.session, job, NOW) is not None

    assert sorted(at_once([claim] * 8)) == [False] * 7 + [True]


def test_of_many_clocks_one_writes_the_daily_mail(crowd):
    house, at_once = crowd
    with house.writing("test") as work:
        adam = accounts.find(work.session, "adam")
        notify.choose(work.session, adam.id, {"waits": Way.DAILY})
        for number in range(3):
            notify.notify(
                work.session,
                "waits",
                None,
                [adam],
                now=NOW,
                occasion=str(number),
                words="w",
                title="T",
                url="/redaktion",
            )
        account_id = adam.id

    def write():
        with house.writing("x") as work:
            return digest.write(work.session, account_id, NOW + dt.timedelta(days=1))

    assert at_once([write] * 6).count(True) == 1
    with house.writing("test") as work:
        assert [
            row.payload["count"]
            for row in work.session.scalars(sa.select(models.Job).where(models.Job.kind == "mail.digest"))
        ] == [3]


def test_recovery_codes_are_long_and_all_different(crowd):
    house, _ = crowd
    with house.writing("test") as work:
        codes = second_factor.renew_codes(work.session, accounts.find(work.session, "adam"))
    assert len(set(codes)) == 10 and all(re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", code) for code in codes)
