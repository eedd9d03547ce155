// What a file changes in what is stored. Renames come first, in everything stored that uses the
// name; from there on an object is known by its name alone (an activation by destination and name),
// and two objects differ where their trees do.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "catalog/links.hpp"
#include "catalog/objects.hpp"

namespace rollcall::catalog {

std::string_view to_string(Difference::What what) { return word(what); }

namespace {

using What = Difference::What;

// What an object is known by once renames are done.
template <class T>
std::string identity(const T& object) {
  return object.name;
}
std::string identity(const Activation& activation) {
  return activation.destination + '\n' + activation.name;
}

void add_secrets(const Source& a, const Source& b, std::vector<std::string>& keys) {
  for (const auto& [name, secret] : b.secrets) {
    const auto other = a.secrets.find(name);
    if (other == a.secrets.end() || !(other->second == secret)) keys.push_back(name);
  }
}
void add_secrets(const Destination& a, const Destination& b, std::vector<std::string>& keys) {
  if (!(a.api_key == b.api_key)) keys.emplace_back("api_key");
}
template <class T>
void add_secrets(const T&, const T&, std::vector<std::string>&) {}

// The top-level keys in which two objects differ.
template <class T>
std::vector<std::string> changed_keys(const T& before, const T& after) {
  const Node a = give(before), b = give(after);
  std::vector<std::string> keys;
  for (const Node::Key& key : b.keys) {
    const Node* old = a.find(key.text);
    if (!old || !(*old == *b.find(key.text))) keys.push_back(key.text);
  }
  for (const Node::Key& key : a.keys)
    if (!b.find(key.text)) keys.push_back(key.text);
  add_secrets(before, after, keys);
  std::vector<std::string> once;
  for (std::string& key : keys)
    if (std::find(once.begin(), once.end(), key) == once.end()) once.push_back(std::move(key));
  return once;
}

class Comparer {
 public:
  Comparer(const Catalog& stored, const Catalog& file, bool prune,
           const std::function<bool(const std::string&)>& has_list,
           const std::vector<Activation>& archived)
      : base_(stored), file_(file), prune_(prune), has_list_(has_list) {
    for_each_stored([](auto& object) { object.place = {}; });
    resting_.activations = archived;
    for (Activation& activation : resting_.activations) activation.place = {};
  }

  Comparison compare() {
    rename(base_.sources, file_.sources, Kind::source);
    rename(base_.models, file_.models, Kind::model);
    rename(base_.segments, file_.segments, Kind::segment);
    rename(base_.destinations, file_.destinations, Kind::destination);
    rename_activations();
    merge(base_.sources, file_.sources, out_.merged.sources, Kind::source);
    merge(base_.models, file_.models, out_.merged.models, Kind::model);
    merge(base_.segments, file_.segments, out_.merged.segments, Kind::segment);
    merge(base_.destinations, file_.destinations, out_.merged.destinations, Kind::destination);
    merge(base_.activations, file_.activations, out_.merged.activations, Kind::activation);
    check_lists();
    take_unsound();
    check_names(names_used(out_.merged), out_.merged, out_.problems);
    check_rules(
        out_.merged, [](Place) { return true; }, out_.problems);
    std::stable_sort(out_.differences.begin(), out_.differences.end(),
                     [](const Difference& a, const Difference& b) {
                       return (a.what == What::not_in_file) < (b.what == What::not_in_file);
                     });
    return std::move(out_);
  }

 private:
  template <class Body>
  void for_each_stored(Body body) {
    for (auto& one : base_.sources) body(one);
    for (auto& one : base_.models) body(one);
    for (auto& one : base_.segments) body(one);
    for (auto& one : base_.destinations) body(one);
    for (auto& one : base_.activations) body(one);
  }

  // What the file defines anew is sound, and changed for that alone.
  void take_unsound() {
    out_.merged.take_unsound(base_, file_);
    for (const Unsound& one : base_.unsound)
      for (Difference& difference : out_.differences)
        if (difference.what == What::unchanged && to_string(difference.kind) == one.kind &&
            (difference.name == one.name || difference.name == one.destination + "/" + one.name)) {
          difference.what = What::changed;
          difference.detail = "what an older program stored";
        }
  }

  // What the file has under the uid or the id of a stored object.
  template <class T>
  static const T* same_one(const std::vector<T>& file, const T& stored) {
    for (const T& one : file) {
      if (!one.uid.empty() && one.uid == stored.uid) return &one;
      if (stored.id && one.id == stored.id) return &one;
    }
    return nullptr;
  }

  // Gives stored objects the names the file has for their ids. Two may swap names, so all uses take
  // a passing name first.
  template <class T>
  void rename(std::vector<T>& stored, const std::vector<T>& file, Kind kind) {
    struct Step {
      T* object;
      std::string passing, to;
    };
    std::vector<Step> steps;
    for (T& object : stored) {
      const T* in_file = same_one(file, object);
      if (!in_file || in_file->name == object.name) continue;
      steps.push_back({&object, "\n" + std::to_string(steps.size()), in_file->name});
      old_names_[{kind, in_file->name}] = object.name;
      renamed_.insert(&object);
      rename_everywhere(kind, object.name, steps.back().passing);
    }
    for (Step& step : steps) {
      rename_everywhere(kind, step.passing, step.to);
      step.object->name = step.to;
    }
    // Nobody else may bear the name already.
    for (const Step& step : steps)
      for (T& other : stored) {
        if (&other == step.object || other.name != step.to) continue;
        displaced_.insert(&other);
        if (!prune_)
          out_.problems.push_back(
              {place_of(file, step.to),
               fmt::format(
                   "the {} `{}` cannot be renamed to `{}`: another is stored under that name; "
                   "rename or remove that one first",
                   to_string(kind), old_names_[{kind, step.to}], step.to)});
      }
  }

  void rename_everywhere(Kind kind, const std::string& from, const std::string& to) {
    rename_uses(base_, kind, from, to);
    rename_uses(resting_, kind, from, to);
  }

  template <class T>
  static Place place_of(const std::vector<T>& all, const std::string& name) {
    for (const T& one : all)
      if (one.name == name) return one.place;
    return {};
  }

  // By id; and an activation that bears its segment's name follows when the segment is renamed.
  void rename_activations() {
    std::set<std::string> stored_names, file_names;
    for (const Activation& one : base_.activations) stored_names.insert(identity(one));
    for (const Activation& one : file_.activations) file_names.insert(identity(one));
    for (Activation& activation : base_.activations) {
      const Activation before = activation;
      if (const Activation* in_file = same_one(file_.activations, activation)) {
        activation.name = in_file->name;
        activation.destination = in_file->destination;
      } else if (const auto old = old_names_.find({Kind::segment, activation.segment});
                 old != old_names_.end() && old->second == activation.name) {
        Activation renamed = activation;
        renamed.name = renamed.segment;
        const bool is_meant = file_names.contains(identity(renamed)) &&
                              !file_names.contains(identity(activation)) &&
                              !stored_names.contains(identity(renamed));
        if (is_meant) activation = std::move(renamed);
      }
      if (identity(activation) == identity(before)) continue;
      before_.emplace(activation.uid, before);
    }
    std::map<std::string, const Activation*> seen;
    for (const Activation& activation : base_.activations) {
      const auto [first, is_new] = seen.emplace(identity(activation), &activation);
      if (is_new) continue;
      // The one that was renamed onto the other's name; the other is the one displaced.
      const Activation& other = before_.contains(activation.uid) ? *first->second : activation;
      displaced_.insert(&other);
      if (!prune_)
        out_.problems.push_back(
            {activation_place(activation),
             fmt::format(
                 "another activation is stored as `{}/{}`: rename or archive that one first",
                 activation.destination, activation.name)});
    }
  }

  Place activation_place(const Activation& stored) const {
    for (const Activation& one : file_.activations)
      if (identity(one) == identity(stored)) return one.place;
    return {};
  }

  template <class T>
  void merge(const std::vector<T>& stored, const std::vector<T>& file, std::vector<T>& merged,
             Kind kind) {
    std::map<std::string, const T*> in_file;
    for (const T& one : file) in_file.emplace(identity(one), &one);
    std::map<std::string, Difference> found;
    for (const T& before : stored) {
      const auto it = in_file.find(identity(before));
      if (it == in_file.end() || displaced_.contains(&before)) {
        out_.differences.push_back({kind, shown(before), What::not_in_file, "", ""});
        if (!prune_) merged.push_back(before);
        continue;
      }
      T after = *it->second;
      carry_over(before, after);
      Difference difference{kind, shown(after), What::unchanged,
                            join(changed_keys(before, after), ", "), ""};
      if (!difference.detail.empty()) difference.what = What::changed;
      if (const std::string old = old_name(kind, before); !old.empty()) {
        difference.what = What::renamed;
        difference.old_name = old;
      }
      check_kept(before, after);
      found.emplace(identity(before), std::move(difference));
      merged.push_back(std::move(after));
    }
    for (const T& one : file) {
      if (const auto it = found.find(identity(one)); it != found.end()) {
        out_.differences.push_back(std::move(it->second));
        continue;
      }
      T after = one;
      Difference difference{kind, shown(one), What::created, "", ""};
      resume(after, difference);
      out_.differences.push_back(std::move(difference));
      merged.push_back(std::move(after));
    }
  }

  template <class T>
  static void carry_over(const T& before, T& after) {
    if constexpr (requires { after.uid; }) after.uid = before.uid;
    // An id once given stays until the file gives another.
    if (!after.id) after.id = before.id;
    // What was found stays, unless the file says otherwise: a later file changes no type.
    if constexpr (requires { after.types; })
      if (after.types.empty()) after.types = before.types;
  }

  template <class T>
  std::string old_name(Kind kind, const T& stored) const {
    const auto it = old_names_.find({kind, stored.name});
    return it != old_names_.end() && renamed_.contains(&stored) ? it->second : "";
  }
  std::string old_name(Kind, const Activation& stored) const {
    const auto it = before_.find(stored.uid);
    if (it == before_.end()) return "";
    return it->second.destination == stored.destination
               ? it->second.name
               : it->second.destination + "/" + it->second.name;
  }

  template <class T>
  std::string shown(const T& object) const {
    return object.name;
  }
  std::string shown(const Activation& activation) const {
    std::set<std::string> same;
    for (const auto* all : {&base_.activations, &file_.activations})
      for (const Activation& one : *all)
        if (one.name == activation.name) same.insert(one.destination);
    return same.size() > 1 ? activation.destination + "/" + activation.name : activation.name;
  }

  template <class T>
  void resume(T&, Difference&) {}
  void resume(Activation& activation, Difference& difference) {
    for (const Activation& old : resting_.activations) {
      const bool same_id = activation.id && activation.id == old.id;
      if (!same_id && identity(old) != identity(activation)) continue;
      Activation before = old;
      if (identity(old) != identity(activation)) before_.emplace(old.uid, old);
      carry_over(before, activation);
      difference.what = What::resumed;
      difference.detail = join(changed_keys(before, activation), ", ");
      check_kept(before, activation);
      return;
    }
  }

  // What an activation that has a list keeps.
  template <class T>
  void check_kept(const T&, const T&) {}
  void check_kept(const Activation& stored, const Activation& after) {
    if (after.uid.empty() || !has_list_ || !has_list_(after.uid)) return;
    const auto it = before_.find(after.uid);
    const Activation& before = it == before_.end() ? stored : it->second;
    const std::string name = before.destination + "/" + before.name;
    const std::string anew = fmt::format(
        "archive `{}` and activate the segment anew under another name, or keep ", name);
    if (before.match_key.type != after.match_key.type)
      out_.problems.push_back(
          {after.place, fmt::format("`{}` has a list, whose people are known by {}: matched by {} "
                                    "they would all leave it; {}`type: {}`",
                                    name, word(before.match_key.type), word(after.match_key.type),
                                    anew, word(before.match_key.type))});
    if (before.destination != after.destination)
      out_.problems.push_back(
          {after.place,
           fmt::format("`{}` has a list there and cannot move to `{}`: {}the destination", name,
                       after.destination, anew)});
    if (after.adopt_list && after.adopt_list != before.adopt_list)
      out_.problems.push_back(
          {after.place, fmt::format("`{}` has a list and cannot adopt the list {}: {}what it has",
                                    name, *after.adopt_list, anew)});
    if (before.name != after.name && before.destination == after.destination)
      out_.warnings.push_back(
          fmt::format("Iterable cannot rename a list: the list of `{}` keeps the name `{}` until "
                      "`rollcall run --new-list` makes one of the new name",
                      after.name, before.name));
  }

  // A list belongs to one activation.
  void check_lists() {
    std::map<std::pair<std::string, int64_t>, const Activation*> owners;
    for (const Activation& activation : out_.merged.activations) {
      if (!activation.adopt_list) continue;
      const auto [owner, is_new] =
          owners.emplace(std::pair(activation.destination, *activation.adopt_list), &activation);
      if (is_new) continue;
      const bool first_in_file = owner->second->place.line > 0;
      out_.problems.push_back(
          {first_in_file ? owner->second->place : activation.place,
           fmt::format("the list {} would be adopted by `{}` and by `{}`: a list belongs to one "
                       "activation",
                       *activation.adopt_list, owner->second->name, activation.name)});
    }
  }

  Catalog base_;
  const Catalog& file_;
  const bool prune_;
  const std::function<bool(const std::string&)>& has_list_;
  Catalog resting_;  // the archived activations
  Comparison out_;
  std::map<std::pair<Kind, std::string>, std::string> old_names_;  // by kind and new name
  std::set<const void*> renamed_;             // objects of base_ that bear another name now
  std::set<const void*> displaced_;           // objects of base_ whose name another now bears
  std::map<std::string, Activation> before_;  // renamed activations as they were, by uid
};

}  // namespace

Comparison compare(const Catalog& stored, const Catalog& file, bool prune,
                   const std::function<bool(const std::string& uid)>& has_list,
                   const std::vector<Activation>& archived) {
  return Comparer(stored, file, prune, has_list, archived).compare();
}

}  // namespace rollcall::catalog
