// completion: what a shell needs to complete commands, options and the names of objects.
#include "cli/commands.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {
namespace {

constexpr const char* kBash =
    R"(# rollcall completion bash > /etc/bash_completion.d/rollcall, or: source <(rollcall completion bash)
_rollcall() {
  local word=${COMP_WORDS[COMP_CWORD]} i
  local -a home=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == --home ]] && home+=(--home "${COMP_WORDS[i + 1]}")
    [[ ${COMP_WORDS[i]} == --store ]] && home+=(--store "${COMP_WORDS[i + 1]}")
  done
  case ${COMP_WORDS[COMP_CWORD - 1]} in
    --home) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
  esac
  local line
  COMPREPLY=()
  word=${word#[\"\']}
  word=${word//\\/}
  while IFS= read -r line; do
    [[ $line == "$word"* ]] && COMPREPLY+=("$line")
  done < <(rollcall "${home[@]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
  [[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _rollcall rollcall
)";

constexpr const char* kZsh = R"(#compdef rollcall
# rollcall completion zsh > "${fpath[1]}/_rollcall", or: source <(rollcall completion zsh)
_rollcall() {
  local -a found home
  local i
  for ((i = 2; i < CURRENT; ++i)); do
    [[ ${words[i]} == --home ]] && home+=(--home ${words[i + 1]})
    [[ ${words[i]} == --store ]] && home+=(--store ${words[i + 1]})
  done
  found=("${(@f)$(rollcall $home complete -- ${(Q)words[2,CURRENT-1]} 2>/dev/null)}")
  if [[ ${#found[@]} -gt 0 && -n ${found[1]} ]]; then compadd -a found; else _files; fi
}
compdef _rollcall rollcall
)";

}  // namespace

Result<int> completion(Session& session, const std::string& shell) {
  if (shell != "bash" && shell != "zsh")
    return Error{ErrorKind::invalid, "there is no completion for `" + shell + "`",
                 "There is bash and zsh."};
  session.print_text(shell == "bash" ? kBash : kZsh);
  return kDone;
}

Result<int> names(Session& session, const std::string& kind) {
  if (const std::string found = TRY(access_names(session, kind)); !found.empty()) {
    session.print_text(found);
    return kDone;
  }
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  std::string out;
  if (kind == "SEGMENT" || kind == "OTHER")
    for (const Segment& one : stored.catalog.segments) out += one.name + "\n";
  if (kind == "DESTINATION")
    for (const Destination& one : stored.catalog.destinations) out += one.name + "\n";
  if (kind == "ACTIVATION")
    for (const Activation& one : stored.catalog.activations)
      out += operations::shown_name(stored.catalog, one) + "\n";
  if (kind == "RUN_ID") {
    constexpr int kRecent = 50;
    for (const store::RunRow& row : TRY(world.store.runs(std::nullopt, kRecent)))
      out += row.run_id + "\n";
  }
  if (kind == "--kind")
    for (const char* one : operations::kRejectKinds) out += std::string(one) + "\n";
  if (kind == "--list")
    for (const char* one : kListEnds) out += std::string(one) + "\n";
  if (kind == "SHELL") out = "bash\nzsh\n";
  if (kind == "NAME") {
    for (const Source& one : stored.catalog.sources) out += one.name + "\n";
    for (const Model& one : stored.catalog.models) out += one.name + "\n";
    for (const Segment& one : stored.catalog.segments) out += one.name + "\n";
    for (const Destination& one : stored.catalog.destinations) out += one.name + "\n";
    for (const Activation& one : stored.catalog.activations)
      out += operations::shown_name(stored.catalog, one) + "\n";
  }
  session.print_text(out);
  return kDone;
}

}  // namespace rollcall::cli
