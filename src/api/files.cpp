// Files that people bring for sources of files.
#include "api/routes.hpp"

namespace rollcall::api {
namespace {
constexpr int64_t kFileMax = int64_t{1} << 50;  // more than any disk; the setting is less
}

Result<Response> list_files(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  return page_of(
      ask, TRY(operations::files(ask.world(), *stored)),
      [](const operations::BroughtFile& one) { return one.name; },
      [](const operations::BroughtFile& one) { return operations::to_json(one); });
}

// ?name=, ?from= (0), ?more=true while pieces come; the body is the piece.
Result<Response> bring_file(const Ask& ask) {
  operations::FilePiece piece{.name = ask.text("name"), .by = ask.caller->uid};
  piece.from = static_cast<uint64_t>(TRY(ask.number("from", 0, 0, kFileMax)));
  piece.more = TRY(ask.flag("more"));
  piece.bytes = ask.request.body;
  const operations::BroughtFile file =
      TRY(operations::bring_file(ask.world(), piece, ask.shared.settings.file_max));
  const json out = operations::to_json(file);
  if (file.complete) TRY(ask.log("brought", "file", "", file.name, "", out.dump()));
  return answer(out, file.complete ? 201 : 200);
}

Result<Response> delete_file(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const std::string& name = ask.parts.at("name");
  TRY(operations::remove_file(ask.world(), *stored, name));
  TRY(ask.log("removed", "file", "", name));
  return Response{.status = 204};
}

}  // namespace rollcall::api
