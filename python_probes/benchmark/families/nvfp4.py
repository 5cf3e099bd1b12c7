"""NVFP4: 4-bit floating-point numbers, each 16 in a row with a scale of their own.

A number is sign, two bits of exponent and one of mantissa (E2M1); a scale is an 8-bit E4M3. How
cuBLAS wants both is described in its documentation under "1D block scaling factors layout", and
exercised by test/test_scaled_matmul_cuda.py of PyTorch.
"""

from __future__ import annotations

import itertools
from typing import Any

BLOCK = 16
_MAGNITUDES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # of the codes 0 to 7
_SIGN = 8  # the bit of a code
_TILE_ROWS, _TILE_COLUMNS, _TILE_GROUP = 128, 4, 32


def quantize(torch: Any, numbers: Any) -> tuple[Any, Any]:
    """Matrix rows as packed codes (uint8, the even column in the low half) and E4M3 scales."""
    blocks = numbers.view(numbers.shape[0], -1, BLOCK)
    scales = (blocks.abs().amax(dim=-1) / _MAGNITUDES[-1]).to(torch.float8_e4m3fn)
    scaled = (blocks / scales.float().unsqueeze(-1)).view(numbers.shape)
    halfway = [(low + high) / 2 for low, high in itertools.pairwise(_MAGNITUDES)]
    bounds = torch.tensor(halfway, device=numbers.device)
    codes = torch.bucketize(scaled.abs(), bounds, out_int32=True).to(torch.uint8)
    codes += (scaled < 0).to(torch.uint8) * _SIGN
    return codes[:, ::2] | (codes[:, 1::2] << 4), scales


def decode(torch: Any, packed: Any, scales: Any) -> Any:
    """The numbers in float64 that packed codes and their scales stand for."""
    codes = torch.stack((packed & 0xF, packed >> 4), dim=-1).flatten(-2)
    signed = (*_MAGNITUDES, *(-one for one in _MAGNITUDES))
    values = torch.tensor(signed, dtype=torch.float64, device=packed.device)
    return values[codes.long()] * scales.double().repeat_interleave(BLOCK, dim=-1)


def swizzle(scales: Any) -> Any:
    """Scales in the order that cuBLAS reads them: tiles of 128 rows by 4 columns.

    In a tile, rows 32 apart stand together. The sides must be multiples of those of a tile.
    """
    rows, columns = scales.shape
    tiles = scales.view(rows // _TILE_ROWS, _TILE_ROWS, columns // _TILE_COLUMNS, _TILE_COLUMNS)
    groups = tiles.permute(0, 2, 1, 3).reshape(
        -1, _TILE_ROWS // _TILE_GROUP, _TILE_GROUP, _TILE_COLUMNS
    )
    return groups.transpose(1, 2).flatten()
