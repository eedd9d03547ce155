// The commands. Each parses nothing, calls one thing and prints; each returns its exit code, or an
// error that becomes one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/base.hpp"
#include "cli/session.hpp"

namespace rollcall::cli {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrong = 2;

struct ApplyOptions {
  std::string file;
  bool dry_run = false;
  bool prune = false;
};
Result<int> apply(Session& session, const ApplyOptions& options);
// What of a file is not as it is stored; 1 where anything is.
Result<int> diff(Session& session, const std::string& file);
Result<int> export_catalog(Session& session);

struct CheckOptions {
  std::string name;  // empty: everything
};
Result<int> check(Session& session, const CheckOptions& options);
Result<int> fields(Session& session, const std::string& destination);

struct CountOptions {
  std::string segment;
  std::string by;  // a field; empty: no breakdown
  int64_t limit = 20;
  bool history = false;
};
Result<int> count(Session& session, const CountOptions& options);
struct OverlapOptions {
  std::string first, second;
};
Result<int> overlap(Session& session, const OverlapOptions& options);
struct PreviewOptions {
  std::string segment;
  int64_t limit = 20;
};
Result<int> preview(Session& session, const PreviewOptions& options);
Result<int> sql(Session& session, const std::string& segment);

struct ActivateOptions {
  std::string segment;
  std::string destination;
  std::string name;  // empty: the segment's
};
Result<int> activate(Session& session, const ActivateOptions& options);

struct PlanOptions {
  std::string activation;
  bool prove = false;
  bool all = false;
};
Result<int> plan(Session& session, const PlanOptions& options);

struct RunOptions {
  std::string activation;
  bool full = false;
  bool new_list = false;
  std::optional<std::string> approve = std::nullopt;
};
Result<int> run(Session& session, const RunOptions& options);

struct AuditOptions {
  std::string activation;
  bool repair = false;
  bool all = false;
  bool csv = false;
};
Result<int> audit(Session& session, const AuditOptions& options);
struct ArchiveOptions {
  std::string activation;
  std::string list = "keep";
};
inline constexpr std::array kListEnds = {"keep", "empty"};
Result<int> archive(Session& session, const ArchiveOptions& options);

struct RunsOptions {
  std::string activation;  // empty: of all
  int64_t limit = 20;
};
Result<int> runs(Session& session, const RunsOptions& options);
Result<int> show(Session& session, const std::string& run_id);
struct RejectsOptions {
  std::string run_id;
  std::string kind = "rejected";
  bool csv = false;
};
Result<int> rejects(Session& session, const RejectsOptions& options);

struct WhyOptions {
  std::string activation;
  std::string key;
};
Result<int> why(Session& session, const WhyOptions& options);

Result<int> status(Session& session);
Result<int> set_paused(Session& session, const std::string& activation, bool paused);

struct ServeOptions {
  std::string config;                        // a file
  std::map<std::string, std::string> given;  // settings by name, from flags and environment
};
Result<int> serve(Session& session, const ServeOptions& options);
// The table of its settings, as docs/operating/settings.md has it, or as a file for --config.
Result<int> print_settings(Session& session, bool as_file);

// What the service has done in processes of their own; see job.cpp.
struct JobOptions {
  std::string uid;
  std::string trigger = "schedule";
  bool full = false;
  bool new_list = false;
  bool repair = false;
  std::optional<std::string> approve = std::nullopt;
  std::optional<int64_t> until_ms = std::nullopt;
};
Result<int> job_run(Session& session, const JobOptions& options);
Result<int> job_audit(Session& session, const JobOptions& options);
Result<int> job_check(Session& session, const JobOptions& options);
struct UserOptions {
  std::string email;
  std::optional<std::string> name = std::nullopt, role = std::nullopt;
  bool disabled = false, enabled = false, invite = false, password_stdin = false;
};
Result<int> add_user(Session& session, const UserOptions& options);
Result<int> users(Session& session);
Result<int> set_user(Session& session, const UserOptions& options);
Result<int> remove_user(Session& session, const UserOptions& options);
struct TokenOptions {
  std::string name;
  std::string role = "viewer";
  std::optional<std::string> expires = std::nullopt;  // "90d"
};
Result<int> add_token(Session& session, const TokenOptions& options);
Result<int> tokens(Session& session);
Result<int> remove_token(Session& session, const TokenOptions& options);
Result<int> backup(Session& session, const std::string& file);
Result<int> restore(Session& session, const std::string& file);
Result<int> rotate_key(Session& session);
struct MoveOptions {
  std::string to;  // an address
  bool to_sqlite = false;
};
Result<int> move_home(Session& session, const MoveOptions& options);
struct ForgetOptions {
  std::string key;
  bool yes = false;
};
Result<int> forget(Session& session, const ForgetOptions& options);
struct LogOptions {
  std::string who, action;  // empty: any
  int64_t limit = 50;
};
Result<int> log(Session& session, const LogOptions& options);
// What may stand where a user, a token or a role stands, one a line.
Result<std::string> access_names(Session& session, const std::string& kind);

Result<int> completion(Session& session, const std::string& shell);
// What may stand where an argument of this name stands (SEGMENT, ACTIVATION…), one a line.
Result<int> names(Session& session, const std::string& kind);

}  // namespace rollcall::cli
