"""What DESIGN section 5 says of each aggregate, over the complete list of a group's flights.

Nothing here is incremental and nothing is rounded before the end, which is the point: Maser has to reach the same
bits from partial states in whatever order and grouping they came.
"""

import fractions
import math


def present(flights, of):
    """The values that are not NULL."""
    return [value for value in map(of, flights) if value is not None]


def count(of=None):
    if of is None:
        return len
    return lambda flights: len(present(flights, of))


def count_if(condition):
    return lambda flights: sum(1 for flight in flights if condition(flight))


def exact_sum(values):
    """Of integers an integer; of doubles the double nearest to the exact sum."""
    return math.fsum(values) if isinstance(values[0], float) else sum(values)


def over_values(of, summarize, at_least=1):
    """`summarize` over the values that are not NULL; NULL when there are too few."""

    def column(flights):
        values = present(flights, of)
        return summarize(values) if len(values) >= at_least else None

    return column


def total(of):
    return over_values(of, exact_sum)


def average(of):
    return over_values(of, lambda values: float(exact_sum(values)) / len(values))


def variance_over(values, divisor):
    """The numerator n * sum(x^2) - sum(x)^2 exactly, rounded once, over the divisor."""
    exact = [fractions.Fraction(value) if value % 1 else int(value) for value in values]
    numerator = len(exact) * sum(x * x for x in exact) - sum(exact) ** 2
    return float(numerator) / float(divisor)


def variance_population(of):
    return over_values(of, lambda values: variance_over(values, len(values) ** 2))


def variance_sample(of):
    return over_values(of, lambda values: variance_over(values, len(values) * (len(values) - 1)), at_least=2)


def square_root(column):
    def root(flights):
        variance = column(flights)
        return None if variance is None else math.sqrt(variance)

    return root


def deviation_population(of):
    return square_root(variance_population(of))


def deviation_sample(of):
    return square_root(variance_sample(of))


def minimum(of):
    return over_values(of, min)


def maximum(of):
    return over_values(of, max)


def by(of, rank, choose):
    """The value that goes with the smallest or greatest rank, of equal ranks the smaller or greater value.

    Flights whose value or rank is NULL are passed over.
    """

    def column(flights):
        pairs = [(rank(flight), of(flight)) for flight in flights]
        pairs = [pair for pair in pairs if None not in pair]
        return choose(pairs)[1] if pairs else None

    return column


def min_by(of, rank):
    return by(of, rank, min)


def max_by(of, rank):
    return by(of, rank, max)


def first(of):
    return by(of, lambda flight: flight.scheduled, min)


def last(of):
    return by(of, lambda flight: flight.scheduled, max)


def ratio(numerator, denominator):
    """SQL's division: of doubles, and NULL over zero."""

    def column(flights):
        above, below = numerator(flights), denominator(flights)
        return None if above is None or not below else float(above) / float(below)

    return column
