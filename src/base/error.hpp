// Failure as a value. An Error says what did not happen, what the caller can do next (its kind),
// and what a person can do about it (its remedy). Errors never carry a secret or a person's data.
//
// Result<T> is a T or an Error and cannot be dropped silently. TRY(expr) yields the value or
// returns the error from the enclosing function. Exceptions thrown by libraries are caught in the
// adapter that calls them, so none crosses a room's door.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <variant>
#include <vector>

namespace rollcall {

enum class ErrorKind {
  invalid,      // the request, the catalog or a setting is wrong: change it
  not_found,    // the thing named is not there
  conflict,     // it is there but in a state that forbids this
  busy,         // somebody else holds it: when they are done
  denied,       // not allowed: a key or a permission
  throttled,    // too fast: later
  unavailable,  // out of reach or timed out: again
  corrupt,      // the answer or the file makes no sense
  cancelled,    // we were told to stop
};

std::string_view to_string(ErrorKind kind);

// Where a mistake stands: in a text, in a value, or in both.
struct ErrorPlace {
  std::string file = {};     // as it was named; empty for a text without a name
  int line = 0, column = 0;  // from 1; 0: not from a text
  // The node as a JSON pointer (RFC 6901): "/where/all/1". Empty when none is known. It begins at
  // `object` ("segment VIPs"), or at what was asked about where that is empty.
  std::string object = {};
  std::string pointer = {};
  bool operator==(const ErrorPlace&) const = default;
};

struct Error {
  ErrorKind kind = ErrorKind::invalid;
  std::string message;
  std::string remedy = {};                // what the operator can do; may be empty
  std::vector<std::string> context = {};  // innermost first: "list 4711", "activation VIPs"
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
  std::string code = {};  // what programs tell it by: "field_unknown"; empty where nobody named one
  std::optional<ErrorPlace> place = std::nullopt;

  // Adds a line of context; returns itself so that a layer can write `return error.in("…")`.
  Error&& in(std::string where) &&;
  // The message, behind its place in a text: "shop.yaml:4:7: …", "line 4, column 7: …".
  [[nodiscard]] std::string placed() const;
  // "message (in inner, in outer). Remedy.", behind its place likewise.
  [[nodiscard]] std::string text() const;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error)
      : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}  // NOLINT: implicit by design
  [[nodiscard]] bool ok() const { return this->has_value(); }
};

using Status = Result<std::monostate>;
inline Status ok_status() { return Status(std::monostate{}); }

template <class T>
Result<T> in_context(Result<T> result, std::string where) {
  if (!result.ok()) return std::move(result.error()).in(std::move(where));
  return result;
}

}  // namespace rollcall

#define ROLLCALL_CONCAT_INNER(a, b) a##b
#define ROLLCALL_CONCAT(a, b) ROLLCALL_CONCAT_INNER(a, b)
#define ROLLCALL_TRY(name, expression)                     \
  ({                                                       \
    auto&& name = (expression);                            \
    if (!name.has_value()) return std::move(name.error()); \
    std::move(name.value());                               \
  })
// The value of a Result, or return its error from here.
#define TRY(expression) ROLLCALL_TRY(ROLLCALL_CONCAT(try_result_, __COUNTER__), expression)
