"""Writes ONNX's own backend tests out as files, so that a program without Python can run them.

  backend_tests.py OUT
  OUT/node/test_relu/{model.onnx, test_data_set_0/input_0.pb, output_0.pb}, OUT/pytorch-operator/..., OUT/simple/...

The layout is ONNX's own. The folder names are those of the package; values are TensorProto, SequenceProto or
OptionalProto as the model's declared type says.
"""
import pathlib
import shutil
import sys
import warnings

import numpy
import onnx.backend.test
from onnx import TensorProto, numpy_helper
from onnx.backend.test.loader import load_model_tests


def serialized(value, info) -> bytes:
    if isinstance(value, TensorProto):
        return value.SerializeToString()
    kind = info.type.WhichOneof("value")
    if kind == "sequence_type":
        return numpy_helper.from_list(value, info.name).SerializeToString()
    if kind == "optional_type":
        return numpy_helper.from_optional(value, info.name).SerializeToString()
    return numpy_helper.from_array(numpy.asarray(value), info.name).SerializeToString()


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    warnings.simplefilter("ignore")  # the cases divide by zero on purpose
    cases = load_model_tests(kind="node")
    for case in cases:
        folder = out / "node" / case.name
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(case.model.SerializeToString())
        for number, data in enumerate(case.data_sets):
            values = folder / f"test_data_set_{number}"
            values.mkdir()
            for side, infos, arrays in zip(("input", "output"), (case.model.graph.input, case.model.graph.output), data):
                for i, (info, array) in enumerate(zip(infos, arrays, strict=True)):
                    (values / f"{side}_{i}.pb").write_bytes(serialized(array, info))
    data = pathlib.Path(onnx.backend.test.__file__).parent / "data"
    for kind in ("pytorch-operator", "pytorch-converted", "simple"):
        shutil.copytree(data / kind, out / kind)
    print(f"setup: wrote {len(list(out.glob('*/*/model.onnx')))} backend tests")


main()
