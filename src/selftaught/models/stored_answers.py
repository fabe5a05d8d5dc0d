"""A book of answers in the store: what one run has paid for, every later run over the same store gets for nothing."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence

from selftaught.ledger import Spending, spending_document
from selftaught.models.answer_book import AnswerBook, Asked, Owed, Reservations
from selftaught.models.language_model import Finish, Sample
from selftaught.source import sha256_of
from selftaught.store import AnswerRecord, ExchangeRecord, ReservationRecord, Store


class StoreAnswerBook(AnswerBook):
    """The book of one run. Where two runs keep the same sample at once, the first stays, and both read that one."""

    def __init__(self, store: Store, run_id: str, model: str, *, fresh: bool = False, goes_on: bool = False) -> None:
        """A book over a store.

        Args:
            store: Where answers and exchanges are written.
            run_id: The run that asks.
            model: The model that it asks, as the person named it.
            fresh: Whether the run is to ask for all of its answers itself: it then finds those that it asked for, in
                this life or an earlier one, and no others.
            goes_on: Whether the run had an earlier life.
        """
        self._store = store
        self._run_id = run_id
        self._model = model
        self._fresh = fresh
        self._goes_on = goes_on
        self._settled: set[str] = set()

    async def known(self, key: str) -> Mapping[int, Sample]:
        """The samples kept under a key, by their ordinal from 0."""
        return {
            answer.sample: Sample(text=answer.text, finish=Finish(answer.finish))
            for answer in self._store.answers(self._key(key))
        }

    async def asked(self, key: str) -> Sequence[Asked]:
        """What the exchanges that are kept under a key asked for, but for those that failed."""
        return self._store.asked(self._key(key))

    async def keep(
        self,
        key: str,
        samples: Mapping[int, Sample],
        spending: Spending,
        reserved: Reservations,
        asked: Asked | None = None,
    ) -> None:
        """Nothing; what came of one exchange is kept. Returns when that is durable.

        Raises:
            StoreError: It cannot be written.
        """
        with self._store.together():
            self._add_exchange(key, samples, spending, asked)
            for reservation, is_counted in reserved.items():
                self._store.settle_reservation(reservation, is_counted=is_counted)
        await self._store.committed()

    async def reserve(self, worst: Spending) -> str:
        """The name of a reservation for what is sent next; returns when it is durable.

        Raises:
            StoreError: It cannot be written.
        """
        reservation = uuid.uuid4().hex
        record = ReservationRecord(id=reservation, run_id=self._run_id, worst=spending_document(worst))
        self._store.add_reservation(record)
        try:
            await self._store.committed()
        except asyncio.CancelledError:
            self.settle(reservation)
            raise
        return reservation

    def settle(self, reservation: str) -> None:
        """Nothing; what was reserved is not spent."""
        self._store.settle_reservation(reservation, is_counted=True)

    def _add_exchange(self, key: str, samples: Mapping[int, Sample], spending: Spending, asked: Asked | None) -> None:
        exchange, kept_as = uuid.uuid4().hex, self._key(key)
        named = None if asked is None else {str(ordinal): is_nothing for ordinal, is_nothing in asked.items()}
        record = ExchangeRecord.of(
            spending, id=exchange, run_id=self._run_id, key=kept_as, model=self._model, asked=named
        )
        answers = [
            AnswerRecord(key=kept_as, sample=number, text=sample.text, finish=sample.finish, exchange=exchange)
            for number, sample in samples.items()
        ]
        self._store.add_exchange(record, answers)

    async def owed(self, key: str) -> Owed:
        """What is to be charged to the call that asks under a key now, though nothing is asked for; once."""
        if not self._goes_on or key in self._settled:
            return Owed()
        self._settled.add(key)
        spending, ordinals = self._store.owed(self._run_id, key, self._key(key))
        return Owed(spending=spending, ordinals=ordinals)

    def _key(self, key: str) -> str:
        return sha256_of(f"{self._run_id}\x1f{key}") if self._fresh else key
