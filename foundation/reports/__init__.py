"""What people and other programs read of a gate report, one module each: pure functions of it."""

from .writer import FORMATS, Format, beside, load, write, write_beside

__all__ = ["FORMATS", "Format", "beside", "load", "write", "write_beside"]
