#include "sim/answers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "sim/switches.hpp"

namespace sim {
namespace {

// Most wrong members a refusal names; a batch of thousands needs no longer answer than this.
constexpr size_t kErrorsNamedMax = 100;

std::string_view old_words(Expected expected) {
  switch (expected) {
    case Expected::present:
      return "error.path.missing";
    case Expected::string:
      return "error.expected.jsstring";
    case Expected::number:
      return "error.expected.jsnumber";
    case Expected::boolean:
      return "error.expected.jsboolean";
    case Expected::array:
      return "error.expected.jsarray";
    case Expected::object:
      return "error.expected.jsobject";
  }
  return "";
}

// "Boolean value expected" is on record; the others are its likeness (assumed).
std::string_view new_words(Expected expected) {
  switch (expected) {
    case Expected::present:
      return "Required value missing";
    case Expected::string:
      return "String value expected";
    case Expected::number:
      return "Number value expected";
    case Expected::boolean:
      return "Boolean value expected";
    case Expected::array:
      return "Array value expected";
    case Expected::object:
      return "Object value expected";
  }
  return "";
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

Response answer_json(int status, const OrderedJson& body) {
  Response response;
  response.status = status;
  response.body = print(body);
  return response;
}

Response answer_text(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

Response answer_code(int status, std::string_view msg, std::string_view code,
                     const OrderedJson& params) {
  return answer_json(status, {{"msg", msg}, {"code", code}, {"params", params}});
}

Response answer_success(std::string_view msg) { return answer_code(200, msg, "Success"); }

Response answer_not_found_page(std::string_view target) {
  Response response;
  response.status = 404;
  response.content_type = "text/html; charset=utf-8";
  response.body = fmt::format(
      "<!doctype html><html><head><meta charset=\"utf-8\"><title>Action not found</title></head>"
      "<body><div class=\"error-content\"><h2>Oh no- that url doesn't exist.</h2><h4>{}</h4><p>"
      "Double check that the url is correct and try again. If this keeps happening, notify your "
      "account manager.</p></div></body></html>",
      escape_html(target.substr(0, 2000)));
  // The recorded page is about 3 kB, most of it script; its size is what a client may stumble over.
  if (response.body.size() < 3000) response.body.append(3000 - response.body.size(), '\n');
  return response;
}

Response answer_bad_params(std::string_view msg, const OrderedJson& params) {
  return answer_code(400, msg, "BadParams", params);
}

Response answer_invalid_email(std::string_view email) {
  return answer_code(400, fmt::format("Invalid email: {}", email), "InvalidEmailAddressError");
}

Response answer_invalid_list(int64_t project_id, int64_t list_id) {
  return answer_code(400, fmt::format("error.lists.invalidListId({})", list_id), "Success",
                     {{"projectId", project_id}, {"listId", list_id}});
}

Response answer_type_conflict(int64_t project_id, const FieldConflict& conflict) {
  OrderedJson detail = {{"incomingTypes", conflict.incoming_types},
                        {"expectedType", to_string(conflict.expected)},
                        {"_type", "UnexpectedType"},
                        {"offendingValue", OrderedJson::parse(print(conflict.offending))},
                        {"category", "user"}};
  OrderedJson errors = OrderedJson::object();
  errors[conflict.field] = std::move(detail);
  OrderedJson params = OrderedJson::object();
  params["validationErrors"] = std::move(errors);
  return answer_code(
      400,
      fmt::format(
          "Project {}: The request does not have the same data types as the data previously "
          "submitted. Field '{}' already exists for type 'user' and has a data type of '{}' "
          "but possible types '{}' in the request.",
          project_id, conflict.field, to_string(conflict.expected),
          fmt::join(conflict.incoming_types, ", ")),
      "RequestFieldsTypesMismatched", params);
}

Response answer_too_many_fields(int64_t project_id, int64_t limit, int64_t total,
                                const std::vector<std::string>& created) {
  return answer_code(
      400,
      fmt::format("Project {}: The request would increase the number of object fields to {} by "
                  "adding [{}], which exceeds the limit of {}",
                  project_id, total, fmt::join(created, ", "), limit),
      "UniqueFieldsLimitExceeded",
      {{"limit", limit}, {"requestedTotal", total}, {"newFields", created}});
}

BodyReader::BodyReader(const Request& request, std::string_view endpoint, int64_t shape)
    : request_(request), endpoint_(endpoint), shape_(shape) {}

Json* BodyReader::object() {
  body_ = parse_json(request_.body);
  if (!body_) {
    malformed_ = true;
    return nullptr;
  }
  if (!body_->is_object()) {
    fail("obj", Expected::object);
    return nullptr;
  }
  return &*body_;
}

std::string BodyReader::path_of(const char* name, At at) {
  if (at.row < 0) return fmt::format("obj.{}", name);
  return fmt::format("obj.{}[{}].{}", at.array, at.row, name);
}

void BodyReader::fail(std::string path, Expected expected) {
  if (errors_.size() < kErrorsNamedMax) errors_.emplace_back(std::move(path), expected);
}

template <typename AnyJson>
AnyJson* BodyReader::member(AnyJson& parent, const char* name, bool required, At at) {
  auto found = parent.find(name);
  if (found == parent.end()) {
    if (required) fail(path_of(name, at), Expected::present);
    return nullptr;
  }
  if (found->is_null() && !required) return nullptr;
  return &*found;
}

const std::string* BodyReader::text(const Json& parent, const char* name, bool required, At at) {
  const Json* value = member(parent, name, required, at);
  if (value == nullptr) return nullptr;
  if (!value->is_string()) {
    fail(path_of(name, at), Expected::string);
    return nullptr;
  }
  return &value->get_ref<const std::string&>();
}

std::optional<int64_t> BodyReader::integer(const Json& parent, const char* name, bool required,
                                           At at) {
  const Json* value = member(parent, name, required, at);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_integer() &&
      !(value->is_number_unsigned() && value->get<uint64_t>() > INT64_MAX)) {
    return value->get<int64_t>();
  }
  fail(path_of(name, at), Expected::number);
  return std::nullopt;
}

std::optional<bool> BodyReader::boolean(const Json& parent, const char* name, At at) {
  const Json* value = member(parent, name, false, at);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) {
    fail(path_of(name, at), Expected::boolean);
    return std::nullopt;
  }
  return value->get<bool>();
}

Json* BodyReader::array(Json& parent, const char* name, bool required, At at) {
  Json* value = member(parent, name, required, at);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) {
    fail(path_of(name, at), Expected::array);
    return nullptr;
  }
  return value;
}

Json* BodyReader::object(Json& parent, const char* name, At at) {
  Json* value = member(parent, name, false, at);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) {
    fail(path_of(name, at), Expected::object);
    return nullptr;
  }
  return value;
}

std::optional<std::vector<int64_t>> BodyReader::integers(Json& parent, const char* name) {
  Json* value = array(parent, name);
  if (value == nullptr) return std::nullopt;
  std::vector<int64_t> out;
  for (size_t i = 0; i < value->size(); ++i) {
    const Json& item = (*value)[i];
    if (!item.is_number_integer()) {
      fail(fmt::format("obj.{}[{}]", name, i), Expected::number);
      return std::nullopt;
    }
    out.push_back(item.get<int64_t>());
  }
  return out;
}

Response BodyReader::refusal() const {
  bool old = shape_ != Switches::shape_current;
  OrderedJson params = OrderedJson::object();
  for (const auto& [path, expected] : errors_) {
    if (old) {
      OrderedJson one = {{"msg", old_words(expected)}, {"args", OrderedJson::array()}};
      params[path] = OrderedJson::array();
      params[path].push_back(std::move(one));
    } else {
      params[path] = new_words(expected);
    }
  }
  if (!old) {
    return answer_code(400, fmt::format("[{}] Invalid JSON body", endpoint_), "BadJsonBody",
                       params);
  }
  // The older generations gave the whole request back, in 2022 even with the key.
  std::string headers;
  for (const auto& [name, value] : request_.headers) {
    bool key = equals_ignoring_case(name, "api-key") || equals_ignoring_case(name, "api_key");
    if (key && shape_ != Switches::shape_2022) continue;
    if (!headers.empty()) headers += ", ";
    headers += fmt::format("({},{})", name, value);
  }
  std::string msg = fmt::format("[{}] body: {}, hdrs: ArrayBuffer({})", endpoint_,
                                request_.body.substr(0, 4096), headers);
  OrderedJson body = {{"msg", msg}, {"code", "BadJsonBody"}, {"params", params}};
  if (shape_ == Switches::shape_2022) body["msg"] = OrderedJson::array({msg});
  return answer_json(400, body);
}

}  // namespace sim
