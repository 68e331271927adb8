"""The doctor: looks at a Redis that TESTRADE writes to, changes nothing, and says what a recorder would meet there."""
