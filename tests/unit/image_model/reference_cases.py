"""Runs compared with references; see ../test_image_model.py."""

import hashlib
import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

from repro.generate import png, reference_images
from repro.generate.vocabulary import PALETTE, SIZE

BUILD = {"torch": "2.13.0+cpu", "cuda": None}
GENERATOR = {"name": "g", "version": "1", "model_sha256": "0" * 64}


def sprite(seed):
    return np.random.default_rng(seed).integers(0, len(PALETTE), (SIZE, SIZE), dtype=np.uint8)


def facts(sprites, name="NVIDIA GB10", **changes):
    images = [
        {"index": index, "sha256": hashlib.sha256(png.image(one)).hexdigest()}
        for index, one in sprites.items()
    ]
    device = {"kind": "cuda", "name": name}
    made = {"device": device, "build": BUILD, "generator": GENERATOR, "seed": 7, "images": images}
    return {**made, **changes}


class References(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.sprites = {index: sprite(index) for index in range(3)}
        self.store("gb10.json", "NVIDIA GB10", "aarch64")

    def store(self, file, name, architecture):
        run = self.folder / "runs" / file
        run.mkdir(parents=True)
        made = facts(self.sprites, name)
        for image in made["images"]:
            image |= {"file": f"image_{image['index']:02d}.png", "class": "coin"}
            (run / image["file"]).write_bytes(png.image(self.sprites[image["index"]]))
        (run / "manifest.json").write_text(json.dumps(made))
        (run / "environment.json").write_text(json.dumps({"data": {"architecture": architecture}}))
        (self.folder / file).write_text(json.dumps(reference_images.reference_of(run)))

    def compare(self, architecture="aarch64", sprites=None, **changes):
        sprites = self.sprites if sprites is None else sprites
        return reference_images.compare(
            facts(sprites, **changes), architecture, sprites, self.folder
        )

    def test_the_same_kind_with_the_same_bytes(self):
        found = self.compare()

        self.assertEqual(found["file"], "gb10.json")
        self.assertTrue(found["same_kind"])
        self.assertEqual((found["compared"], found["identical"]), (3, 3))
        self.assertEqual(found["minimum_psnr_db"], reference_images.NO_DIFFERENCE_DB)

    def test_one_pixel_is_counted_and_measured(self):
        other = {**self.sprites, 1: self.sprites[1].copy()}
        other[1][4, 4] = (other[1][4, 4] + 1) % len(PALETTE)

        found = self.compare(sprites=other)

        self.assertEqual((found["compared"], found["identical"]), (3, 2))
        colors = np.asarray(PALETTE, dtype=float)
        squares = (colors[self.sprites[1][4, 4]] - colors[other[1][4, 4]]) ** 2
        expected = 10 * np.log10(255**2 / (squares.sum() / (SIZE * SIZE * 3)))
        self.assertAlmostEqual(found["minimum_psnr_db"], expected, 2)
        self.assertLess(found["minimum_psnr_db"], 84)

    def test_another_device_architecture_or_build_is_another_kind(self):
        self.assertFalse(self.compare(name="NVIDIA H100")["same_kind"])
        self.assertFalse(self.compare("x86_64")["same_kind"])
        self.assertFalse(self.compare(build={"torch": "2.14.0", "cuda": "13.0"})["same_kind"])

    def test_the_reference_that_fits_best_is_taken(self):
        self.store("a.json", "NVIDIA H100", "x86_64")

        self.assertEqual(self.compare()["file"], "gb10.json")
        self.assertEqual(self.compare("x86_64", name="NVIDIA H100")["file"], "a.json")

    def test_fewer_images_are_compared_as_far_as_they_go(self):
        found = self.compare(sprites={0: self.sprites[0]})

        self.assertEqual((found["compared"], found["identical"]), (1, 1))

    def test_another_seed_or_model_is_compared_with_nothing(self):
        self.assertIsNone(self.compare(seed=8))
        self.assertIsNone(self.compare(generator={**GENERATOR, "version": "2"}))
        self.assertIsNone(self.compare(sprites={}))

    def test_pictures_of_other_programs_are_refused(self):
        with self.assertRaises(ValueError):
            png.pixels_of(b"\x89PNG\r\n\x1a\n and more")


if __name__ == "__main__":
    unittest.main()
