// NumPy's .npy and .npz files: arrays as numpy.save and numpy.savez write them, one an input of the model
// (or, for an external metric, one an output).
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "ir/tensor.h"
#include "support/result.h"

namespace shoehorn::data {

/// Versions 1 to 3, little-endian numbers and booleans; Fortran order is turned into C order.
/// Errors (file `file`, place "header" or empty): a broken header, another type, more or fewer bytes than the
/// shape needs.
Result<ir::Tensor> ParseNpy(std::span<const std::byte> bytes, const std::string& file);
Result<ir::Tensor> ReadNpy(const std::filesystem::path& path);

/// The bytes of a .npy file of version 1. bfloat16, which NumPy does not know, is widened to float.
std::string FormatNpy(const ir::Tensor& tensor);

/// Arrays of a .npz file (zip, stored or deflated) by name, without ".npy". An array above `limit` bytes is
/// an error.
Result<std::map<std::string, ir::Tensor>> ReadNpz(const std::filesystem::path& path,
                                                  uint64_t limit = uint64_t{1} << 32);

}  // namespace shoehorn::data
