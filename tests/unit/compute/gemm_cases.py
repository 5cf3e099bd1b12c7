"""Matrix products in every precision that a CPU's torch has, and NVFP4 by its definition."""

import unittest
from unittest import mock

import torch
from small import Context, sized

from python_probes.benchmark.families import gemm, nvfp4
from python_probes.benchmark.families.matrix_product import MatrixProduct, memory_bytes
from python_probes.benchmark.measuring.figure import SkipError

ON_CPU = ("fp32", "fp16", "bf16", "int8", "fp8")


class Products(unittest.TestCase):
    def setUp(self):
        sized(self)

    def test_every_precision_is_right_and_well_within_its_limit(self):
        for name in ON_CPU:
            with self.subTest(name):
                figure = gemm.measure(Context(), name, 30.0)
                own = figure["parameters"]
                self.assertGreater(figure["value"], 0)
                self.assertLessEqual(own["checked_error"], own["error_limit"] / 5)
                wanted = memory_bytes(name, 128) + gemm.FLUSH_BYTES
                Context.guard.require.assert_called_with(wanted)

    def test_memory_is_asked_for_before_anything_is_drawn(self):
        Context.guard.require.side_effect = SkipError("9 GiB needed")
        self.addCleanup(Context.guard.reset_mock, side_effect=True)
        with mock.patch.object(torch, "randn") as randn, self.assertRaises(SkipError):
            gemm.measure(Context(), "bf16", 30.0)
        randn.assert_not_called()

    def test_wrong_numbers_are_noticed(self):
        for name in ON_CPU:
            with self.subTest(name):
                load = MatrixProduct(torch, "cpu", name, 128)
                load.run()
                self.assertLessEqual(load.error(), load.error_limit)
                load._result[3, 5] += 1 if name == "int8" else 40
                self.assertGreater(load.error(), load.error_limit)

    def test_one_element_that_nothing_wrote_is_noticed(self):
        for name in ON_CPU:
            with self.subTest(name):
                load = MatrixProduct(torch, "cpu", name, 256)
                load.spoil()
                untouched = load._result[101, 66].clone()
                load.run()
                load._result[101, 66] = untouched  # on no sampled row
                self.assertNotEqual(load.error(), load.error())  # NaN

    def test_integers_fill_their_range_and_no_product_can_be_the_poison(self):
        load = MatrixProduct(torch, "cpu", "int8", 256)
        self.assertEqual(int(load._operands._left.max()), 127)
        self.assertGreater(-load._poison, 16384 * 127 * 127)


class Nvfp4(unittest.TestCase):
    def setUp(self):
        sized(self)
        generator = torch.Generator().manual_seed(1)
        self.numbers = torch.randn((256, 512), generator=generator)
        self.packed, self.scales = nvfp4.quantize(torch, self.numbers)

    def test_a_known_block(self):
        row = torch.tensor([[6.0, -4, 3, -2, 1.5, -1, 0.5, 0, 5.2, 4.9, -0.2, 0.3, 2.4, 2.6, 1, 1]])
        packed, scales = nvfp4.quantize(torch, row)
        self.assertEqual(float(scales), 1.0)
        # Sign, exponent, mantissa; the even column in the low half.
        self.assertEqual(packed.tolist(), [[0xE7, 0xC5, 0xA3, 0x01, 0x67, 0x18, 0x54, 0x22]])
        decoded = nvfp4.decode(torch, packed, scales)
        expected = [6, -4, 3, -2, 1.5, -1, 0.5, 0, 6, 4, 0, 0.5, 2, 3, 1, 1]
        self.assertEqual(decoded.tolist(), [expected])

    def test_numbers_come_back_as_close_as_four_bits_allow(self):
        decoded = nvfp4.decode(torch, self.packed, self.scales)
        largest = self.numbers.view(256, -1, 16).abs().amax(-1).repeat_interleave(16, -1)
        # Half the largest step, 4 to 6, and what rounding the scale adds.
        self.assertLess(float(((decoded - self.numbers).abs() / largest).max()), 1 / 6 + 1 / 16)

    def test_scales_lie_where_cublas_documents_them(self):
        flat = nvfp4.swizzle(self.scales).view(torch.uint8)
        plain = self.scales.view(torch.uint8)
        self.assertEqual(flat.shape, (256 * 32,))
        for row in range(256):
            for column in range(32):
                tile = row // 128 * (32 // 4) + column // 4
                place = tile * 512 + row % 32 * 16 + row % 128 // 32 * 4 + column % 4
                self.assertEqual(flat[place], plain[row, column])

    def _kernel(self, left, right, *, scale_a, scale_b, out_dtype, out):
        """What cuBLAS does, from the operands as torch is given them."""
        sides = []
        for codes, scales in ((left, scale_a), (right.t(), scale_b)):
            self.assertEqual(codes.dtype, torch.float4_e2m1fn_x2)
            self.assertTrue(codes.is_contiguous())
            self.assertTrue(scales.is_contiguous())
            rows, columns = codes.shape[0], codes.shape[1] * 2 // 16
            tiles = scales.view(rows // 128, columns // 4, 32, 4, 4)
            plain = tiles.permute(0, 3, 2, 1, 4).reshape(rows, columns)
            sides.append(nvfp4.decode(torch, codes.view(torch.uint8), plain))
        self.assertIs(out_dtype, torch.bfloat16)
        out.copy_(sides[0] @ sides[1].t())

    def test_the_product_is_asked_for_as_torch_documents_it(self):
        with mock.patch.object(torch, "_scaled_mm", self._kernel):
            figure = gemm.measure(Context(), "nvfp4", 30.0)
        self.assertLess(figure["parameters"]["checked_error"], 0.02)
        self.assertEqual(figure["parameters"]["dtype"], "float4_e2m1fn_x2")

    def test_scales_in_the_wrong_order_are_no_figure(self):
        plain = mock.patch.object(nvfp4, "swizzle", lambda scales: scales.flatten())
        kernel = mock.patch.object(torch, "_scaled_mm", self._kernel)
        with plain, kernel, self.assertRaisesRegex(SkipError, "the result is wrong"):
            gemm.measure(Context(), "nvfp4", 30.0)


if __name__ == "__main__":
    unittest.main()
