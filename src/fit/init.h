// A spec for a model before anybody wrote one: everything that the model shows is filled in, the rest is a
// comment that says what to write there.
#pragma once

#include <filesystem>
#include <string>

#include "ir/graph.h"

namespace shoehorn::fit {

/// Text of a spec that LoadSpec reads. `model_path` is what the key `model` says, relative to the spec's
/// folder.
std::string SpecFor(const ir::Model& model, const std::filesystem::path& model_path);

}  // namespace shoehorn::fit
