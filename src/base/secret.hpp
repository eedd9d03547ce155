// A secret prints as *** wherever it is printed by accident; reveal() is the one way to its value
// and easy to search for.
#pragma once

#include <string>
#include <utility>

namespace rollcall {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }
  [[nodiscard]] std::string text() const { return "***"; }
  bool operator==(const Secret&) const = default;

 private:
  std::string value_;
};

}  // namespace rollcall
