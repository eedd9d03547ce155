// One JSON value, written piece by piece: for reports that name people, nobody knows how many. The
// items of an array stand a line each; all else is on one line.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "base/base.hpp"

namespace rollcall::operations {

class JsonWriter {
 public:
  using Sink = std::function<Status(std::string_view)>;

  explicit JsonWriter(Sink sink) : sink_(std::move(sink)) {}

  JsonWriter& object() { return open('{', '}'); }
  JsonWriter& array() { return open('[', ']'); }
  // Closes the innermost; after the outermost a line ends.
  JsonWriter& end();
  // In an object, before each value.
  JsonWriter& key(std::string_view name);
  JsonWriter& value(const nlohmann::ordered_json& value);
  // A value that is JSON already.
  JsonWriter& text(std::string_view json);
  // The members of an object, into the one that is open.
  JsonWriter& members(const nlohmann::ordered_json& object);

  // What the sink said; once it has failed, it is given nothing more.
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  struct Level {
    char close = ']';
    bool empty = true;
  };

  JsonWriter& open(char bracket, char close);
  void begin_value();
  void write(std::string_view piece);

  Sink sink_;
  std::vector<Level> open_;
  bool after_key_ = false;
  Status status_ = ok_status();
};

// An error as programs are told it.
nlohmann::ordered_json to_json(const Error& error);

}  // namespace rollcall::operations
