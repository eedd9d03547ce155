// DuckDB's messages as our errors.
#pragma once

#include <string_view>

#include "base/base.hpp"

namespace rollcall::duck {

// Stands before a message of our own that SQL fails with, and between it and its remedy.
constexpr std::string_view kOurs = "\x1e";

// What failed decides its kind: what is being opened, or what is being run.
Error opening_failed(std::string_view message, std::string_view path);
// Messages about rows quote the rows; those quotes are left out, for they are a person's data. A
// value that is not of its column's type is named.
Error running_failed(std::string_view message);
Error cancelled();
Error timed_out(Millis limit);

}  // namespace rollcall::duck
