// What lies where in a home: the one list of it.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

namespace rollcall {

struct Home {
  std::filesystem::path root;

  [[nodiscard]] std::filesystem::path database() const { return root / "rollcall.db"; }
  // Seals the secrets.
  [[nodiscard]] std::filesystem::path key() const { return root / "key"; }
  // The one that is to be, while a key is replaced.
  [[nodiscard]] std::filesystem::path next_key() const { return root / "key.next"; }
  // Of one activation, by its uid: its state.
  [[nodiscard]] std::filesystem::path activation(const std::string& uid) const {
    return root / "activations" / uid;
  }
  // Of one destination; made anew when it is gone.
  [[nodiscard]] std::filesystem::path contact_index(const std::string& uid) const {
    return root / "contacts" / (uid + ".index");
  }
  // Of one project, by a fingerprint: the pace that all processes share.
  [[nodiscard]] std::filesystem::path pace(const std::string& project) const {
    return root / "pace" / (project + ".pace");
  }
  // What people brought for sources of files.
  [[nodiscard]] std::filesystem::path files() const { return root / "files"; }
  // What no command that ends leaves behind.
  [[nodiscard]] std::filesystem::path temp() const { return root / "tmp"; }

  // Names of leases.
  static std::string lease_of_activation(const std::string& uid) {
    return "activations/" + uid + "/lock";
  }
  static std::string lease_of_destination(const std::string& uid) {
    return "destinations/" + uid + "/lock";
  }

  // Whoever starts what is due.
  static std::string lease_of_scheduler() { return "scheduler"; }

  // Everything of ours. Other things may lie beside it.
  struct Entry {
    std::string_view name;
    bool is_shared;  // by several servers that keep the same lists true
  };
  static constexpr std::array<Entry, 13> kEntries = {{{"rollcall.db", true},
                                                      {"rollcall.db-journal", true},
                                                      {"rollcall.db-wal", true},
                                                      {"rollcall.db-shm", true},
                                                      {"key", true},
                                                      {"key.next", true},
                                                      {"activations", true},
                                                      {"contacts", true},
                                                      {"destinations", true},
                                                      {"files", true},
                                                      {"pace", true},
                                                      {"scheduler", true},
                                                      {"tmp", false}}};
};

}  // namespace rollcall
