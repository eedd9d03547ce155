// Iterable has no idempotency key and does not refuse a name twice, so a creation whose answer is
// lost cannot simply be repeated. Before it is sent, the ids of all lists are written down;
// afterwards ours is the list of that name whose id was not among them, looked for while Iterable
// may still be hiding it.
#include "run/list.hpp"

#include <algorithm>

namespace rollcall::run {
namespace {

constexpr Millis kLookForAtLeast{2000};
constexpr Millis kLookEvery{500};
constexpr int kCreationsMax = 5;
constexpr Millis kFirstPause{500};

const iterable::ListInfo* by_id(const std::vector<iterable::ListInfo>& lists, int64_t id) {
  const auto found =
      std::find_if(lists.begin(), lists.end(), [&](const auto& list) { return list.id == id; });
  return found == lists.end() ? nullptr : &*found;
}
const iterable::ListInfo* by_name(const std::vector<iterable::ListInfo>& lists,
                                  const std::string& name) {
  const auto found =
      std::find_if(lists.begin(), lists.end(), [&](const auto& list) { return list.name == name; });
  return found == lists.end() ? nullptr : &*found;
}

Error taken(const iterable::ListInfo& list) {
  return {
      ErrorKind::conflict,
      "a list named `" + list.name + "` is already in Iterable, with id " + std::to_string(list.id),
      "Take it over with `list: {adopt: " + std::to_string(list.id) +
          "}` in the activation, or give the activation another name."};
}

Error another_project(const iterable::ListInfo& list, int64_t ours_ms) {
  return {ErrorKind::conflict,
          "list " + std::to_string(list.id) + " of this project is another one: it was made at " +
              iso_utc(Time(Millis(list.created_at_ms))) + ", and ours at " +
              iso_utc(Time(Millis(ours_ms))),
          "The API key seems to open another project than before: use a key of the earlier "
          "project, or archive this activation and make a new one for this project."};
}

Error gone(const state::ListRecord& list, bool adopted) {
  const std::string id = std::to_string(list.id);
  const std::string deleted =
      adopted ? "take `list: {adopt: " + id +
                    "}` out of the activation, or name another list there, apply the file, and "
                    "`run --new-list` goes on with that."
              : "`run --new-list` makes a new one.";
  return {ErrorKind::not_found,
          "list " + id + " (`" + list.name + "`) is not in this Iterable project any more",
          "If it was deleted, " + deleted +
              " If the API key was changed, it is one of another project."};
}

// The list that an unanswered creation made, if it made one.
Result<std::optional<iterable::ListInfo>> look_for_ours(const ListWork& work,
                                                        const state::ListIntent& intent,
                                                        const std::stop_token& stop) {
  const Millis until =
      work.world.clock.monotonic() + std::max(kLookForAtLeast, work.destination.settle);
  while (true) {
    for (iterable::ListInfo& list : TRY(work.reader.lists(stop))) {
      const bool seen =
          std::find(intent.seen.begin(), intent.seen.end(), list.id) != intent.seen.end();
      if (!seen && list.name == intent.name) return std::optional(std::move(list));
    }
    if (work.world.clock.monotonic() >= until) return std::optional<iterable::ListInfo>();
    if (!work.world.clock.sleep(kLookEvery, stop))
      return Error{ErrorKind::cancelled, "stopped while looking for the new list"};
  }
}

// A stream that breaks is read again from the start, so often.
constexpr int kReadTries = 4;

template <class Read>
Status read_again(Read read) {
  for (int tries = 1;; ++tries) {
    const Status done = read();
    if (done.ok() || done.error().kind != ErrorKind::unavailable || tries == kReadTries)
      return done;
  }
}

Status keep(const ListWork& work, int64_t id, const std::string& name, bool created,
            int64_t created_at_ms) {
  work.writer.record.list = state::ListRecord{id, name, created_at_ms, created};
  work.writer.record.list_intent = std::nullopt;
  TRY(work.writer.write());
  work.world.observer.reached("list.recorded");
  return ok_status();
}

}  // namespace

Result<std::vector<std::string>> check_list(const ListWork& work, bool new_list,
                                            const std::stop_token& stop) {
  std::vector<std::string> warnings;
  const auto lists =
      TRY(in_context(work.reader.lists(stop), "destination " + work.destination.name));
  state::Record& record = work.writer.record;
  const iterable::ListInfo* const ours = record.list ? by_id(lists, record.list->id) : nullptr;
  if (record.list) {
    const bool adopted = work.activation.adopt_list == record.list->id;
    if (ours == nullptr && (adopted || !new_list)) return gone(*record.list, adopted);
    if (new_list && ours != nullptr && (adopted || ours->name == work.activation.name))
      return Error{ErrorKind::conflict,
                   "list " + std::to_string(record.list->id) + " is there and " +
                       (adopted ? "is the one to adopt" : "bears the activation's name"),
                   "`--new-list` replaces a list that was deleted or that should bear a new name."};
    // Nobody is on the new one; the ledger is told before the plan is made.
    if (new_list) record.list = std::nullopt;
  }
  if (record.list) {
    if (record.list->created_at_ms == 0 && ours->created_at_ms != 0) {
      record.list->created_at_ms = ours->created_at_ms;
      TRY(work.writer.write());
    }
    if (ours->created_at_ms != 0 && ours->created_at_ms != record.list->created_at_ms)
      return another_project(*ours, record.list->created_at_ms);
    if (ours->name != record.list->name)
      warnings.push_back("the list was renamed in Iterable, to `" + ours->name +
                         "`; it is known by its id, and kept up to date");
    return warnings;
  }
  if (work.activation.adopt_list) {
    const iterable::ListInfo* list = by_id(lists, *work.activation.adopt_list);
    if (list == nullptr)
      return Error{ErrorKind::not_found,
                   "there is no list " + std::to_string(*work.activation.adopt_list) +
                       " to adopt in this project",
                   "Check the id in `list: {adopt: …}`."};
    if (list->type != "Standard")
      return Error{ErrorKind::conflict,
                   "list " + std::to_string(list->id) + " is of type " + list->type +
                       "; only a Standard list can be kept by Rollcall",
                   "Adopt another list."};
    return warnings;
  }
  if (record.list_intent && record.list_intent->name == work.activation.name)
    return warnings;  // perhaps it is ours
  if (const iterable::ListInfo* other = by_name(lists, work.activation.name)) return taken(*other);
  return warnings;
}

Result<bool> ensure_list(const ListWork& work, const iterable::Client& client,
                         const std::stop_token& stop) {
  state::Record& record = work.writer.record;
  if (record.list) return false;
  if (work.activation.adopt_list) {
    for (const iterable::ListInfo& list : TRY(work.reader.lists(stop))) {
      if (list.id != *work.activation.adopt_list) continue;
      TRY(keep(work, list.id, list.name, false, list.created_at_ms));
      return false;
    }
    return Error{ErrorKind::not_found,
                 "list " + std::to_string(*work.activation.adopt_list) + " is gone"};
  }
  Millis pause = kFirstPause;
  for (int attempt = 1;; ++attempt) {
    if (record.list_intent && record.list_intent->name == work.activation.name) {
      if (const auto ours = TRY(look_for_ours(work, *record.list_intent, stop))) {
        TRY(keep(work, ours->id, ours->name, true, ours->created_at_ms));
        return true;
      }
    }
    state::ListIntent intent{
        work.activation.name, {}, work.world.clock.now().time_since_epoch().count()};
    for (const iterable::ListInfo& list : TRY(work.reader.lists(stop))) {
      if (list.name == intent.name) return taken(list);
      intent.seen.push_back(list.id);
    }
    record.list_intent = std::move(intent);
    TRY(work.writer.write());
    work.world.observer.reached("list.intended");
    iterable::CreateListAnswer answer =
        client.create_list(work.activation.name, work.activation.description, stop);
    work.world.observer.reached("list.created");
    if (answer.id.ok()) {
      // When Iterable says it was made is read with the lists, at the next run.
      TRY(keep(work, *answer.id, work.activation.name, true, 0));
      return true;
    }
    const Error& error = answer.id.error();
    const bool worth_repeating = error.kind == ErrorKind::unavailable ||
                                 error.kind == ErrorKind::throttled ||
                                 error.kind == ErrorKind::corrupt;
    if (!worth_repeating || attempt == kCreationsMax) return Error(error).in("making the list");
    if (!answer.may_have_arrived) {
      record.list_intent = std::nullopt;
      TRY(work.writer.write());
    }
    if (!work.world.clock.sleep(std::max(pause, error.retry_after.value_or(Millis(0))), stop))
      return Error{ErrorKind::cancelled, "stopped while making the list"};
    pause *= 2;
  }
}

Status read_list(const iterable::Reader& reader, prove::Contacts& contacts, KeyType key_type,
                 int64_t list_id, state::Work& work, const std::stop_token& stop) {
  const bool by_email = reader.project().type == ProjectType::email || key_type == KeyType::email;
  const auto members = [&](const state::Row& on_row) {
    std::string shown;
    return reader.list_members(
        list_id, key_type,
        [&](std::string_view member) {
          shown = member;
          if (by_email) ascii_lower(shown);
          on_row(shown, {});
        },
        stop);
  };
  TRY(read_again([&] { return work.take_members(members); }));
  if (reader.project().type != ProjectType::email || key_type == KeyType::email) return ok_status();
  const auto owners = [&](const state::Row& on_row) {
    std::string lower;
    return contacts.export_to(
        [&](std::string_view email, std::string_view user_id) {
          if (email.empty() || user_id.empty()) return;
          lower = email;
          ascii_lower(lower);
          on_row(lower, user_id);
        },
        stop);
  };
  return read_again([&] { return work.take_owners(owners); });
}

}  // namespace rollcall::run
