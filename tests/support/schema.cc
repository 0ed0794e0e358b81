#include "support/schema.h"

// The validator's headers keep other rules about warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

#include "support/files.h"

namespace shoehorn::testing {

std::string SchemaComplaint(const std::string& schema, const std::string& json) {
  const auto text = ReadText(std::string(SHOEHORN_SOURCE_DIR) + "/docs/" + schema);
  if (!text.ok()) return text.error().Text();
  const nlohmann::json schema_json = nlohmann::json::parse(*text);
  const nlohmann::json document = nlohmann::json::parse(json, nullptr, false);
  if (document.is_discarded()) return "not JSON";
  valijson::Schema rules;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_json), rules);
  valijson::ValidationResults results;
  if (valijson::Validator().validate(rules, valijson::adapters::NlohmannJsonAdapter(document), &results))
    return "";
  valijson::ValidationResults::Error error;
  results.popError(error);
  std::string complaint;
  for (const std::string& part : error.context) complaint += part;
  return complaint + ": " + error.description;
}

}  // namespace shoehorn::testing
