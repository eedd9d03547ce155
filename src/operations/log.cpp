#include "operations/log.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace rollcall::operations {

using json = nlohmann::ordered_json;

json to_json(const store::LogLine& line) {
  const auto value_of = [](const std::string& text) {
    return text.empty() ? json() : read_json<json>(text);
  };
  return {{"number", line.number},
          {"at", iso_utc(line.at)},
          {"who", line.who},
          {"action", line.action},
          {"kind", line.kind},
          {"uid", line.uid},
          {"name", line.name},
          {"before", value_of(line.before)},
          {"after", value_of(line.after)},
          {"address", line.address}};
}

}  // namespace rollcall::operations
