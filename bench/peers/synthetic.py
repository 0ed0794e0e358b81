"""Graphs made to a size: a residual network of any number of nodes, and a model with gigabytes of external data.

  synthetic.py chain OUT.onnx NODES
  synthetic.py large OUT.onnx BYTES
"""
import pathlib
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

CHANNELS = 4


def model_of(nodes, inputs, outputs, initializers):
    graph = helper.make_graph(nodes, "synthetic", inputs, outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write_chain(path: pathlib.Path, size: int) -> None:
    """Blocks of ten nodes with something for most passes to do: Conv, BatchNormalization, Relu, Identity, Mul by a constant,
    two Transposes that cancel, Reshape to the same shape, Add of constants that fold, residual Add."""
    random = numpy.random.default_rng(1)
    nodes, initializers = [], []

    def constant(name, array):
        initializers.append(numpy_helper.from_array(array, name))
        return name

    shape = constant("shape", numpy.array([1, CHANNELS, 8, 8], numpy.int64))
    one = constant("one", numpy.ones([1], numpy.float32))
    value = "x"
    for block in range(max(size // 10, 1)):
        def out(part):
            return f"b{block}/{part}"

        def add(op, inputs, part, **attributes):
            nodes.append(helper.make_node(op, inputs, [out(part)], name=out(part), **attributes))
            return out(part)

        weight = constant(out("w"), random.normal(0, 0.3, [CHANNELS, CHANNELS, 1, 1]).astype(numpy.float32))
        norm = [constant(out(f"n{i}"), random.uniform(0.5, 1, [CHANNELS]).astype(numpy.float32)) for i in range(4)]
        y = add("Conv", [value, weight], "conv")
        y = add("BatchNormalization", [y, *norm], "norm")
        y = add("Relu", [y], "relu")
        y = add("Identity", [y], "same")
        y = add("Transpose", [y], "there", perm=[0, 2, 3, 1])
        y = add("Transpose", [y], "back", perm=[0, 3, 1, 2])
        y = add("Reshape", [y, shape], "reshape")
        two = add("Add", [one, one], "two")
        y = add("Div", [y, two], "half")
        value = add("Add", [y, value], "sum")
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, CHANNELS, 8, 8]) for name in ("x", value)]
    onnx.save(model_of(nodes, ports[:1], ports[1:], initializers), path)


def write_large(path: pathlib.Path, size: int) -> None:
    """MatMuls by 4096 x 4096 weights (64 MiB each) in one external file, which is sparse: zeros that take no disk."""
    side, each = 4096, 4096 * 4096 * 4
    nodes, initializers, value = [], [], "x"
    for i in range(size // each):
        tensor = TensorProto(name=f"w{i}", data_type=TensorProto.FLOAT, dims=[side, side], data_location=TensorProto.EXTERNAL)
        for key, word in (("location", path.name + ".data"), ("offset", str(i * each)), ("length", str(each))):
            tensor.external_data.add(key=key, value=word)
        initializers.append(tensor)
        nodes.append(helper.make_node("MatMul", [value, f"w{i}"], [f"y{i}"], name=f"matmul{i}"))
        value = f"y{i}"
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, side]) for name in ("x", value)]
    path.write_bytes(model_of(nodes, ports[:1], ports[1:], initializers).SerializeToString())
    with open(path.with_name(path.name + ".data"), "wb") as data:
        data.truncate(size // each * each)


if __name__ == "__main__":
    {"chain": write_chain, "large": write_large}[sys.argv[1]](pathlib.Path(sys.argv[2]), int(sys.argv[3]))
