// Holds JSON that the program writes against the schemas in docs/.
#pragma once

#include <string>

namespace shoehorn::testing {

/// The first complaint of docs/<schema> about `json`, or empty.
std::string SchemaComplaint(const std::string& schema, const std::string& json);

}  // namespace shoehorn::testing
