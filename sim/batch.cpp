#include "sim/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace sim {
namespace {

// The service's own fields, which writes cannot set.
constexpr std::array kReadOnlyFields = {"profileUpdatedAt", "itblInternal", "devices"};
// Stands for the one channel the simulated lists belong to.
constexpr int64_t kListChannel = 1;

bool is_list_call(WriteKind kind) {
  return kind == WriteKind::subscribe || kind == WriteKind::unsubscribe;
}

Failure user_id_sibling(Failure failure) {
  return static_cast<Failure>(static_cast<int>(failure) | 1);
}

struct NamedFailure {
  Failure failure;
  std::string text;  // an email or a userId, as sent
};

// Where a row leads.
struct Target {
  std::vector<NamedFailure> failures;  // any: the row fails
  bool ignored = false;                // neither success nor failure
  bool failed_unnamed = false;
  bool create = false;
  std::vector<Slot> slots;
  std::optional<std::string> new_email;  // to write on the profile
  std::optional<std::string> new_user_id;
  std::optional<std::vector<int64_t>> list_ids;  // memberships set as a field
};

class Batch {
 public:
  Batch(Project& project, Call& call, const WriteOptions& options)
      : project_(project),
        world_(project.world),
        switches_(project.switches),
        call_(call),
        options_(options),
        now_ms_(project.clock.now_ms()) {}

  BatchResult run(std::vector<Row>& rows);

 private:
  bool refuse_list();
  void disturb(const std::vector<Row>& rows);
  void pick_victims(const std::vector<Row>& rows);
  bool check_fields(std::vector<Row>& rows, FieldCheck& check);
  Target find(const Row& row);
  Target find_by_email(const Row& row);
  Target find_in_email_project(const Row& row);
  Target find_in_user_id_project(const Row& row);
  Target find_in_hybrid_project(const Row& row);
  Target unknown(const Row& row);
  void take_identity_from_fields(Row& row, Target& target);
  void apply(Row& row, Target& target);
  bool apply_to(Slot slot, Row& row, Target& target);
  std::optional<std::vector<int64_t>> take_list_ids(Json& fields);
  void fail(const Row& row, const std::vector<NamedFailure>& failures);
  void name(Failure failure, const std::string& text);
  NamedFailure row_failure(Failure email_array, const Row& row) const;
  std::string placeholder();
  std::optional<Slot> slot_of(const Row& row) const;

  Project& project_;
  World& world_;
  const Switches& switches_;
  Call& call_;
  const WriteOptions& options_;
  const int64_t now_ms_;
  List* list_ = nullptr;
  BatchResult result_;
  std::vector<bool> bad_data_;               // by row: its fields do not fit
  std::vector<std::optional<Failure>> hit_;  // by row: a fault makes it fail
  std::optional<size_t> unnamed_;            // a fault makes this row fail without a name
  std::string partial_echo_;
  std::unordered_set<Slot> people_;
  std::unordered_set<std::string> failed_people_;
  std::array<std::unordered_set<std::string>, kFailures> named_;
};

bool Batch::refuse_list() {
  if (!is_list_call(options_.kind)) return false;
  list_ = world_.list(options_.list_id);
  bool usable = list_ != nullptr && now_ms_ >= list_->ready_ms &&
                (list_->type == "Standard" || switches_.non_standard_lists == Switches::accept);
  if (!usable) result_.refusal = answer_invalid_list(world_.project_id(), options_.list_id);
  return !usable;
}

std::optional<Slot> Batch::slot_of(const Row& row) const {
  if (row.email && world_.type() != ProjectType::user_id) {
    if (auto slot = world_.find_email(row.key)) return slot;
  }
  return row.user_id ? world_.first_user_id(*row.user_id) : std::nullopt;
}

// Faults that change the world just before the write, as someone else would.
void Batch::disturb(const std::vector<Row>& rows) {
  std::minstd_rand random;
  if (const Fault* fault = call_.fault(FaultKind::list_deleted)) {
    if (is_list_call(options_.kind) && world_.remove_list(options_.list_id)) {
      project_.faults.fired(*fault);
    }
  }
  if (const Fault* fault = call_.fault(FaultKind::list_filled)) {
    List* list = is_list_call(options_.kind) ? world_.list(options_.list_id) : nullptr;
    if (list != nullptr && world_.contact_count() > 0) {
      random.seed(static_cast<uint32_t>(fault->random));
      int64_t added = 0;
      for (int64_t tries = 0; tries < fault->people * 20 && added < fault->people; ++tries) {
        Slot slot = static_cast<Slot>(random() % world_.slot_count());
        if (!world_.contact(slot).alive) continue;
        if (world_.set_member(*list, slot, true, now_ms_)) ++added;
      }
      if (added > 0) project_.faults.fired(*fault);
    }
  }
  for (FaultKind kind : {FaultKind::contact_deleted, FaultKind::contact_forgotten}) {
    const Fault* fault = call_.fault(kind);
    if (fault == nullptr || rows.empty()) continue;
    size_t first = fault->random % rows.size();
    int64_t done = 0;
    for (size_t i = 0; i < rows.size() && done < fault->people; ++i) {
      auto slot = slot_of(rows[(first + i) % rows.size()]);
      if (!slot) continue;
      const Contact gone = world_.contact(*slot);
      if (kind == FaultKind::contact_forgotten) {
        if (!gone.email.empty()) {
          world_.forgotten_emails().insert(hashed_identifier(gone.email));
        }
        if (!gone.user_id.empty() && world_.type() != ProjectType::email) {
          world_.forgotten_user_ids().insert(hashed_identifier(gone.user_id));
        }
      }
      world_.remove(*slot, now_ms_);
      project_.faults.note_person(kind, gone.email, gone.user_id);
      ++done;
    }
    if (done > 0) project_.faults.fired(*fault);
  }
}

// Faults that make rows fail.
void Batch::pick_victims(const std::vector<Row>& rows) {
  hit_.assign(rows.size(), std::nullopt);
  if (rows.empty()) return;
  if (const Fault* fault = call_.fault(FaultKind::partial)) {
    static constexpr std::array<std::string_view, 5> kBases = {"invalid", "conflict", "forgotten",
                                                               "invalidData", "notFound"};
    std::minstd_rand random(static_cast<uint32_t>(fault->random) | 1);
    auto wanted = static_cast<size_t>(fault->fraction * static_cast<double>(rows.size()));
    wanted = std::max<size_t>(wanted, 1);
    std::vector<size_t> order(rows.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    size_t hits = 0;
    for (size_t i : order) {
      if (hits == wanted) break;
      const Row& row = rows[i];
      std::string base = fault->array;
      bool emails_only = base.ends_with("Emails");
      bool ids_only = base.ends_with("UserIds");
      if (emails_only) base.resize(base.size() - 6);
      if (ids_only) base.resize(base.size() - 7);
      if ((emails_only && !row.email) || (ids_only && !row.user_id)) continue;
      if (!row.email && !row.user_id) continue;
      size_t place = random() % kBases.size();
      if (base != "random") {
        place = static_cast<size_t>(std::find(kBases.begin(), kBases.end(), base) - kBases.begin());
      }
      auto failure = static_cast<Failure>(place * 2);
      bool by_id = ids_only || (!emails_only && !row.email);
      hit_[i] = by_id ? user_id_sibling(failure) : failure;
      ++hits;
    }
    if (hits > 0) {
      partial_echo_ = fault->echo;
      project_.faults.fired(*fault);
    }
  }
  if (const Fault* fault = call_.fault(FaultKind::counts_disagree)) {
    unnamed_ = fault->random % rows.size();
    project_.faults.fired(*fault);
  }
}

// Looks at all fields of the batch before any is applied. False if the request is refused.
bool Batch::check_fields(std::vector<Row>& rows, FieldCheck& check) {
  bad_data_.assign(rows.size(), false);
  bool by_batch = (is_list_call(options_.kind) ? switches_.type_conflict_subscribe
                                               : switches_.type_conflict) == Switches::refuse_batch;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].fields.is_object()) continue;
    FieldCheck::Verdict verdict = check.check(rows[i].fields);
    if (verdict == FieldCheck::Verdict::fits) continue;
    bool single = options_.kind == WriteKind::update;
    if (verdict == FieldCheck::Verdict::conflict && (by_batch || single)) {
      result_.refusal = answer_type_conflict(world_.project_id(), check.conflict());
      return false;
    }
    if (single) {
      result_.refusal = answer_bad_params("dataFields holds a value that cannot be stored");
      return false;
    }
    bad_data_[i] = true;
  }
  if (check.is_over_limit()) {
    int64_t limit = switches_.field_limit;
    int64_t total = world_.fields().custom_count() + static_cast<int64_t>(check.created().size());
    result_.refusal = answer_too_many_fields(world_.project_id(), limit, total, check.created());
    return false;
  }
  return true;
}

NamedFailure Batch::row_failure(Failure email_array, const Row& row) const {
  bool by_email = row.email.has_value();
  if (row.email && row.user_id) {
    by_email =
        world_.type() == ProjectType::email || (world_.type() == ProjectType::hybrid &&
                                                switches_.echo_both != Switches::echo_user_id_only);
  }
  if (by_email) return {email_array, *row.email};
  return {user_id_sibling(email_array), row.user_id.value_or("")};
}

// Nobody bears the row's identifiers and nobody is to be created.
Target Batch::unknown(const Row& row) {
  Target target;
  bool ignore = options_.kind == WriteKind::unsubscribe
                    ? switches_.unsubscribe_unknown == Switches::ignore_silently
                    : switches_.unknown_existing_only == Switches::ignore_silently;
  if (ignore && is_list_call(options_.kind)) {
    target.ignored = true;
    return target;
  }
  // The notFound arrays are documented for the list calls alone.
  Failure array = is_list_call(options_.kind) ? Failure::not_found_emails : Failure::invalid_emails;
  if (world_.type() == ProjectType::user_id && !row.user_id &&
      switches_.user_id_project_email == Switches::named_invalid) {
    array = Failure::invalid_emails;
  }
  target.failures.push_back(row_failure(array, row));
  if (row.email && row.user_id && world_.type() == ProjectType::hybrid &&
      switches_.echo_both == Switches::echo_both_arrays) {
    target.failures.push_back({user_id_sibling(array), *row.user_id});
  }
  return target;
}

Target Batch::find(const Row& row) {
  Target target;
  if (!row.email && !row.user_id) {
    target.failed_unnamed = true;
    return target;
  }
  if (row.email && !row.email_is_valid) {
    target.failures.push_back({Failure::invalid_emails, *row.email});
    return target;
  }
  if (row.user_id && !row.user_id_is_valid) {
    target.failures.push_back({Failure::invalid_user_ids, *row.user_id});
    return target;
  }
  if (row.email && world_.type() != ProjectType::user_id && world_.is_forgotten_email(row.key)) {
    target.failures.push_back({Failure::forgotten_emails, *row.email});
    return target;
  }
  if (row.user_id && world_.type() != ProjectType::email &&
      world_.is_forgotten_user_id(*row.user_id)) {
    target.failures.push_back({Failure::forgotten_user_ids, *row.user_id});
    return target;
  }
  switch (world_.type()) {
    case ProjectType::email:
      return find_in_email_project(row);
    case ProjectType::user_id:
      return find_in_user_id_project(row);
    case ProjectType::hybrid:
      return find_in_hybrid_project(row);
  }
  return target;
}

Target Batch::find_in_email_project(const Row& row) {
  Target target;
  if (row.email) {
    if (row.user_id && options_.kind != WriteKind::unsubscribe) target.new_user_id = row.user_id;
    if (auto slot = world_.find_email(row.key)) {
      target.slots = {*slot};
      return target;
    }
    if (options_.kind == WriteKind::bulk_update && options_.existing_only) return unknown(row);
    if (options_.kind != WriteKind::unsubscribe) {
      target.create = true;
    } else if (switches_.unsubscribe_unknown_email == Switches::unsubscribe_creates) {
      target.create = true;
    } else if (switches_.unsubscribe_unknown_email == Switches::unsubscribe_ignores) {
      target.ignored = true;
    } else {
      target.failures.push_back({Failure::not_found_emails, *row.email});
    }
    return target;
  }
  target.slots = world_.find_user_id(*row.user_id);
  if (target.slots.size() > 1 && switches_.shared_user_id == Switches::shared_first) {
    target.slots.resize(1);
  }
  if (!target.slots.empty()) return target;
  if (!row.prefer_user_id || options_.kind == WriteKind::unsubscribe) {
    bool not_found =
        is_list_call(options_.kind) && switches_.email_project_user_id == Switches::named_not_found;
    Failure array = not_found ? Failure::not_found_user_ids : Failure::invalid_user_ids;
    target.failures.push_back({array, *row.user_id});
    return target;
  }
  target.create = true;
  target.new_user_id = row.user_id;
  return target;
}

Target Batch::find_in_user_id_project(const Row& row) {
  if (!row.user_id) return unknown(row);
  Target target;
  if (row.email && options_.kind != WriteKind::unsubscribe) target.new_email = row.key;
  target.slots = world_.find_user_id(*row.user_id);
  if (!target.slots.empty()) return target;
  if (options_.kind == WriteKind::unsubscribe || options_.existing_only) return unknown(row);
  target.create = true;
  target.new_user_id = row.user_id;
  return target;
}

Target Batch::find_in_hybrid_project(const Row& row) {
  Target target;
  bool writes_identity = options_.kind != WriteKind::unsubscribe;
  auto by_email = row.email ? world_.find_email(row.key) : std::nullopt;
  auto by_id = row.user_id ? world_.first_user_id(*row.user_id) : std::nullopt;
  if (by_email && by_id && by_email != by_id) {
    if (switches_.hybrid_both == Switches::both_conflict) {
      target.failures.push_back({Failure::conflict_emails, *row.email});
      target.failures.push_back({Failure::conflict_user_ids, *row.user_id});
    } else {
      bool id_wins = switches_.hybrid_both == Switches::both_user_id_wins;
      target.slots = {(id_wins ? by_id : by_email).value_or(0)};
    }
    return target;
  }
  if (by_id) {
    target.slots = {*by_id};
    if (row.email && !by_email && writes_identity) target.new_email = row.key;
    return target;
  }
  if (by_email) {
    Slot slot = by_email.value_or(0);
    const std::string& other = world_.contact(slot).user_id;
    if (row.user_id && !other.empty() && switches_.hybrid_both == Switches::both_conflict) {
      target.failures.push_back({Failure::conflict_emails, *row.email});
      return target;
    }
    target.slots = {slot};
    if (row.user_id && other.empty() && writes_identity) target.new_user_id = row.user_id;
    return target;
  }
  if (options_.kind == WriteKind::unsubscribe || options_.existing_only) return unknown(row);
  target.create = true;
  if (row.email) target.new_email = row.key;
  if (row.user_id) target.new_user_id = row.user_id;
  return target;
}

// New identifiers inside dataFields. Source: docs/facts/iterable.md, project types.
void Batch::take_identity_from_fields(Row& row, Target& target) {
  if (!row.fields.is_object()) return;
  auto email = row.fields.find("email");
  if (email != row.fields.end()) {
    if (email->is_string()) {
      std::string text = email->get<std::string>();
      std::string key = world_.spelled(text);
      bool same = row.email && key == row.key;
      if (!world_.accepts(key)) {
        target.failures.push_back({Failure::invalid_emails, text});
      } else if (world_.type() == ProjectType::email && !same) {
        // An address changes by users/updateEmail alone.
        target.failures.push_back(row_failure(Failure::invalid_data_emails, row));
      } else if (!same) {
        auto owner = world_.find_email(key);
        bool own = owner && !target.slots.empty() && target.slots.front() == *owner;
        if (owner && !own && world_.type() == ProjectType::hybrid) {
          target.failures.push_back({Failure::conflict_emails, text});
        } else {
          target.new_email = key;
        }
      }
    }
    row.fields.erase("email");
  }
  auto user_id = row.fields.find("userId");
  if (user_id != row.fields.end()) {
    if (user_id->is_string()) {
      std::string text = user_id->get<std::string>();
      auto owners = world_.find_user_id(text);
      bool own = !owners.empty() && !target.slots.empty() && target.slots.front() == owners.front();
      if (!is_valid_user_id(text)) {
        target.failures.push_back({Failure::invalid_user_ids, text});
      } else if (!owners.empty() && !own && world_.type() != ProjectType::email) {
        target.failures.push_back({Failure::conflict_user_ids, text});
      } else {
        target.new_user_id = text;
      }
    }
    row.fields.erase("userId");
  }
}

std::string Batch::placeholder() {
  return fmt::format("{:016x}{:016x}@placeholder.email", project_.random(), project_.random());
}

std::optional<std::vector<int64_t>> Batch::take_list_ids(Json& fields) {
  static const std::string kEmailLists = "emailListIds";
  static const std::string kUserLists = "userListIds";
  const std::string& name = world_.type() == ProjectType::email ? kEmailLists : kUserLists;
  auto found = fields.find(name);
  if (found == fields.end()) return std::nullopt;
  std::vector<int64_t> ids;
  if (found->is_number_integer()) ids.push_back(found->get<int64_t>());
  if (found->is_array()) {
    for (const Json& id : *found) {
      if (id.is_number_integer()) ids.push_back(id.get<int64_t>());
    }
  }
  fields.erase(name);
  return ids;
}

// True if anything changed.
bool Batch::apply_to(Slot slot, Row& row, Target& target) {
  bool changed = false;
  if (target.new_email && world_.contact(slot).email != *target.new_email) {
    world_.set_email(slot, *target.new_email, now_ms_);
    changed = true;
  }
  if (target.new_user_id && world_.contact(slot).user_id != *target.new_user_id) {
    world_.set_user_id(slot, *target.new_user_id, now_ms_);
    changed = true;
  }
  if (row.fields.is_object()) {
    for (const char* name : kReadOnlyFields) row.fields.erase(name);
    // Set this way, memberships change without the events that subscribe sends.
    if (auto ids = take_list_ids(row.fields)) target.list_ids = std::move(ids);
    if (const auto& ids = target.list_ids) {
      for (const auto& [id, known] : world_.lists()) {
        if (known.type != "Standard") continue;
        bool wanted = std::find(ids->begin(), ids->end(), id) != ids->end();
        changed |= world_.set_member(*world_.list(id), slot, wanted, now_ms_);
      }
    }
    World::Merge merge{row.merge, switches_.merge_nested == Switches::merge_deep};
    changed |= world_.set_fields(slot, row.fields, merge, now_ms_);
  }
  if (changed) world_.touch(slot, now_ms_);
  if (list_ == nullptr) return changed;

  bool joins = options_.kind == WriteKind::subscribe;
  world_.mark_list_operation(slot);
  if (world_.set_member(*list_, slot, joins, now_ms_)) {
    ++(joins ? project_.subscribe_events : project_.unsubscribe_events);
    if (switches_.list_change_touches_profile == Switches::on) world_.touch(slot, now_ms_);
    changed = true;
  }
  if (options_.channel_unsubscribe) {
    changed |= world_.set_fields(slot, {{"unsubscribedChannelIds", {kListChannel}}}, {}, now_ms_);
  }
  return changed;
}

void Batch::apply(Row& row, Target& target) {
  if (target.create) {
    std::string email = target.new_email.value_or(row.email ? row.key : "");
    if (email.empty() && world_.type() == ProjectType::email) email = placeholder();
    target.slots = {world_.create(std::move(email), target.new_user_id.value_or(""), now_ms_)};
    ++call_.noted.created_contacts;
  }
  bool changed = target.create;
  for (Slot slot : target.slots) changed |= apply_to(slot, row, target);
  if (!changed) {
    if (row.email) {
      result_.no_op_emails.push_back(switches_.echo_case == Switches::echo_lower ? row.key
                                                                                 : *row.email);
    } else {
      result_.no_op_user_ids.push_back(*row.user_id);
    }
  }
  if (!changed && switches_.no_op_counts == Switches::no_op_uncounted) return;
  bool counted = switches_.counts == Switches::count_rows;
  for (Slot slot : target.slots) counted |= people_.insert(slot).second;
  if (counted) ++result_.success_count;
}

void Batch::name(Failure failure, const std::string& text) {
  auto place = static_cast<size_t>(failure);
  bool is_email = place % 2 == 0;
  bool lower = switches_.echo_case == Switches::echo_lower;
  bool distinct = switches_.echo_repeats == Switches::echo_distinct;
  if (partial_echo_ == "as_sent") lower = distinct = false;
  if (partial_echo_ == "lower") lower = true;
  if (partial_echo_ == "distinct") distinct = true;
  std::string shown = is_email && lower ? world_.spelled(text) : text;
  if (named_[place].insert(shown).second || !distinct) result_.failed[place].push_back(shown);
}

void Batch::fail(const Row& row, const std::vector<NamedFailure>& failures) {
  if (!result_.first_failure && !failures.empty()) {
    result_.first_failure = failures.front().failure;
  }
  std::string person = row.email ? "e" + row.key : "u" + row.user_id.value_or("");
  bool is_new = failed_people_.insert(person).second;
  bool nameless = !row.email && !row.user_id;
  if (is_new || nameless || switches_.counts == Switches::count_rows) ++result_.fail_count;
  for (const auto& [failure, text] : failures) name(failure, text);
}

BatchResult Batch::run(std::vector<Row>& rows) {
  disturb(rows);
  if (refuse_list()) return std::move(result_);
  bool create_new =
      options_.create_new_fields.value_or(switches_.project_new_fields == Switches::add_new);
  FieldPolicy policy = project_.field_policy();
  FieldCheck check(world_.fields(), policy, create_new);
  if (!check_fields(rows, check)) return std::move(result_);
  pick_victims(rows);
  check.commit(world_.fields());
  result_.created_fields = check.created();
  result_.filtered_out_fields = check.filtered_out();

  for (size_t i = 0; i < rows.size(); ++i) {
    Row& row = rows[i];
    if (unnamed_ == i) {
      fail(row, {});
      continue;
    }
    if (hit_[i]) {
      bool by_email = static_cast<int>(*hit_[i]) % 2 == 0;
      fail(row, {{*hit_[i], by_email ? *row.email : *row.user_id}});
      continue;
    }
    Target target = find(row);
    if (target.failures.empty() && !target.ignored && !target.failed_unnamed) {
      if (bad_data_[i]) {
        target.failures.push_back(row_failure(Failure::invalid_data_emails, row));
      } else {
        take_identity_from_fields(row, target);
      }
    }
    if (target.ignored) continue;
    if (target.failed_unnamed || !target.failures.empty()) {
      fail(row, target.failures);
    } else {
      apply(row, target);
    }
  }
  return std::move(result_);
}

// A made-up conflict in a field the batch really writes, or else in one every project has.
Response made_up_conflict(const Project& project, const std::vector<Row>& rows) {
  FieldConflict conflict{"signupDate", {"string", "keyword"}, FieldType::date, "GGG"};
  for (const Row& row : rows) {
    if (!row.fields.is_object() || row.fields.empty()) continue;
    conflict.field = row.fields.begin().key();
    conflict.offending = row.fields.begin().value();
    break;
  }
  return answer_type_conflict(project.config.project_id, conflict);
}

}  // namespace

std::string_view to_string(Failure failure) {
  static constexpr std::array<std::string_view, kFailures> kNames = {
      "invalidEmails",   "invalidUserIds",   "conflictEmails",    "conflictUserIds",
      "forgottenEmails", "forgottenUserIds", "invalidDataEmails", "invalidDataUserIds",
      "notFoundEmails",  "notFoundUserIds"};
  return kNames[static_cast<size_t>(failure)];
}

void examine(Row& row, Letters letters) {
  if (row.email) {
    row.key = spelled(*row.email, letters);
    row.email_is_valid = is_valid_email(row.key, letters);
  }
  if (row.user_id) row.user_id_is_valid = is_valid_user_id(*row.user_id);
}

Row read_row(BodyReader& reader, const Switches& switches, Json& json, BodyReader::At at,
             bool with_fields) {
  Row row;
  if (!json.is_object()) {
    reader.fail(fmt::format("obj.{}[{}]", at.array, at.row), Expected::object);
    return row;
  }
  if (const std::string* email = reader.text(json, "email", false, at)) row.email = *email;
  if (const std::string* user_id = reader.text(json, "userId", false, at)) row.user_id = *user_id;
  if (with_fields) {
    if (Json* fields = reader.object(json, "dataFields", at)) row.fields = std::move(*fields);
    row.merge = reader.boolean(json, "mergeNestedObjects", at).value_or(false);
    row.prefer_user_id = reader.boolean(json, "preferUserId", at).value_or(false);
  }
  examine(row, switches.letters());
  return row;
}

BatchResult write_batch(Project& project, Call& call, std::vector<Row> rows,
                        const WriteOptions& options) {
  call.noted.rows += static_cast<int64_t>(rows.size());
  call.noted.largest_batch = static_cast<int64_t>(rows.size());
  BatchResult result;
  if (const Fault* fault = call.fault(FaultKind::whole_batch_type_conflict)) {
    project.faults.fired(*fault);
    result.refusal = made_up_conflict(project, rows);
    return result;
  }
  if (call.switches.dotted_names == Switches::dotted_nest) {
    for (Row& row : rows) {
      if (!row.fields.is_object()) continue;
      Json nested = Json::object();
      for (auto& [name, value] : row.fields.items()) {
        // Dots may not nest deeper than brackets may.
        if (std::count(name.begin(), name.end(), '.') > kJsonDepthMax) continue;
        Json* at = &nested;
        std::string_view rest = name;
        for (size_t dot; (dot = rest.find('.')) != std::string_view::npos;) {
          at = &(*at)[std::string(rest.substr(0, dot))];
          if (!at->is_object()) *at = Json::object();
          rest.remove_prefix(dot + 1);
        }
        (*at)[std::string(rest)] = value;
      }
      row.fields = std::move(nested);
    }
  }
  bool has_nameless = std::any_of(rows.begin(), rows.end(),
                                  [](const Row& row) { return !row.email && !row.user_id; });
  if (has_nameless && call.switches.no_identifier == Switches::refuse_batch) {
    result.refusal = answer_bad_params("Either email or userId must be set");
    return result;
  }
  std::lock_guard lock(project.mutex);
  result = Batch(project, call, options).run(rows);
  call.noted.writes += result.success_count;
  return result;
}

Response answer_batch(const BatchResult& result, const Switches& switches) {
  if (result.refusal) return *result.refusal;
  OrderedJson body = {{"successCount", result.success_count}, {"failCount", result.fail_count}};
  body["invalidEmails"] = result.failed[static_cast<size_t>(Failure::invalid_emails)];
  if (switches.shape == Switches::shape_2017) return answer_json(200, body);
  body["invalidUserIds"] = result.failed[static_cast<size_t>(Failure::invalid_user_ids)];
  if (switches.shape != Switches::shape_current) return answer_json(200, body);
  body["filteredOutFields"] = result.filtered_out_fields;
  body["createdFields"] = result.created_fields;
  if (switches.no_op_arrays == Switches::flipped_on) {
    body["noOpEmails"] = result.no_op_emails;
    body["noOpUserIds"] = result.no_op_user_ids;
  }
  if (switches.failed_updates == Switches::flipped_on) {
    OrderedJson& failed = body["failedUpdates"] = OrderedJson::object();
    for (size_t i = 0; i < kFailures; ++i) {
      failed[std::string(to_string(static_cast<Failure>(i)))] = result.failed[i];
    }
  }
  return answer_json(200, body);
}

}  // namespace sim
