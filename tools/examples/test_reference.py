"""The reference and the converter over cases whose answers are known by hand."""

import fractions
import json
import unittest

import aggregates
import flights
import reference
from flight_data import Flight


def flight(**fields):
    values = dict.fromkeys(Flight._fields)
    values.update(scheduled=0, carrier="UA", flight=1, tailnum="N1", origin="EWR", dest="SFO", distance=100)
    values.update(fields)
    return Flight(**values)


def delays(*values):
    return [flight(dep_delay=value) for value in values]


DELAY = reference.column("dep_delay")


class AggregatesTest(unittest.TestCase):
    def test_nulls_are_passed_over_and_nothing_gives_null(self):
        self.assertEqual(aggregates.count(DELAY)(delays(None, 1.0)), 1)
        self.assertEqual(aggregates.count(DELAY)(delays(None)), 0)
        self.assertIsNone(aggregates.average(DELAY)(delays(None)))
        self.assertIsNone(aggregates.total(DELAY)(delays(None)))
        self.assertIsNone(aggregates.maximum(DELAY)(delays(None)))

    def test_sums_are_exact_until_they_are_rounded_once(self):
        self.assertEqual(aggregates.total(DELAY)(delays(1e300, 1.0, -1e300)), 1.0)
        self.assertEqual(aggregates.average(DELAY)(delays(*[0.1] * 10)), 0.1)

    def test_a_variance_rounds_its_exact_numerator(self):
        values = [0.1, 0.7, 123456789.125]
        exact = [fractions.Fraction(value) for value in values]
        numerator = 3 * sum(x * x for x in exact) - sum(exact) ** 2
        self.assertEqual(aggregates.variance_population(DELAY)(delays(*values)), float(numerator) / 9)
        self.assertEqual(aggregates.variance_sample(DELAY)(delays(*values)), float(numerator) / 6)
        self.assertEqual(aggregates.deviation_sample(DELAY)(delays(1.0, 3.0)), 2**0.5)
        self.assertIsNone(aggregates.variance_sample(DELAY)(delays(1.0)))
        self.assertEqual(aggregates.variance_population(DELAY)(delays(1.0)), 0.0)

    def test_ties_are_settled_by_value(self):
        members = [
            flight(scheduled=5, dest="B", arr_delay=1.0), flight(scheduled=5, dest="A", arr_delay=1.0),
            flight(scheduled=4, dest=None, arr_delay=0.0), flight(scheduled=9, dest="Z"),
        ]
        dest, delay = reference.column("dest"), reference.column("arr_delay")
        self.assertEqual(aggregates.first(dest)(members), "A")
        self.assertEqual(aggregates.last(dest)(members), "Z")
        self.assertEqual(aggregates.last(dest)(members[:3]), "B")
        self.assertEqual(aggregates.min_by(dest, delay)(members), "A")
        self.assertEqual(aggregates.max_by(dest, delay)(members), "B")


class TablesTest(unittest.TestCase):
    def test_buckets_are_kafkas(self):
        # From Kafka's own UtilsTest.
        for text, expected in ((b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)):
            self.assertEqual(reference.murmur2(text), expected & 0xFFFFFFFF)

    def test_panes_begin_in_utc(self):
        table = reference.Aggregate(["origin"], {"flights": aggregates.count()}, width=reference.DAY)
        members = [flight(scheduled=86399), flight(scheduled=86400), flight(scheduled=86401)]
        self.assertEqual(
            list(table.rows(members)),
            [
                {"origin": "EWR", "window_start": "1970-01-01T00:00:00Z", "flights": 1},
                {"origin": "EWR", "window_start": "1970-01-02T00:00:00Z", "flights": 2},
            ],
        )

    def test_an_upsert_keeps_the_greatest_time_then_bucket_then_offset(self):
        low, high = sorted(("SFO", "LAX"), key=lambda dest: reference.bucket(flight(dest=dest)))
        self.assertLess(reference.bucket(flight(dest=low)), reference.bucket(flight(dest=high)))

        def winner(*members):
            return [row["flight"] for row in reference.aircraft(members)]

        early = flight(scheduled=1, flight=1, dest=high, dep_time=1)
        first, second = (flight(scheduled=2, flight=n, dest=high, dep_time=1) for n in (2, 3))
        lower = flight(scheduled=2, flight=4, dest=low, dep_time=1)
        self.assertEqual(winner(first, early), [2])
        self.assertEqual(winner(first, second, lower), [3])
        self.assertEqual(winner(lower, second), [3])
        self.assertEqual(winner(early, flight(scheduled=2, dep_time=None)), [])
        self.assertEqual(winner(flight(tailnum=None, dep_time=1)), [])


class FlightsTest(unittest.TestCase):
    def scheduled(self, month, day, time):
        return flights.scheduled({"year": "2013", "month": month, "day": day, "sched_dep_time": time})

    def test_the_offset_is_that_of_new_york_on_that_day(self):
        self.assertEqual(self.scheduled("1", "1", "515"), "2013-01-01T05:15:00-05:00")
        self.assertEqual(self.scheduled("7", "4", "2359"), "2013-07-04T23:59:00-04:00")

    def test_2400_is_the_end_of_the_day(self):
        self.assertEqual(self.scheduled("1", "31", "2400"), "2013-02-01T00:00:00-05:00")

    def test_na_is_null_and_texts_stay_texts(self):
        row = {
            "year": "2013", "month": "1", "day": "1", "sched_dep_time": "600", "dep_delay": "NA", "flight": "7",
            "tailnum": "123",
        }
        self.assertEqual(
            json.loads(flights.record(row)),
            {
                "scheduled": "2013-01-01T06:00:00-05:00", "year": 2013, "month": 1, "day": 1, "sched_dep_time": 600,
                "dep_delay": None, "flight": 7, "tailnum": "123",
            },
        )


if __name__ == "__main__":
    unittest.main()
