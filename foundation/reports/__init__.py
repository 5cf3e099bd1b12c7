"""What people and other programs read of a gate report, one module each: pure functions of it."""
