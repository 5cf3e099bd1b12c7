"""Training, a few steps of it."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import torch

from repro.generate import weights
from repro.training import train
from repro.training.procedural_sprites import dataset

COMMAND = "--device cpu --precision fp32"


def run(out, arguments):
    """The status of the training command, which may also exit, and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            status = train.main(["--out", str(out), *COMMAND.split(), *arguments.split()])
        except SystemExit as error:
            status = error.code
    return status, printed.getvalue()


class Training(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        shorter = mock.patch.object(train, "VALIDATION_COUNT", 10)
        shorter.start()
        self.addCleanup(shorter.stop)

    def test_it_lowers_the_loss_and_repeats(self):
        records = []
        for name in ("first", "second"):
            out = self.folder / name / "model.safetensors"
            status, printed = run(out, "--steps 6 --batch 4 --sprites 40")
            self.assertEqual(status, 0, printed)
            records.append(json.loads(out.with_name("training.json").read_text()))
        first, second = records
        for field in ("model_sha256", "validation_loss", "loss"):
            self.assertEqual(first[field], second[field])
        self.assertLess(first["loss"][-1][1], first["loss"][0][1])
        weights.load(self.folder / "first" / "model.safetensors")

    def test_it_refuses_what_cannot_work(self):
        status, printed = run(self.folder / "m", "--steps 0")
        self.assertEqual(status, 2)
        self.assertIn("at least 1", printed)

    def test_the_average_holds_no_history(self):
        """Each step's graph would hang from it otherwise: memory for ever, and no CUDA graph."""
        settings = train.Settings(2, 2, 1e-3, 0, 10, "cpu", "fp32")
        trainer = train.Trainer(settings, *(torch.from_numpy(part) for part in dataset(0, 10)))
        before = [parameter.clone() for parameter in trainer.averages]
        trainer.step()
        self.assertTrue(all(parameter.grad_fn is None for parameter in trainer.averages))
        pairs = zip(before, trainer.averages, strict=True)
        self.assertTrue(any((old != new).any() for old, new in pairs))
