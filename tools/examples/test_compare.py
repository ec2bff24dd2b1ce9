"""The comparison is shown to fail on each kind of wrong answer."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))

HEADER = '{"table": "t", "key": ["origin", "day"]}'
EXPECTED = [
    '{"origin": "EWR", "day": 1, "flights": 3, "mean": 0.1, "last": "SFO", "late": true, "gap": null}',
    '{"origin": null, "day": 2, "flights": 4, "mean": 0.0, "last": null, "late": false, "gap": null}',
]
RIGHT = [
    '{"origin":"EWR","day":1,"flights":3,"mean":1e-1,"last":"SFO","late":true,"gap":null}',
    '{"origin":null,"day":2,"flights":4,"mean":0,"last":null,"late":false,"gap":null}',
]


class CompareTest(unittest.TestCase):
    def compare(self, rows):
        """The exit code and the output of the program over one table."""
        with tempfile.TemporaryDirectory() as folder:
            for name, lines in (("expected", [HEADER] + EXPECTED), ("actual", rows)):
                os.mkdir(os.path.join(folder, name))
                with open(os.path.join(folder, name, "t.jsonl"), "w") as file:
                    file.writelines(line + "\n" for line in lines)
            run = subprocess.run(
                [sys.executable, os.path.join(HERE, "compare.py"), "expected", "actual"],
                cwd=folder, capture_output=True, text=True, check=False,
            )
            self.assertEqual(run.stderr, "")
            return run.returncode, run.stdout

    def assert_fails(self, rows, complaint):
        code, output = self.compare(rows)
        self.assertEqual(code, 1, output)
        self.assertIn(complaint, output)
        self.assertIn("1 difference\n", output)

    def changed(self, **fields):
        row = json.loads(RIGHT[0])
        row.update(fields)
        return [json.dumps(row), RIGHT[1]]

    def test_equal_rows_agree_in_any_order_and_spelling_of_doubles(self):
        for rows in (RIGHT, RIGHT[::-1], EXPECTED):
            code, output = self.compare(rows)
            self.assertEqual(code, 0, output)
            self.assertIn("1 tables, 2 rows: all agree", output)

    def test_one_bit_of_one_double_fails(self):
        self.assert_fails(self.changed(mean=0.1 + 2**-56), "EWR, 1: mean is 0.10000000000000002, should be 0.1")

    def test_minus_zero_is_not_zero(self):
        self.assert_fails([RIGHT[0], RIGHT[1].replace('"mean":0', '"mean":-0')], "NULL, 2: mean is -0.0, should be 0.0")

    def test_one_wrong_value_of_any_type_fails(self):
        self.assert_fails(self.changed(flights=4), "flights is 4")
        self.assert_fails(self.changed(last="LAX"), 'last is "LAX", should be "SFO"')
        self.assert_fails(self.changed(last=None), 'last is null, should be "SFO"')
        self.assert_fails(self.changed(late=False), "late is false, should be true")
        self.assert_fails(self.changed(gap=0), "gap is 0.0, should be null")

    def test_one_wrong_type_fails(self):
        self.assert_fails(self.changed(flights=3.0), "flights is 3.0, should be 3")
        self.assert_fails(self.changed(flights="3"), 'flights is "3", should be 3')
        self.assert_fails(self.changed(late=1), "late is 1.0, should be true")

    def test_a_missing_row_fails(self):
        self.assert_fails(RIGHT[:1], "NULL, 2: is missing")

    def test_an_extra_row_fails(self):
        self.assert_fails(RIGHT + [RIGHT[0].replace("EWR", "JFK")], "JFK, 1: should not be there")

    def test_a_row_that_comes_twice_fails(self):
        self.assert_fails(RIGHT + RIGHT[:1], "EWR, 1: comes twice")

    def test_a_missing_column_and_one_too_many_fail(self):
        self.assert_fails([RIGHT[0].replace('"flights":3,', ""), RIGHT[1]], "has no flights")
        self.assert_fails(self.changed(more=1), "has more, which the reference does not know")

    def test_an_empty_answer_fails(self):
        self.assertEqual(self.compare([])[0], 1)


if __name__ == "__main__":
    unittest.main()
