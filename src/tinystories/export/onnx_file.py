"""Both families as an ONNX graph that reads a chunk of tokens, with the state going in and out.

The graph is written out in ONNX's own text form, a third writing of the models after PyTorch's and
the engine's: every kind of block is one function, and the graph calls it once a block. The
tests hold its logits and states to those of the PyTorch models.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tinystories.engine.weights import Array, Floats, kind_of
from tinystories.errors import UserError
from tinystories.runs import Run

MODEL = "model.onnx"
DOMAIN = "tinystories"
_HEADER = f'<domain: "{DOMAIN}", opset_import: ["": 18, "{DOMAIN}": 1]>\n'

NORM = """
norm (x, weight) => (y) {
    last = Constant <value_ints = [-1]> ()
    eps = Constant <value_float = 1e-6> ()
    square = Mul (x, x)
    mean = ReduceMean (square, last)
    above = Add (mean, eps)
    length = Sqrt (above)
    one = Div (x, length)
    y = Mul (one, weight)
}"""

THINK = """
think (x, norm_weight, gate, up, down) => (y) {
    a = tinystories.norm (x, norm_weight)
    g = MatMul (a, gate)
    s = Sigmoid (g)
    silu = Mul (g, s)
    u = MatMul (a, up)
    both = Mul (silu, u)
    thought = MatMul (both, down)
    y = Add (x, thought)
}"""

# Of a chunk from a position on: the cosines and sines (T, D/H/2) of its tokens, and what is added
# to their scores (T, S + T): nothing within the window, minus infinity outside.
PLACES = """
places (tokens, keys, position, frequency, context) => (cos, sin, mask, after) {
    zero = Constant <value_int = 0> ()
    one = Constant <value_int = 1> ()
    nothing = Constant <value_float = 0.0> ()
    never = Constant <value_float = -inf> ()
    first = Constant <value_ints = [0]> ()
    second = Constant <value_ints = [1]> ()
    shape = Shape <start = 1> (tokens)
    count = Squeeze (shape)
    after = Add (position, count)
    at = Range (position, after, one)
    places = Cast <to = 1> (at)
    column = Unsqueeze (places, second)
    angles = Mul (column, frequency)
    cos = Cos (angles)
    sin = Sin (angles)
    old_shape = Shape <start = 3, end = 4> (keys)
    old = Squeeze (old_shape)
    end = Add (old, count)
    slots = Range (old, end, one)
    seen = Range (zero, end, one)
    rows = Unsqueeze (slots, second)
    columns = Unsqueeze (seen, first)
    age = Sub (rows, columns)
    late = Less (age, zero)
    early = GreaterOrEqual (age, context)
    out = Or (late, early)
    mask = Where (out, never, nothing)
}"""

ROTATE = """
rotate (x, cos, sin) => (y) {
    left, right = Split <axis = -1, num_outputs = 2> (x)
    left_cos = Mul (left, cos)
    right_sin = Mul (right, sin)
    right_cos = Mul (right, cos)
    left_sin = Mul (left, sin)
    new_left = Sub (left_cos, right_sin)
    new_right = Add (right_cos, left_sin)
    y = Concat <axis = -1> (new_left, new_right)
}"""

TRANSFORMER = """
transformer (
    x, old_keys, old_values, cos, sin, mask, by_head,
    norm_weight, query, key, value, query_norm, key_norm, out
) => (y, new_keys, new_values) {
    first = Constant <value_ints = [0]> ()
    keys_before = Squeeze (old_keys, first)
    values_before = Squeeze (old_values, first)
    a = tinystories.norm (x, norm_weight)
    q_flat = MatMul (a, query)
    q_heads = Reshape (q_flat, by_head)
    q_one = tinystories.norm (q_heads, query_norm)
    q_side = Transpose <perm = [0, 2, 1, 3]> (q_one)
    q = tinystories.rotate (q_side, cos, sin)
    k_flat = MatMul (a, key)
    k_heads = Reshape (k_flat, by_head)
    k_one = tinystories.norm (k_heads, key_norm)
    k_side = Transpose <perm = [0, 2, 1, 3]> (k_one)
    k = tinystories.rotate (k_side, cos, sin)
    v_flat = MatMul (a, value)
    v_heads = Reshape (v_flat, by_head)
    v = Transpose <perm = [0, 2, 1, 3]> (v_heads)
    keys = Concat <axis = 2> (keys_before, k)
    values = Concat <axis = 2> (values_before, v)
    turned = Transpose <perm = [0, 1, 3, 2]> (keys)
    likeness = MatMul (q, turned)
    scores = Add (likeness, mask)
    share = Softmax <axis = -1> (scores)
    found = MatMul (share, values)
    side = Transpose <perm = [0, 2, 1, 3]> (found)
    flat = Constant <value_ints = [0, 0, -1]> ()
    all = Reshape (side, flat)
    mixed = MatMul (all, out)
    y = Add (x, mixed)
    new_keys = Unsqueeze (keys, first)
    new_values = Unsqueeze (values, first)
}"""

MINGRU = """
mingru (x, old, norm_weight, update, bias, candidate, gate, out) => (y, hidden) {
    first = Constant <value_ints = [0]> ()
    start = Squeeze (old, first)
    a = tinystories.norm (x, norm_weight)
    z_flat = MatMul (a, update)
    z_open = Add (z_flat, bias)
    z = Sigmoid (z_open)
    c = MatMul (a, candidate)
    last, all = Scan <
        num_scan_inputs = 2, scan_input_axes = [1, 1], scan_output_axes = [1],
        body = step (float[B, D] before, float[B, D] zt, float[B, D] ct)
            => (float[B, D] now, float[B, D] kept) {
            way = Sub (ct, before)
            move = Mul (zt, way)
            now = Add (before, move)
            kept = Identity (now)
        }
    > (start, z, c)
    g = MatMul (a, gate)
    s = Sigmoid (g)
    silu = Mul (g, s)
    said = Mul (all, silu)
    mixed = MatMul (said, out)
    y = Add (x, mixed)
    hidden = Unsqueeze (last, first)
}"""

# The two cells that ONNX has itself, with time first and an axis of directions.
GRU = """
gru (x, old, norm_weight, w, r, b, out) => (y, hidden) {
    second = Constant <value_ints = [1]> ()
    a = tinystories.norm (x, norm_weight)
    time_first = Transpose <perm = [1, 0, 2]> (a)
    all, hidden = GRU <hidden_size = {width}, linear_before_reset = 1> (
        time_first, w, r, b, , old)
    one_way = Squeeze (all, second)
    batch_first = Transpose <perm = [1, 0, 2]> (one_way)
    mixed = MatMul (batch_first, out)
    y = Add (x, mixed)
}"""

LSTM = """
lstm (x, old, old_cell, norm_weight, w, r, b, out) => (y, hidden, cell) {
    second = Constant <value_ints = [1]> ()
    a = tinystories.norm (x, norm_weight)
    time_first = Transpose <perm = [1, 0, 2]> (a)
    all, hidden, cell = LSTM <hidden_size = {width}> (
        time_first, w, r, b, , old, old_cell)
    one_way = Squeeze (all, second)
    batch_first = Transpose <perm = [1, 0, 2]> (one_way)
    mixed = MatMul (batch_first, out)
    y = Add (x, mixed)
}"""

FUNCTIONS = {
    "transformer": (NORM, THINK, PLACES, ROTATE, TRANSFORMER),
    "mingru": (NORM, THINK, MINGRU),
    "gru": (NORM, THINK, GRU),
    "lstm": (NORM, THINK, LSTM),
}

MEMORIES = {
    "transformer": ("keys", "values"),
    "mingru": ("hidden",),
    "gru": ("hidden",),
    "lstm": ("hidden", "cell"),
}
"""What a block remembers, in the order its function takes it; in the graph, of all blocks."""

WEIGHTS = {
    "transformer": ("query", "key", "value", "query_norm", "key_norm", "out"),
    "mingru": ("update", "bias", "candidate", "gate", "out"),
    "gru": ("w", "r", "b", "out"),
    "lstm": ("w", "r", "b", "out"),
}
"""The weights of a block's ``mix``, in the order its function takes them."""

THOUGHTS = ("think_norm", "gate_in", "up", "down")

# PyTorch's gates of a cell in ONNX's order: update, reset, new; in, out, forget, cell.
_GATES = {"gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}

USAGE = """`model.onnx` reads a chunk of tokens, one or many, and gives the logits after each
and its new state, which goes in with the next chunk:

```python
import numpy as np
import onnxruntime
from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file("tokenizer.json")
tokenizer.encode_special_tokens = True  # A typed "<eos>" is text.
model = onnxruntime.InferenceSession("model.onnx")
state = {{{state}}}
story, chunk = [], tokenizer.encode("Once upon a time").ids
while len(story) < 500 and chunk != [0]:
    story += chunk
    logits, *after = model.run(None, {{"tokens": [chunk], **state}})
    state = dict(zip(state, after))
    chunk = [int(logits[0, -1].argmax())]
print(tokenizer.decode(story))
```"""


def write(run: Run, weights: Mapping[str, Floats], folder: Path) -> str:
    """Write the model for ONNX runtimes; for the rest see :func:`tinystories.export.export`."""
    try:
        import onnx
    except ImportError as error:
        raise UserError(
            f"writing ONNX needs a package ({error}); pip install 'tinystories[export]'"
        ) from error
    kind = kind_of(run.family, run.card["model"]["arguments"])
    depth = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))
    vocab, width = weights["embed.weight"].shape
    sides: tuple[int | str, ...] = (depth, "B", width)
    constants = {"embed": weights["embed.weight"], "norm": weights["norm.weight"]}
    for i in range(depth):
        block = f"blocks.{i}."
        named = {n.removeprefix(block): w for n, w in weights.items() if n.startswith(block)}
        constants |= {f"{name}_{i}": w for name, w in _block(kind, named).items()}
    if kind == "transformer":
        size = len(weights["blocks.0.mix.query_norm.weight"])
        sides = (depth, "B", width // size, "S", size)
        context = int(run.card["model"]["arguments"].get("context", 512))
        constants |= _of_attention(width // size, size, context)
    text = _program(kind, depth, vocab, sides)
    text += "".join(_HEADER + function for function in FUNCTIONS[kind])
    model = onnx.parser.parse_model(text.replace("{width}", str(width)))
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in constants.items()
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, folder / MODEL)
    start = tuple({"B": 1, "S": 0}.get(str(side), side) for side in sides)
    state = [f'"{name}": np.zeros({start}, "float32")' for name in MEMORIES[kind]]
    if kind == "transformer":
        state.append('"position": np.array(0)')
    return USAGE.format(state=", ".join(state))


def _block(kind: str, named: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return a block's weights by their names in the functions, matrices as (in, out)."""
    made = {
        "mix_norm": named["mix_norm.weight"],
        "think_norm": named["think_norm.weight"],
        "gate_in": named["think.gate.weight"].T,
        "up": named["think.up.weight"].T,
        "down": named["think.down.weight"].T,
    }
    if kind in _GATES:

        def turned(name: str) -> Floats:
            gates = np.split(named[f"mix.cell.{name}_l0"], len(_GATES[kind]))
            return np.concatenate([gates[i] for i in _GATES[kind]])[None]

        made |= {"w": turned("weight_ih"), "r": turned("weight_hh")}
        made["b"] = np.concatenate((turned("bias_ih"), turned("bias_hh")), axis=1)
        made["out"] = named["mix.out.weight"].T
    else:
        made |= {name: named[f"mix.{name}.weight"].T for name in WEIGHTS[kind] if name != "bias"}
    if kind == "mingru":
        made["bias"] = named["mix.update.bias"]
    if kind == "transformer":  # As the engine has it: the norm carries the scale of attention.
        made["query_norm"] = made["query_norm"] * np.float32(len(made["query_norm"]) ** -0.5)
    return made


def _of_attention(heads: int, size: int, context: int) -> dict[str, Array]:
    steps = np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
    return {
        "by_head": np.array([0, 0, heads, size]),
        "frequency": np.float32(10_000) ** -steps,
        "context": np.array(context),
        # What the slice of the window takes: the last ``context - 1`` slots.
        "start": np.array([1 - context]),
        "end": np.array([np.iinfo(np.int64).max]),
        "slots": np.array([3]),
    }


def _program(kind: str, depth: int, vocab: int, sides: tuple[int | str, ...]) -> str:
    """Return the graph that calls the functions, in ONNX's text form."""
    memories, shape = MEMORIES[kind], ", ".join(map(str, sides))
    attention = kind == "transformer"
    extra = ("cos", "sin", "mask", "by_head") if attention else ()
    inputs = ["int64[B, T] tokens", *(f"float[{shape}] {name}" for name in memories)]
    outputs = [f"float[B, T, {vocab}] logits"]
    outputs += [f"float[{shape.replace('S', 'R')}] new_{name}" for name in memories]
    body = ["x_0 = Gather (embed, tokens)"]
    for name in memories:
        pieces = ", ".join(f"{name}_{i}" for i in range(depth))
        body.append(f"{pieces} = Split <axis = 0, num_outputs = {depth}> ({name})")
    if attention:
        inputs.append("int64 position")
        outputs.append("int64 new_position")
        body.append(
            f"cos, sin, mask, new_position = {DOMAIN}.places "
            "(tokens, keys, position, frequency, context)"
        )
    for i in range(depth):
        old = [f"{name}_{i}" for name in memories]
        new = ", ".join(f"{name}_{i}_new" for name in memories)
        taken = ", ".join(
            (f"x_{i}", *old, *extra, *(f"{n}_{i}" for n in ("mix_norm", *WEIGHTS[kind])))
        )
        body.append(f"mixed_{i}, {new} = {DOMAIN}.{kind} ({taken})")
        thought = ", ".join((f"mixed_{i}", *(f"{name}_{i}" for name in THOUGHTS)))
        body.append(f"x_{i + 1} = {DOMAIN}.think ({thought})")
    for name in memories:
        pieces = ", ".join(f"{name}_{i}_new" for i in range(depth))
        whole = f"all_{name}" if attention else f"new_{name}"
        body.append(f"{whole} = Concat <axis = 0> ({pieces})")
        if attention:
            body.append(f"new_{name} = Slice ({whole}, start, end, slots)")
    body += [
        f"last = {DOMAIN}.norm (x_{depth}, norm)",
        "head = Transpose <perm = [1, 0]> (embed)",
        "logits = MatMul (last, head)",
    ]
    return (
        f'<ir_version: 10, opset_import: ["": 18, "{DOMAIN}": 1]>\n'
        f"{kind} ({', '.join(inputs)}) => ({', '.join(outputs)}) {{\n    "
        + "\n    ".join(body)
        + "\n}\n"
    )
