#include "cli/manual.hpp"

#include <CLI/CLI.hpp>

namespace rollcall::cli {
namespace {

// As text for troff: nothing in it is a request or an escape of its.
std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-' || c == '\'' || c == '`' || c == '^' || c == '~')
      out += std::string(c == '-'    ? "\\-"
                         : c == '\'' ? "\\(aq"
                         : c == '`'  ? "\\(ga"
                         : c == '^'  ? "\\(ha"
                                     : "\\(ti");
    else if (c == '\n')
      out += ' ';
    else
      out += c;
  }
  return out.starts_with('.') ? "\\&" + out : out;
}

std::string bold(std::string_view text) { return "\\fB" + literal(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + literal(text) + "\\fR"; }

// "--by FIELD"
std::string usage_of(const CLI::Option& option) {
  if (option.get_positional()) return italic(option.get_name());
  std::string out;
  for (const std::string& one : option.get_snames()) out += bold("-" + one) + ", ";
  for (const std::string& one : option.get_lnames()) out += bold("--" + one) + ", ";
  out.resize(out.size() - 2);
  if (option.get_items_expected_max() == 0) return out;
  std::string type = option.get_type_name();
  type.resize(std::min(type.find(':'), type.size()));  // what it is checked by stands behind
  if (type.find_first_not_of(' ') == std::string::npos || type == "TEXT") type = "VALUE";
  return out + " " + italic(type);
}

void print_options(const CLI::App& command, std::string& out) {
  for (const CLI::Option* option : command.get_options()) {
    std::string meaning = option->get_description();
    if (option == command.get_help_ptr() || meaning.empty()) continue;
    if (const std::string held = option->get_default_str(); !held.empty())
      meaning += " (" + held + " unless given)";
    if (!option->get_envname().empty()) meaning += "; also $" + option->get_envname();
    out += ".TP\n" + usage_of(*option) + "\n" + literal(meaning) + "\n";
  }
}

void print_command(const CLI::App& command, const std::string& before, std::string& out) {
  const std::string name = before + command.get_name();
  const auto below =
      command.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); });
  for (const CLI::App* one : below) print_command(*one, name + " ", out);
  if (!below.empty()) return;
  out += ".SS \"" + literal(name);
  std::string places;
  for (const CLI::Option* option : command.get_options())
    if (option->get_positional())
      places += option->get_required() ? " " + option->get_name() : " [" + option->get_name() + "]";
  out += literal(places) + "\"\n" + literal(command.get_description()) + ".\n";
  print_options(command, out);
}

}  // namespace

std::string manual(const CLI::App& app, const std::string& version) {
  const std::string said = app.get_description();
  std::string out = ".TH ROLLCALL 1 \"\" \"rollcall " + version + "\" \"User Commands\"\n";
  out += ".SH NAME\nrollcall \\- keeps lists in Iterable equal to segments of your own data\n";
  out += ".SH SYNOPSIS\n" + bold("rollcall") + " [" + bold("--home") + " " + italic("DIR") + "] [" +
         bold("--store") + " " + italic("URL") + "] " + italic("COMMAND") + " ...\n";
  out += ".SH DESCRIPTION\n" + literal(said) + "\n";
  out += ".SH OPTIONS\n";
  print_options(app, out);
  out += ".SH COMMANDS\n";
  for (const CLI::App* one :
       app.get_subcommands([](const CLI::App* it) { return !it->get_group().empty(); }))
    print_command(*one, "", out);
  out +=
      ".SH SEE ALSO\nThe documents in the folder share/doc/rollcall: cli.md (exit codes and what "
      "each command prints), sources.md, operating/ and tutorials/.\n";
  return out;
}

}  // namespace rollcall::cli
