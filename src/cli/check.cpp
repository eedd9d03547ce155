// check: what a run would trip over.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/text.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {

Result<int> check(Session& session, const CheckOptions& options) {
  using operations::Finding;
  const auto findings =
      TRY(operations::check(TRY(session.run_world()), options.name, session.stop()));
  int64_t problems = 0, warnings = 0;
  std::string text;
  for (const Finding& finding : findings) {
    if (finding.level == Finding::Level::problem) ++problems;
    if (finding.level == Finding::Level::warning) ++warnings;
    text += fmt::format("{:<8} {:<11} {}{}{}\n", to_string(finding.level), finding.kind,
                        plain(finding.name), finding.message.empty() ? "" : ": ",
                        plain(finding.message));
    if (!finding.remedy.empty()) text += fmt::format("{:21}→ {}\n", "", plain(finding.remedy));
  }
  if (session.json()) {
    session.print_json(to_json(findings));
  } else {
    if (findings.empty()) session.say("nothing is stored yet: `rollcall apply` a file");
    session.print_text(text);
    if (problems + warnings > 0)
      session.print("{}, {}\n", counted(problems, "problem", "problems"),
                    counted(warnings, "warning", "warnings"));
  }
  return problems > 0 ? kFailed : kDone;
}

}  // namespace rollcall::cli
