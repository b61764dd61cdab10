"""Writes a GGUF with the header of a large model: LARGE.gguf VOCABULARY.gguf. Its data are a hole of the right length.

The model has the shape of Qwen2.5 32B in Q4_K_M: 771 tensors, and the vocabulary's 151,936 tokens and 151,387 merges.
"""
import os
import sys

import numpy
from gguf import GGUFReader, GGUFValueType, GGUFWriter, GGMLQuantizationType, GGML_QUANT_SIZES

LAYERS, WIDTH, KEYS, INNER, TOKENS = 64, 5120, 1024, 27648, 152064
Q4, Q6, F32 = (GGMLQuantizationType[name] for name in ("Q4_K", "Q6_K", "F32"))


def tensors():
    yield "token_embd.weight", (TOKENS, WIDTH), Q4
    for layer in range(LAYERS):
        down = Q6 if layer % 2 else Q4
        for name, shape, kind in (
            ("attn_norm.weight", (WIDTH,), F32), ("ffn_norm.weight", (WIDTH,), F32),
            ("attn_q.weight", (WIDTH, WIDTH), Q4), ("attn_q.bias", (WIDTH,), F32),
            ("attn_k.weight", (KEYS, WIDTH), Q4), ("attn_k.bias", (KEYS,), F32),
            ("attn_v.weight", (KEYS, WIDTH), down), ("attn_v.bias", (KEYS,), F32),
            ("attn_output.weight", (WIDTH, WIDTH), Q4), ("ffn_gate.weight", (INNER, WIDTH), Q4),
            ("ffn_up.weight", (INNER, WIDTH), Q4), ("ffn_down.weight", (WIDTH, INNER), down),
        ):
            yield f"blk.{layer}.{name}", shape, kind
    yield "output_norm.weight", (WIDTH,), F32
    yield "output.weight", (TOKENS, WIDTH), Q6


def main(path, vocabulary):
    writer = GGUFWriter(path, "qwen2")
    writer.add_name("Qwen2.5 32B Instruct")
    writer.add_file_type(15)
    for name, number in (
        ("block_count", LAYERS), ("context_length", 32768), ("embedding_length", WIDTH), ("feed_forward_length", INNER),
        ("attention.head_count", 40), ("attention.head_count_kv", 8),
    ):
        writer.add_uint32(f"qwen2.{name}", number)
    for name, field in GGUFReader(vocabulary).fields.items():
        if not name.startswith("tokenizer."):
            continue
        kind = field.types[0]
        element = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kind, element)
    size = 0
    for name, shape, kind in tensors():
        elements, length = GGML_QUANT_SIZES[kind]
        count = int(numpy.prod(shape)) // elements * length
        writer.add_tensor_info(name, list(shape), numpy.dtype(numpy.float32), count, raw_dtype=kind)
        size += (count + 31) // 32 * 32
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    os.truncate(path, (os.path.getsize(path) + 31) // 32 * 32 + size)


main(*sys.argv[1:])
