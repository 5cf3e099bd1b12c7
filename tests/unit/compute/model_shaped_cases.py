"""Attention and convolutions over the real torch, and what is wrong with a wrong one."""

import unittest
from unittest import mock

import torch
from small import Context, sized

from python_probes.benchmark.families import attention, convolution
from python_probes.benchmark.measuring.figure import SkipError

F = torch.nn.functional


class Attention(unittest.TestCase):
    def setUp(self):
        sized(self)

    def test_it_is_right_and_says_which_backend(self):
        figure = attention.measure(Context(), "bf16", 30.0)
        own = figure["parameters"]
        self.assertEqual(own["backend"], "FLASH_ATTENTION")
        self.assertLess(own["checked_error"], 0.05)
        seconds = 4 * 2 * 4 * 192**2 * 32 / figure["value"] / 1e12
        self.assertLess(seconds, 10)
        Context.guard.require.assert_called_with(attention.memory_bytes() + attention.FLUSH_BYTES)

    def test_operations_are_those_of_both_products(self):
        load = attention.Attention(Context.gpu, "bfloat16")
        self.assertEqual(load.operations, 2 * (2 * 2 * 4 * 192 * 192 * 32))

    def test_a_causal_one_or_another_scale_is_noticed(self):
        real = F.scaled_dot_product_attention
        for wrong in ({"is_causal": True}, {"scale": 0.5}):
            with (
                self.subTest(wrong),
                mock.patch.object(
                    F, "scaled_dot_product_attention", lambda *a, w=wrong: real(*a, **w)
                ),
                self.assertRaisesRegex(SkipError, "the result is wrong"),
            ):
                attention.measure(Context(), "bf16", 30.0)

    def test_a_result_that_nothing_wrote_is_noticed(self):
        load = attention.Attention(Context.gpu, "bfloat16")
        load.run()
        load.spoil()
        self.assertNotEqual(load.error(), load.error())  # NaN

    def test_no_fused_kernel_is_a_reason(self):
        for choice in (-1, 0):
            with (
                self.subTest(choice),
                mock.patch.object(torch, "_fused_sdp_choice", lambda *_, c=choice: c),
                self.assertRaisesRegex(SkipError, "no fused attention kernel"),
            ):
                attention.measure(Context(), "bf16", 30.0)


class Convolutions(unittest.TestCase):
    def setUp(self):
        sized(self)

    def test_it_is_right_and_leaves_cudnn_as_it_was(self):
        seen = set()
        real = F.conv2d

        def conv2d(numbers, weight, padding):
            seen.add(torch.backends.cudnn.benchmark)
            self.assertTrue(numbers.is_contiguous(memory_format=torch.channels_last))
            self.assertTrue(weight.is_contiguous(memory_format=torch.channels_last))
            return real(numbers, weight, padding=padding)

        for before in (False, True):
            torch.backends.cudnn.benchmark = before
            with mock.patch.object(F, "conv2d", conv2d):
                figure = convolution.measure(Context(), "bf16", 30.0)
            self.assertEqual(torch.backends.cudnn.benchmark, before)
        torch.backends.cudnn.benchmark = False
        self.assertEqual(seen, {True})
        self.assertLess(figure["parameters"]["checked_error"], 0.05)
        wanted = convolution.memory_bytes() + convolution.FLUSH_BYTES
        Context.guard.require.assert_called_with(wanted)

    def test_operations_are_those_of_every_layer(self):
        load = convolution.Convolutions(Context.gpu, "bfloat16")
        self.assertEqual(load.operations, 4 * 2 * 3 * 16 * 16 * 16 * 16 * 9)

    def test_an_error_leaves_cudnn_as_it_was(self):
        with (
            mock.patch.object(F, "conv2d", side_effect=RuntimeError("no engine")),
            self.assertRaisesRegex(RuntimeError, "no engine"),
        ):
            convolution.measure(Context(), "bf16", 30.0)
        self.assertFalse(torch.backends.cudnn.benchmark)

    def test_a_wrong_layer_is_noticed_whichever_it_is(self):
        load = convolution.Convolutions(Context.gpu, "bfloat16")
        for layer in range(4):
            with self.subTest(layer):
                load.run()
                self.assertLess(load.error(), load.error_limit)
                load._outputs[layer] *= 1.2
                self.assertGreater(load.error(), load.error_limit)

    def test_a_pixel_that_nothing_wrote_is_noticed(self):
        load = convolution.Convolutions(Context.gpu, "bfloat16")
        load.run()
        load._outputs[2][1, 3, 4, 5] = torch.nan  # of an image that is not sampled
        self.assertNotEqual(load.error(), load.error())


if __name__ == "__main__":
    unittest.main()
