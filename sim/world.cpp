#include "sim/world.hpp"

#include <algorithm>
#include <bit>

namespace sim {
namespace {

// Same start as a project of some age; ids go up by one, as recorded.
constexpr int64_t kFirstListId = 1'068'001;

size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

void put_varint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

uint64_t take_varint(std::string_view& in) {
  uint64_t value = 0;
  for (int shift = 0; !in.empty(); shift += 7) {
    auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

// One field: its number, the length of its JSON text, the text.
void pack_field(std::string& out, FieldId id, std::string_view json) {
  put_varint(out, id);
  put_varint(out, json.size());
  out.append(json);
}

struct PackedField {
  FieldId id;
  std::string_view json;
};

PackedField take_field(std::string_view& in) {
  auto id = static_cast<FieldId>(take_varint(in));
  size_t size = std::min<size_t>(take_varint(in), in.size());
  PackedField field{id, in.substr(0, size)};
  in.remove_prefix(size);
  return field;
}

std::optional<std::string_view> find_field(std::string_view packed, FieldId wanted) {
  while (!packed.empty()) {
    PackedField field = take_field(packed);
    if (field.id == wanted) return field.json;
  }
  return std::nullopt;
}

// As print(), but without its set-up for the values that are by far the most common.
void append_json(std::string& out, const Json& value) {
  if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    bool plain = std::all_of(text.begin(), text.end(), [](char c) {
      return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
    });
    if (plain) {
      out.append(1, '"').append(text).append(1, '"');
      return;
    }
  } else if (value.is_number_unsigned()) {
    out += std::to_string(value.get<uint64_t>());
    return;
  } else if (value.is_number_integer()) {
    out += std::to_string(value.get<int64_t>());
    return;
  }
  out += print(value);
}

void merge_into(Json& target, const Json& source, bool deep) {
  for (const auto& [key, value] : source.items()) {
    if (value.is_null()) {
      target.erase(key);
    } else if (deep && value.is_object() && target.contains(key) && target[key].is_object()) {
      merge_into(target[key], value, true);
    } else {
      target[key] = value;
    }
  }
}

void drop_nulls(Json& value) {
  if (!value.is_object()) return;
  for (auto it = value.begin(); it != value.end();) {
    if (it.value().is_null()) {
      it = value.erase(it);
    } else {
      drop_nulls(it.value());
      ++it;
    }
  }
}

}  // namespace

void SlotIndex::place(size_t hash, Slot slot) {
  size_t mask = cells_.size() - 1;
  size_t i = hash & mask;
  while (cells_[i] != kFree) i = (i + 1) & mask;
  cells_[i] = slot;
  hashes_[i] = static_cast<uint32_t>(hash);
  ++used_;
}

void SlotIndex::grow(size_t size) {
  std::vector<Slot> old_cells(size, kFree);
  std::vector<uint32_t> old_hashes(size, 0);
  old_cells.swap(cells_);
  old_hashes.swap(hashes_);
  used_ = 0;
  for (size_t i = 0; i < old_cells.size(); ++i) {
    if (old_cells[i] != kFree && old_cells[i] != kErased) place(old_hashes[i], old_cells[i]);
  }
}

void SlotIndex::reserve(size_t count) {
  size_t size = std::bit_ceil(std::max<size_t>(count * 2, 64));
  if (size > cells_.size()) grow(size);
}

void SlotIndex::insert(size_t hash, Slot slot) {
  hash = static_cast<uint32_t>(hash);
  if ((used_ + 1) * 10 > cells_.size() * 7) grow(std::max<size_t>(64, cells_.size() * 2));
  place(hash, slot);
}

void SlotIndex::erase(size_t hash, Slot slot) {
  if (cells_.empty()) return;
  hash = static_cast<uint32_t>(hash);
  size_t mask = cells_.size() - 1;
  for (size_t i = hash & mask; cells_[i] != kFree; i = (i + 1) & mask) {
    if (cells_[i] == slot) {
      cells_[i] = kErased;
      return;
    }
  }
}

World::World(ProjectType type, int64_t project_id)
    : type_(type), project_id_(project_id), fields_(type), next_list_id_(kFirstListId) {}

std::optional<Slot> World::find_email(std::string_view email) const {
  std::optional<Slot> found;
  by_email_.find(static_cast<uint32_t>(hash_of(email)), [&](Slot slot) {
    if (contacts_[slot].email == email && (!found || slot < *found)) found = slot;
    return found && type_ != ProjectType::user_id;
  });
  return found;
}

std::vector<Slot> World::find_user_id(std::string_view user_id) const {
  std::vector<Slot> found;
  by_user_id_.find(static_cast<uint32_t>(hash_of(user_id)), [&](Slot slot) {
    if (contacts_[slot].user_id == user_id) found.push_back(slot);
    return !found.empty() && type_ != ProjectType::email;
  });
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<Slot> World::first_user_id(std::string_view user_id) const {
  auto found = find_user_id(user_id);
  if (found.empty()) return std::nullopt;
  return found.front();
}

void World::reserve(size_t contacts) {
  contacts_.reserve(contacts);
  by_email_.reserve(contacts);
  by_user_id_.reserve(contacts);
}

Slot World::create(std::string email, std::string user_id, int64_t now_ms) {
  auto slot = static_cast<Slot>(contacts_.size());
  Contact& made = contacts_.emplace_back();
  remember(slot, now_ms);
  made.email = std::move(email);
  made.user_id = std::move(user_id);
  made.created_ms = made.updated_ms = now_ms;
  made.alive = true;
  ++alive_;
  if (!made.email.empty()) by_email_.insert(hash_of(made.email), slot);
  if (!made.user_id.empty()) by_user_id_.insert(hash_of(made.user_id), slot);
  return slot;
}

void World::remove(Slot slot, int64_t now_ms) {
  remember(slot, now_ms);
  for (auto& [id, list] : lists_) {
    if (!set_member(list, slot, false, now_ms) || deleted_stay_ms_ <= 0) continue;
    while (!list.deleted.empty() && list.deleted.front().at_ms + deleted_stay_ms_ <= now_ms) {
      list.deleted.pop_front();
    }
    list.deleted.push_back({now_ms, contacts_[slot]});
  }
  Contact& gone = contacts_[slot];
  remember_key(former_emails_, gone.email, slot, now_ms);
  remember_key(former_user_ids_, gone.user_id, slot, now_ms);
  if (!gone.email.empty()) by_email_.erase(hash_of(gone.email), slot);
  if (!gone.user_id.empty()) by_user_id_.erase(hash_of(gone.user_id), slot);
  gone = Contact{};
  --alive_;
}

void World::set_email(Slot slot, std::string email, int64_t now_ms) {
  Contact& contact = contacts_[slot];
  if (contact.email == email) return;
  remember(slot, now_ms);
  remember_key(former_emails_, contact.email, slot, now_ms);
  if (!contact.email.empty()) by_email_.erase(hash_of(contact.email), slot);
  contact.email = std::move(email);
  if (!contact.email.empty()) by_email_.insert(hash_of(contact.email), slot);
  contact.updated_ms = now_ms;
}

void World::set_user_id(Slot slot, std::string user_id, int64_t now_ms) {
  Contact& contact = contacts_[slot];
  if (contact.user_id == user_id) return;
  remember(slot, now_ms);
  remember_key(former_user_ids_, contact.user_id, slot, now_ms);
  if (!contact.user_id.empty()) by_user_id_.erase(hash_of(contact.user_id), slot);
  contact.user_id = std::move(user_id);
  if (!contact.user_id.empty()) by_user_id_.insert(hash_of(contact.user_id), slot);
  contact.updated_ms = now_ms;
}

bool World::set_fields(Slot slot, const Json& fields, Merge merge, int64_t now_ms) {
  std::vector<std::pair<FieldId, std::string>> changes;
  bool signup_date = false;
  bool signup_source = false;
  std::string_view packed = contacts_[slot].packed;
  for (const auto& [name, value] : fields.items()) {
    auto id = fields_.id_of(name);
    if (!id) continue;
    signup_date |= name == "signupDate";
    signup_source |= name == "signupSource";
    auto old_text = find_field(packed, *id);
    std::string text;
    if (value.is_object()) {
      Json stored = value;
      if (merge.objects && old_text) {
        stored = Json::parse(*old_text, nullptr, false);
        if (!stored.is_object()) stored = Json::object();
        merge_into(stored, value, merge.deep);
      }
      drop_nulls(stored);
      text = print(stored);
    } else if (!value.is_null()) {
      append_json(text, value);
    }
    if (text != old_text.value_or("")) changes.emplace_back(*id, std::move(text));
  }
  const Contact& before = contacts_[slot];
  signup_date = signup_date && !before.signup_date_is_own;
  signup_source = signup_source && !before.signup_source_is_own;
  if (changes.empty() && !signup_date && !signup_source) return false;

  remember(slot, now_ms);
  Contact& contact = contacts_[slot];
  contact.signup_date_is_own |= signup_date;
  contact.signup_source_is_own |= signup_source;
  std::string rebuilt;
  packed = contact.packed;
  while (!packed.empty()) {
    PackedField field = take_field(packed);
    bool changed = std::any_of(changes.begin(), changes.end(),
                               [&](const auto& change) { return change.first == field.id; });
    if (!changed) pack_field(rebuilt, field.id, field.json);
  }
  for (const auto& [id, text] : changes) {
    if (!text.empty()) pack_field(rebuilt, id, text);
  }
  rebuilt.shrink_to_fit();
  contact.packed = std::move(rebuilt);
  return true;
}

void World::touch(Slot slot, int64_t now_ms) {
  if (contacts_[slot].updated_ms == now_ms) return;
  remember(slot, now_ms);
  contacts_[slot].updated_ms = now_ms;
}

void World::mark_list_operation(Slot slot) { contacts_[slot].saw_list_operation = true; }

Json World::fields_of(const Contact& contact) const {
  Json out = Json::object();
  std::string_view packed = contact.packed;
  while (!packed.empty()) {
    PackedField field = take_field(packed);
    out[fields_.name_of(field.id)] = Json::parse(field.json, nullptr, false);
  }
  return out;
}

void World::remember(Slot slot, int64_t now_ms) {
  forget_old(now_ms);
  if (horizon_ms_ <= 0 || !remembers_) return;
  auto& versions = versions_[slot];
  // Several changes of one moment are one change to a reader.
  if (!versions.empty() && versions.back().at_ms == now_ms) return;
  const Contact& before = contacts_[slot];
  versions.push_back({now_ms, before});
  expiries_.push_back({now_ms, slot});
}

void World::remember_key(FormerKeys& keys, const std::string& key, Slot slot, int64_t now_ms) {
  if (key.empty() || horizon_ms_ <= 0 || !remembers_) return;
  keys.emplace(key, slot);
  former_expiries_.push_back({now_ms, &keys, key, slot});
}

void World::forget_old(int64_t now_ms) {
  while (!expiries_.empty() && expiries_.front().at_ms + horizon_ms_ <= now_ms) {
    auto found = versions_.find(expiries_.front().slot);
    expiries_.pop_front();
    if (found == versions_.end()) continue;
    found->second.pop_front();
    if (found->second.empty()) versions_.erase(found);
  }
  while (!former_expiries_.empty() && former_expiries_.front().at_ms + horizon_ms_ <= now_ms) {
    const FormerExpiry& old = former_expiries_.front();
    auto [begin, end] = old.keys->equal_range(old.key);
    auto found =
        std::find_if(begin, end, [&](const auto& pair) { return pair.second == old.slot; });
    if (found != end) old.keys->erase(found);
    former_expiries_.pop_front();
  }
}

const Contact* World::seen(Slot slot, int64_t now_ms, int64_t lag_ms) const {
  const Contact* contact = &contacts_[slot];
  if (lag_ms > 0) {
    if (auto found = versions_.find(slot); found != versions_.end()) {
      for (const Version& version : found->second) {
        if (version.at_ms + lag_ms > now_ms) {
          contact = &version.before;
          break;
        }
      }
    }
  }
  return contact->alive ? contact : nullptr;
}

std::optional<Slot> World::seen_email(std::string_view email, int64_t now_ms,
                                      int64_t lag_ms) const {
  if (auto slot = find_email(email)) {
    const Contact* contact = seen(*slot, now_ms, lag_ms);
    if (contact != nullptr && contact->email == email) return slot;
  }
  auto [begin, end] = former_emails_.equal_range(std::string(email));
  for (auto it = begin; it != end; ++it) {
    const Contact* contact = seen(it->second, now_ms, lag_ms);
    if (contact != nullptr && contact->email == email) return it->second;
  }
  return std::nullopt;
}

std::optional<Slot> World::seen_user_id(std::string_view user_id, int64_t now_ms,
                                        int64_t lag_ms) const {
  for (Slot slot : find_user_id(user_id)) {
    const Contact* contact = seen(slot, now_ms, lag_ms);
    if (contact != nullptr && contact->user_id == user_id) return slot;
  }
  auto [begin, end] = former_user_ids_.equal_range(std::string(user_id));
  for (auto it = begin; it != end; ++it) {
    const Contact* contact = seen(it->second, now_ms, lag_ms);
    if (contact != nullptr && contact->user_id == user_id) return it->second;
  }
  return std::nullopt;
}

List* World::list(int64_t id) {
  auto found = lists_.find(id);
  return found == lists_.end() ? nullptr : &found->second;
}

List& World::add_list(std::string name, int64_t now_ms) {
  while (lists_.contains(next_list_id_)) ++next_list_id_;
  return add_list_with_id(next_list_id_++, std::move(name), now_ms);
}

List& World::add_list_with_id(int64_t id, std::string name, int64_t now_ms) {
  List& made = lists_[id];
  made.id = id;
  made.name = std::move(name);
  made.created_ms = made.ready_ms = now_ms;
  // An id is never given twice, not even after its list is gone.
  next_list_id_ = std::max(next_list_id_, id < INT64_MAX ? id + 1 : id);
  return made;
}

bool World::remove_list(int64_t id) { return lists_.erase(id) > 0; }

bool World::set_member(List& list, Slot slot, bool member, int64_t now_ms) {
  if (list.has(slot) == member) return false;
  log_change(list, slot, !member, now_ms);
  size_t word = slot / 64;
  // Grown to the world's size at once: members come in no particular order.
  if (word >= list.bits.size()) list.bits.resize(contacts_.capacity() / 64 + 1);
  list.bits[word] ^= uint64_t{1} << (slot % 64);
  list.count += member ? 1 : -1;
  return true;
}

void World::log_change(List& list, Slot slot, bool was_member, int64_t now_ms) {
  while (!list.history.empty() && list.history.front().at_ms + horizon_ms_ <= now_ms) {
    list.history.pop_front();
  }
  if (horizon_ms_ > 0 && remembers_) list.history.push_back({now_ms, slot, was_member});
}

std::vector<uint64_t> World::seen_members(const List& list, int64_t now_ms, int64_t lag_ms) const {
  std::vector<uint64_t> bits = list.bits;
  for (auto it = list.history.rbegin(); it != list.history.rend(); ++it) {
    if (it->at_ms + lag_ms <= now_ms) break;
    uint64_t bit = uint64_t{1} << (it->slot % 64);
    if (it->was_member) {
      bits[it->slot / 64] |= bit;
    } else {
      bits[it->slot / 64] &= ~bit;
    }
  }
  return bits;
}

std::vector<Contact> World::seen_deleted(const List& list, int64_t now_ms, int64_t lag_ms) const {
  std::vector<Contact> out;
  for (const auto& [at_ms, before] : list.deleted) {
    // Until the lag is over the member itself is still seen.
    if (now_ms < at_ms + lag_ms || now_ms >= at_ms + deleted_stay_ms_) continue;
    // Who was made anew is named for that.
    bool back = (!before.email.empty() && find_email(before.email)) ||
                (!before.user_id.empty() && first_user_id(before.user_id));
    if (!back) out.push_back(before);
  }
  return out;
}

int64_t World::seen_size(const List& list, int64_t now_ms, int64_t lag_ms) const {
  int64_t count = list.count;
  for (auto it = list.history.rbegin(); it != list.history.rend(); ++it) {
    if (it->at_ms + lag_ms <= now_ms) break;
    count += it->was_member ? 1 : -1;
  }
  return count;
}

bool World::seen_member(const List& list, Slot slot, int64_t now_ms, int64_t lag_ms) const {
  bool member = list.has(slot);
  for (auto it = list.history.rbegin(); it != list.history.rend(); ++it) {
    if (it->at_ms + lag_ms <= now_ms) break;
    if (it->slot == slot) member = it->was_member;
  }
  return member;
}

bool World::is_forgotten_email(std::string_view email) const {
  return !forgotten_emails_.empty() && forgotten_emails_.contains(hashed_identifier(email));
}

bool World::is_forgotten_user_id(std::string_view user_id) const {
  return !forgotten_user_ids_.empty() && forgotten_user_ids_.contains(hashed_identifier(user_id));
}

}  // namespace sim
