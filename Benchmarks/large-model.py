"""Writes a folder as the hub has it, with a llama model of a given shape and random weights in BF16:
FOLDER TOKENS WIDTH LAYERS. Its vocabulary is one of sentencepiece, of bytes and of words that nothing is cut into.
"""
import json
import os
import struct
import sys

import numpy


def field(number, kind, payload):
    def varint(value):
        out = b""
        while True:
            value, low = value >> 7, value & 127
            out += bytes([low | (128 if value else 0)])
            if not value:
                return out
    head = varint(number << 3 | kind)
    if kind == 2:
        return head + varint(len(payload)) + payload
    return head + (struct.pack("<f", payload) if kind == 5 else varint(payload))


def vocabulary(tokens):
    NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
    pieces = [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)]
    pieces += [(f"<0x{byte:02X}>", BYTE) for byte in range(256)]
    pieces += [(f"\u2581w{index}", NORMAL) for index in range(tokens - len(pieces))]
    out = b""
    for rank, (text, kind) in enumerate(pieces):
        piece = field(1, 2, text.encode()) + field(2, 5, -float(rank)) + field(3, 0, kind)
        out += field(1, 2, piece)
    # The kind of model is one of byte pairs; bytes stand for what it does not know.
    return out + field(2, 2, field(3, 0, 2) + field(35, 0, 1)) + field(3, 2, field(1, 2, b"identity"))


def tensors(tokens, width, layers):
    inner, keys = width * 11 // 4 // 256 * 256, width // 8
    yield "model.embed_tokens.weight", (tokens, width)
    for layer in range(layers):
        for name, shape in (
            ("self_attn.q_proj", (width, width)), ("self_attn.k_proj", (keys, width)),
            ("self_attn.v_proj", (keys, width)), ("self_attn.o_proj", (width, width)),
            ("mlp.gate_proj", (inner, width)), ("mlp.up_proj", (inner, width)), ("mlp.down_proj", (width, inner)),
            ("input_layernorm", (width,)), ("post_attention_layernorm", (width,)),
        ):
            yield f"model.layers.{layer}.{name}.weight", shape
    yield "model.norm.weight", (width,)
    yield "lm_head.weight", (tokens, width)


def weights(random, shape):
    numbers = random.standard_normal(shape, dtype=numpy.float32) * numpy.float32(0.02)
    return (numbers.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes()


def main(folder, tokens, width, layers):
    tokens, width, layers = int(tokens), int(width), int(layers)
    os.makedirs(folder)
    with open(f"{folder}/config.json", "w") as file:
        json.dump({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16",
            "hidden_size": width, "intermediate_size": width * 11 // 4 // 256 * 256, "num_hidden_layers": layers,
            "num_attention_heads": width // 64, "num_key_value_heads": width // 512, "vocab_size": tokens,
            "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
            "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
        }, file)
    with open(f"{folder}/tokenizer_config.json", "w") as file:
        json.dump({"add_bos_token": True, "add_eos_token": False, "bos_token": "<s>", "eos_token": "</s>"}, file)
    with open(f"{folder}/tokenizer.model", "wb") as file:
        file.write(vocabulary(tokens))
    header, end = {}, 0
    for name, shape in tensors(tokens, width, layers):
        begin, end = end, end + 2 * int(numpy.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    random = numpy.random.default_rng(1)
    with open(f"{folder}/model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, shape in tensors(tokens, width, layers):
            file.write(weights(random, shape))


main(*sys.argv[1:])
