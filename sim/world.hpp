// The project as it is: contacts, lists, who is on which, who is forgotten. Plus how it looks to a
// reader who is a little behind.
//
// Writes change the truth at once. Reads take a lag in milliseconds and see the world as it was
// that long ago; for that the world keeps the former state of whatever changed within `horizon_ms`.
// With a horizon of 0 nothing is kept.
//
// Size: a million contacts with short emails and userIds take about 200 MB. A contact's fields are
// one packed text (number of the field, length, JSON); a list is one bit a contact.
//
// Not thread-safe: the caller holds the service's lock. Time comes in with every call.
// Source: docs/facts/iterable.md, project types; what a profile looks like.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sim/fields.hpp"
#include "sim/identity.hpp"
#include "sim/json.hpp"

namespace sim {

// Place of a contact in the world; never used again after the contact is gone.
using Slot = uint32_t;

struct Contact {
  std::string email;    // lower case; may be empty outside of email projects
  std::string user_id;  // may be empty outside of user_id projects
  std::string packed;   // fields; see pack_field in world.cpp
  int64_t created_ms = 0;
  int64_t updated_ms = 0;
  bool alive = false;
  bool signup_date_is_own = false;    // signupDate was written by a client, so it is in `packed`
  bool signup_source_is_own = false;  // likewise
  bool saw_list_operation = false;    // shows the three empty subscription arrays
};

struct List {
  int64_t id = 0;
  std::string name;
  std::string description;
  std::string type = "Standard";  // Standard, Dynamic, Suppression, Internal
  int64_t created_ms = 0;
  int64_t ready_ms = 0;  // before this, subscribe and unsubscribe do not know the list
  bool in_use = false;   // a journey uses it: cannot be deleted

  std::vector<uint64_t> bits;  // bit n: slot n is a member
  int64_t count = 0;

  struct Change {
    int64_t at_ms;
    Slot slot;
    bool was_member;
  };
  std::deque<Change> history;

  // Members who were deleted, for as long as getUsers still names them.
  struct Deleted {
    int64_t at_ms;
    Contact before;
  };
  std::deque<Deleted> deleted;

  [[nodiscard]] bool has(Slot slot) const {
    return slot / 64 < bits.size() && (bits[slot / 64] >> (slot % 64) & 1) != 0;
  }
};

// Slots found by the hash of a text. Several slots may share a text.
class SlotIndex {
 public:
  void insert(size_t hash, Slot slot);
  void erase(size_t hash, Slot slot);
  void reserve(size_t count);
  // Calls visit(slot) for every slot that may have `hash`, until it returns true.
  template <typename Visit>
  void find(size_t hash, Visit visit) const {
    if (cells_.empty()) return;
    size_t mask = cells_.size() - 1;
    for (size_t i = hash & mask; cells_[i] != kFree; i = (i + 1) & mask) {
      if (cells_[i] != kErased && visit(cells_[i])) return;
    }
  }

 private:
  static constexpr Slot kFree = ~Slot{0};
  static constexpr Slot kErased = kFree - 1;
  void place(size_t hash, Slot slot);
  void grow(size_t size);

  std::vector<Slot> cells_;
  std::vector<uint32_t> hashes_;  // low bits, so that growing needs no texts
  size_t used_ = 0;               // cells that are not free
};

class World {
 public:
  World(ProjectType type, int64_t project_id);

  ProjectType type() const { return type_; }
  int64_t project_id() const { return project_id_; }
  FieldRegistry& fields() { return fields_; }
  const FieldRegistry& fields() const { return fields_; }

  // How far back reads may look; takes effect for changes from now on.
  void set_horizon_ms(int64_t ms) { horizon_ms_ = ms; }
  // How long a list names a deleted member; see Switches::deleted_stay_ms.
  void set_deleted_stay_ms(int64_t ms) { deleted_stay_ms_ = ms; }
  // How addresses are spelled; see Switches::letters_beyond_ascii.
  void set_letters(Letters letters) { letters_ = letters; }
  [[nodiscard]] std::string spelled(std::string_view email) const {
    return sim::spelled(email, letters_);
  }
  [[nodiscard]] bool accepts(std::string_view email) const {
    return is_valid_email(email, letters_);
  }
  // Off while people are loaded: they have always been there, and remembering a million former
  // states would cost more than the people.
  void set_remembering(bool on) { remembers_ = on; }

  // --- contacts: truth ---
  size_t contact_count() const { return alive_; }
  size_t slot_count() const { return contacts_.size(); }
  const Contact& contact(Slot slot) const { return contacts_[slot]; }
  // `email` in lower case. The oldest one where several share it.
  std::optional<Slot> find_email(std::string_view email) const;
  // The oldest first.
  std::vector<Slot> find_user_id(std::string_view user_id) const;
  std::optional<Slot> first_user_id(std::string_view user_id) const;

  void reserve(size_t contacts);
  // Identifiers must be valid and free as the project type demands.
  Slot create(std::string email, std::string user_id, int64_t now_ms);
  // Takes the contact off every list, too.
  void remove(Slot slot, int64_t now_ms);
  void set_email(Slot slot, std::string email, int64_t now_ms);
  void set_user_id(Slot slot, std::string user_id, int64_t now_ms);
  // Sets fields that a FieldCheck has passed; null removes. `merge`: objects are merged one level
  // (`deep`: all levels) instead of replaced. Returns true if anything changed.
  struct Merge {
    bool objects = false;
    bool deep = false;
  };
  bool set_fields(Slot slot, const Json& fields, Merge merge, int64_t now_ms);
  void touch(Slot slot, int64_t now_ms);
  // From now on the profile shows the subscription arrays, empty or not; readers see that at once.
  void mark_list_operation(Slot slot);
  // For loading only: no history, no time of its own.
  Contact& loaded(Slot slot) { return contacts_[slot]; }

  // The stored fields as an object (without the service's own derived ones).
  Json fields_of(const Contact& contact) const;

  // --- contacts: as a reader sees them ---
  // Null if the contact was not there `lag_ms` ago.
  const Contact* seen(Slot slot, int64_t now_ms, int64_t lag_ms) const;
  std::optional<Slot> seen_email(std::string_view email, int64_t now_ms, int64_t lag_ms) const;
  std::optional<Slot> seen_user_id(std::string_view user_id, int64_t now_ms, int64_t lag_ms) const;

  // --- lists ---
  const std::map<int64_t, List>& lists() const { return lists_; }
  List* list(int64_t id);
  List& add_list(std::string name, int64_t now_ms);
  List& add_list_with_id(int64_t id, std::string name, int64_t now_ms);
  bool remove_list(int64_t id);
  // Returns true if that changed anything.
  bool set_member(List& list, Slot slot, bool member, int64_t now_ms);
  // The member bits as they were `lag_ms` ago.
  std::vector<uint64_t> seen_members(const List& list, int64_t now_ms, int64_t lag_ms) const;
  // Deleted members that getUsers still names, though no other read knows them.
  std::vector<Contact> seen_deleted(const List& list, int64_t now_ms, int64_t lag_ms) const;
  int64_t seen_size(const List& list, int64_t now_ms, int64_t lag_ms) const;
  bool seen_member(const List& list, Slot slot, int64_t now_ms, int64_t lag_ms) const;

  // --- forgotten people, as hashes ---
  bool is_forgotten_email(std::string_view email) const;
  bool is_forgotten_user_id(std::string_view user_id) const;
  std::unordered_set<std::string>& forgotten_emails() { return forgotten_emails_; }
  std::unordered_set<std::string>& forgotten_user_ids() { return forgotten_user_ids_; }

 private:
  void remember(Slot slot, int64_t now_ms);
  void forget_old(int64_t now_ms);
  void log_change(List& list, Slot slot, bool was_member, int64_t now_ms);

  struct Version {
    int64_t at_ms;
    Contact before;
  };
  struct Expiry {
    int64_t at_ms;
    Slot slot;
  };

  const ProjectType type_;
  const int64_t project_id_;
  FieldRegistry fields_;
  std::vector<Contact> contacts_;
  size_t alive_ = 0;
  SlotIndex by_email_;
  SlotIndex by_user_id_;
  std::map<int64_t, List> lists_;
  int64_t next_list_id_;
  std::unordered_set<std::string> forgotten_emails_;
  std::unordered_set<std::string> forgotten_user_ids_;

  int64_t horizon_ms_ = 0;
  int64_t deleted_stay_ms_ = 0;
  Letters letters_ = Letters::refuse;
  bool remembers_ = true;
  std::unordered_map<Slot, std::deque<Version>> versions_;
  std::deque<Expiry> expiries_;
  // Where a key used to lead before it changed or its contact went.
  using FormerKeys = std::unordered_multimap<std::string, Slot>;
  struct FormerExpiry {
    int64_t at_ms;
    FormerKeys* keys;
    std::string key;
    Slot slot;
  };
  void remember_key(FormerKeys& keys, const std::string& key, Slot slot, int64_t now_ms);
  FormerKeys former_emails_;
  FormerKeys former_user_ids_;
  std::deque<FormerExpiry> former_expiries_;
};

}  // namespace sim
