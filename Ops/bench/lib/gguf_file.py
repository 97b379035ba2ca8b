"""Writes GGUF files: header, metadata, tensors in F32, F16, BF16, Q8_0 or Q4_0. Not a program.

Format: little endian; magic, version 3, counts, then key-value pairs, tensor infos, padding, tensor data, each tensor
padded to 32 bytes. Extents are written fastest first. Blocks of 32 values: Q8_0 is a half-precision scale and 32
bytes, Q4_0 a scale and 16 bytes whose low halves are the first 16 values, offset by 8.
"""
import struct

import numpy as np

ALIGNMENT = 32
TYPE_CODES = {"f32": 0, "f16": 1, "q4_0": 2, "q8_0": 8, "bf16": 30}
FILE_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q8_0": 7, "bf16": 32}


def to_bfloat16(values):
    """float32 -> the upper 16 bits, rounded to nearest even."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)


def from_bfloat16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def quantise_q8_0(values):
    blocks = values.reshape(-1, 32)
    scale = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale != 0)
    whole = np.trunc(blocks * inverse + np.copysign(np.float32(0.5), blocks)).astype(np.int8)
    return np.hstack([scale.astype("<f2").view(np.uint8), whole.view(np.uint8)])


def quantise_q4_0(values):
    blocks = values.reshape(-1, 32)
    extreme = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1)[:, None], axis=1)
    scale = extreme / np.float32(-8)
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale != 0)
    whole = np.trunc(blocks * inverse + np.float32(8.5)).clip(0, 15).astype(np.uint8)
    return np.hstack([scale.astype("<f2").view(np.uint8), whole[:, :16] | whole[:, 16:] << 4])


def encode(bits, type_name):
    """bfloat16 bits -> the bytes of a tensor of that type."""
    if type_name == "bf16":
        return bits.tobytes()
    values = from_bfloat16(bits)
    if type_name == "f32":
        return values.tobytes()
    if type_name == "f16":
        return values.astype("<f2").tobytes()
    # In pieces, so that a large matrix needs no float copy of itself.
    quantise = quantise_q8_0 if type_name == "q8_0" else quantise_q4_0
    values = values.reshape(-1, 32)
    return b"".join(quantise(values[i:i + (1 << 18)]).tobytes() for i in range(0, len(values), 1 << 18))


def byte_count(elements, type_name):
    return {"f32": elements * 4, "f16": elements * 2, "bf16": elements * 2,
            "q8_0": elements // 32 * 34, "q4_0": elements // 32 * 18}[type_name]


class GGUFWriter:
    """Collects metadata and tensors, then writes the file in one go."""

    def __init__(self):
        self.pairs, self.tensors = [], []

    def add(self, key, value):
        """Adds metadata: bool, int (u32), float (f32), str, or a list of str or int (i32)."""
        self.pairs.append(self._text(key) + self._value(value))

    def add_tensor(self, name, shape, type_name, data):
        """Adds a tensor [rows, columns] or [elements]; `data()` gives its bytes when they are written."""
        self.tensors.append((name, shape, type_name, data))

    def write(self, path):
        infos, offset = [], 0
        for name, shape, type_name, _ in self.tensors:
            extents = b"".join(struct.pack("<Q", extent) for extent in reversed(shape))
            infos.append(self._text(name) + struct.pack("<I", len(shape)) + extents
                         + struct.pack("<IQ", TYPE_CODES[type_name], offset))
            offset += -(-byte_count(int(np.prod(shape)), type_name) // ALIGNMENT) * ALIGNMENT
        head = (b"GGUF" + struct.pack("<IQQ", 3, len(self.tensors), len(self.pairs))
                + b"".join(self.pairs) + b"".join(infos))
        with open(path, "wb") as file:
            file.write(head + b"\0" * (-len(head) % ALIGNMENT))
            for name, shape, type_name, data in self.tensors:
                content = data()
                expected = byte_count(int(np.prod(shape)), type_name)
                if len(content) != expected:
                    raise ValueError(f"{name}: expected {expected} bytes, got {len(content)}")
                file.write(content + b"\0" * (-len(content) % ALIGNMENT))

    @staticmethod
    def _text(text):
        data = text.encode()
        return struct.pack("<Q", len(data)) + data

    def _value(self, value):
        if isinstance(value, bool):
            return struct.pack("<I?", 7, value)
        if isinstance(value, int):
            return struct.pack("<II", 4, value)
        if isinstance(value, float):
            return struct.pack("<If", 6, value)
        if isinstance(value, str):
            return struct.pack("<I", 8) + self._text(value)
        if isinstance(value[0], str):
            return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(self._text(text) for text in value)
        return struct.pack("<IIQ", 9, 5, len(value)) + np.asarray(value, dtype="<i4").tobytes()
