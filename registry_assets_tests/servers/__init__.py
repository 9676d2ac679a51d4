"""Real servers, started by the tests that need one, on this machine and on a free port."""
