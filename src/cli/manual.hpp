// The manual page, made of the table of commands.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace rollcall::cli {

// rollcall(1), in the macros of man(7). Hidden commands are not in it.
std::string manual(const CLI::App& app, const std::string& version);

}  // namespace rollcall::cli
