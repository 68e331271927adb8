"""What TESTRADE imports to be tested: events out, injections in, and the gate between. Needs redis only."""
