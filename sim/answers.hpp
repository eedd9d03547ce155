// The bodies the service answers with, in the form of each year, and the check of a request's JSON
// against the types it must have.
// Pure; safe from any thread. Source: docs/facts/iterable.md, envelope; status and code table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/fields.hpp"
#include "sim/http.hpp"
#include "sim/json.hpp"

namespace sim {

Response answer_json(int status, const OrderedJson& body);
Response answer_text(int status, std::string body);
// {"msg", "code", "params"}
Response answer_code(int status, std::string_view msg, std::string_view code,
                     const OrderedJson& params = nullptr);
Response answer_success(std::string_view msg = "");
// The page of an address that does not exist.
Response answer_not_found_page(std::string_view target);
Response answer_bad_params(std::string_view msg, const OrderedJson& params = nullptr);
Response answer_invalid_email(std::string_view email);
// `ids_as_text`: the older endpoints give numbers as text.
Response answer_invalid_list(int64_t project_id, int64_t list_id);
Response answer_type_conflict(int64_t project_id, const FieldConflict& conflict);
Response answer_too_many_fields(int64_t project_id, int64_t limit, int64_t total,
                                const std::vector<std::string>& created);

// A JSON type a value should have had.
enum class Expected { present, string, number, boolean, array, object };

// Where an object stands: at the top (row -1), or at that index of `array`.
struct BodyPlace {
  std::string_view array = {};
  int64_t row = -1;
};

// Reads members of a request's body and collects what has the wrong type; null counts as absent
// where a member is optional. Paths are in the service's form: obj.users[1].email.
class BodyReader {
 public:
  // `shape` is a position of Switches::shape.
  BodyReader(const Request& request, std::string_view endpoint, int64_t shape);

  // The parsed body, an object; null if there were errors (see refusal()).
  Json* object();

  using At = BodyPlace;
  const std::string* text(const Json& parent, const char* name, bool required = false, At at = {});
  std::optional<int64_t> integer(const Json& parent, const char* name, bool required = false,
                                 At at = {});
  std::optional<bool> boolean(const Json& parent, const char* name, At at = {});
  Json* array(Json& parent, const char* name, bool required = false, At at = {});
  Json* object(Json& parent, const char* name, At at = {});
  // An array of whole numbers.
  std::optional<std::vector<int64_t>> integers(Json& parent, const char* name);
  void fail(std::string path, Expected expected);

  [[nodiscard]] bool failed() const { return !errors_.empty() || malformed_; }
  // 400 BadJsonBody. To be used if failed().
  [[nodiscard]] Response refusal() const;

 private:
  template <typename AnyJson>
  AnyJson* member(AnyJson& parent, const char* name, bool required, At at);
  static std::string path_of(const char* name, At at);

  const Request& request_;
  const std::string endpoint_;
  const int64_t shape_;
  std::optional<Json> body_;
  bool malformed_ = false;
  std::vector<std::pair<std::string, Expected>> errors_;
};

}  // namespace sim
