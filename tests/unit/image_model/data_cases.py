"""The data generator: same seed, same bytes; only palette colors; ten classes that vary."""

import hashlib
import unittest

import numpy as np

from repro.generate.vocabulary import CLASSES, PALETTE, TRANSPARENT
from repro.training.canvas import OUTLINE, grow, polygon, shrink
from repro.training.procedural_sprites import DRAWINGS, dataset, sprite


def digest(pixels):
    return hashlib.sha256(pixels.tobytes()).hexdigest()


class Data(unittest.TestCase):
    def test_a_data_set_does_not_depend_on_its_size(self):
        self.assertEqual(digest(dataset(3, 50)[0]), digest(dataset(3, 60)[0][:50]))

    def test_another_seed_gives_other_sprites(self):
        self.assertNotEqual(digest(dataset(1, 20)[0]), digest(dataset(2, 20)[0]))

    def test_every_sprite_fits_its_frame_and_is_outlined(self):
        for index in range(40 * len(CLASSES)):
            with self.subTest(kind=CLASSES[index % len(CLASSES)], index=index):
                pixels = sprite(5, index)
                self.assertEqual((pixels.shape, pixels.dtype), ((32, 32), np.uint8))
                self.assertLess(pixels.max(), len(PALETTE))
                painted = pixels != TRANSPARENT
                self.assertTrue(80 < painted.sum() < 900)
                rim = grow(~painted) & painted
                self.assertTrue((pixels[rim] == OUTLINE).all())

    def test_every_class_varies(self):
        for kind, name in enumerate(CLASSES):
            with self.subTest(kind=name):
                drawn = {digest(sprite(0, kind + len(CLASSES) * number)) for number in range(60)}
                self.assertGreaterEqual(len(drawn), 30)

    def test_classes_come_in_turn(self):
        _, labels = dataset(0, 23)
        self.assertEqual(labels.tolist(), [*range(10), *range(10), 0, 1, 2])

    def test_every_class_has_a_drawing_and_colors_are_distinct(self):
        self.assertEqual(set(DRAWINGS), set(CLASSES))
        self.assertEqual(len(set(PALETTE)), 24)

    def test_shapes(self):
        square = polygon([(4, 4), (12, 4), (12, 12), (4, 12)])
        self.assertEqual(square.sum(), 64)
        self.assertEqual(shrink(square).sum(), 36)
        self.assertEqual(grow(square).sum(), 64 + 32)
