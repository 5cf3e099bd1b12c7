"""The model, its sampler, its weights file and its png."""

import hashlib
import io
import tempfile
import unittest
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from PIL import Image

from repro.generate import png, sampling, weights
from repro.generate.sprite_model import SpriteModel, palette_points
from repro.generate.vocabulary import CLASSES, PALETTE
from repro.training.procedural_sprites import sprite

COLORS = np.array(PALETTE, dtype=np.uint8)


def untrained():
    """A model with weights that are random but not degenerate."""
    torch.manual_seed(0)
    made = SpriteModel(len(CLASSES)).requires_grad_(False).eval()
    for parameter in made.parameters():
        if not parameter.any():
            parameter.normal_(0, 0.05)
    return made


def make(model, seed, indices):
    return [
        sampling.generate(
            model, sampling.image_class(index), sampling.image_seed(seed, index), steps=2
        ).tobytes()
        for index in indices
    ]


class Sampling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        sampling.use_deterministic_algorithms()
        cls.model = untrained()

    def test_an_image_does_not_depend_on_what_else_is_made(self):
        ten = make(self.model, 7, range(10))
        self.assertEqual(ten[:3], make(self.model, 7, range(3)))
        self.assertEqual(ten[:3], make(self.model, 7, reversed(range(3)))[::-1])
        self.assertEqual(len(set(ten)), 10)

    def test_seed_class_guidance_and_index_each_change_the_image(self):
        seed = sampling.image_seed(7, 0)

        def image(kind, seed, guidance):
            return sampling.generate(self.model, kind, seed, steps=2, guidance=guidance).tobytes()

        made = {image("sword", seed, 0.5), image("coin", seed, 0.5), image("sword", seed + 1, 0.5)}
        self.assertEqual(len(made | {image("sword", seed, 0), image("sword", seed, 3)}), 5)
        seeds = {sampling.image_seed(run, index) for run in range(20) for index in range(20)}
        self.assertEqual(len(seeds), 400)
        self.assertTrue(all(0 <= seed < 2**63 for seed in seeds))

    def test_an_unknown_class_is_refused(self):
        with self.assertRaisesRegex(
            ValueError, "'dragon' is not a class; the classes are sword, potion"
        ):
            sampling.generate(self.model, "dragon", 1)

    def test_palette_colors_are_apart_for_the_model(self):
        points = palette_points()
        distances = torch.cdist(points, points) + torch.eye(len(points)) * 9
        self.assertGreater(distances.min(), 0.25)
        self.assertLess(points.abs().max(), 2)


class Weights(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "model.safetensors"

    def assert_refused(self, words):
        with self.assertRaisesRegex(weights.WeightsError, words) as caught:
            weights.load(self.path)
        self.assertIn(str(self.path), str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_stored_weights_come_back(self):
        model = untrained()
        digest = weights.store(model, self.path)
        self.assertEqual(digest, hashlib.sha256(self.path.read_bytes()).hexdigest())
        self.assertEqual(weights.store(model, self.path), digest)
        self.assertEqual(make(weights.load(self.path), 2, [0]), make(model, 2, [0]))
        self.assertEqual(list(self.path.parent.iterdir()), [self.path])
        self.assertLessEqual(sum(one.numel() for one in model.parameters()), 1_000_000)

    def test_damage_is_one_clear_error(self):
        weights.store(untrained(), self.path)
        whole = self.path.read_bytes()
        damages = {
            "header": (whole[:2] + b"\xff" + whole[3:], "not readable"),
            "number": (whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:], "damaged"),
            "half": (whole[: len(whole) // 2], "not readable"),
            "empty": (b"", "not readable"),
        }
        for name, (content, words) in damages.items():
            with self.subTest(damage=name):
                self.path.write_bytes(content)
                self.assert_refused(words)

    def test_absent_and_foreign_weights_are_named(self):
        self.assert_refused("not readable")
        safetensors.torch.save_file({"a": torch.zeros(3)}, self.path)
        self.assert_refused("another model")
        weights.store(SpriteModel(len(CLASSES), widths=(8, 16, 24)), self.path)
        self.assert_refused("another model")


class Pictures(unittest.TestCase):
    def test_an_image_is_its_pixels_enlarged_and_nothing_else(self):
        pixels = sprite(0, 3)
        content = png.image(pixels)
        picture = Image.open(io.BytesIO(content))
        self.assertEqual((picture.size, picture.info), ((256, 256), {}))
        rgb = np.asarray(picture.convert("RGB"))
        self.assertTrue((rgb == COLORS[pixels].repeat(8, 0).repeat(8, 1)).all())
        # Not compressed: the bytes must not depend on a compressor.
        self.assertGreater(len(content), 256 * 256)

    def test_a_contact_sheet_holds_every_sprite(self):
        sprites = [sprite(0, index) for index in range(7)]
        sheet = Image.open(io.BytesIO(png.contact_sheet(sprites)))
        self.assertEqual(sheet.size, (5 * 36 * 8, 2 * 36 * 8))
        rgb = np.asarray(sheet.convert("RGB"))[::8, ::8]
        self.assertTrue((rgb[38:70, 38:70] == COLORS[sprites[6]]).all())
        self.assertEqual({tuple(color) for color in rgb[36:, 76:].reshape(-1, 3)}, {PALETTE[0]})
